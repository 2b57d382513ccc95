// Command runtimes measures this host for `npm run bench:runtimes`, on the files in the folder that it is given, and prints the figures of
// bench/runtimes/figures.ts as one line of JSON.
package main

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	faramesh "faramesh.dev/go"
)

var started = time.Now()

type figures struct {
	Runtime            string  `json:"runtime"`
	Version            string  `json:"version"`
	LoadMs             float64 `json:"loadMs"`
	FirstMs            float64 `json:"firstMs"`
	DecisionsPerSecond float64 `json:"decisionsPerSecond"`
	RecordedPerSecond  float64 `json:"recordedPerSecond"`
	Decisions          int     `json:"decisions"`
	Permitted          int     `json:"permitted"`
	Tip                string  `json:"tip"`
}

type settings struct {
	NowMs    int64   `json:"nowMs"`
	WarmUpMs float64 `json:"warmUpMs"`
	SampleMs float64 `json:"sampleMs"`
}

type given struct {
	settings
	file, trust, lines []byte
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: runtimes FOLDER")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(folder string) error {
	all, err := read(folder)
	if err != nil {
		return err
	}
	begin := time.Now()
	present := func() time.Time { return time.UnixMilli(all.NowMs) }
	engine, err := faramesh.Load(all.file, faramesh.Trust(all.trust), faramesh.Now(present), faramesh.Instances(1))
	if err != nil {
		return err
	}
	defer engine.Close()
	load := milliseconds(begin)
	engine.Decide(all.lines[:bytes.IndexByte(all.lines, '\n')])
	first := milliseconds(started)
	actions := bytes.Split(bytes.TrimSuffix(all.lines, []byte("\n")), []byte("\n"))
	plain, err := measure(all.settings, func() (int, error) { return decide(engine, actions), nil })
	if err != nil {
		return err
	}
	chained, err := measure(all.settings, func() (int, error) {
		permitted, _, err := record(engine, actions)
		return permitted, err
	})
	if err != nil {
		return err
	}
	_, tip, err := record(engine, actions)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(figures{
		Runtime:            "go",
		Version:            runtime.Version(),
		LoadMs:             load,
		FirstMs:            first,
		DecisionsPerSecond: plain.rate * float64(len(actions)),
		RecordedPerSecond:  chained.rate * float64(len(actions)),
		Decisions:          (plain.passes + chained.passes) * len(actions),
		Permitted:          plain.permitted + chained.permitted,
		Tip:                hex.EncodeToString(tip[:]),
	})
}

func read(folder string) (given, error) {
	var all given
	var text []byte
	for name, target := range map[string]*[]byte{
		"policy.fplb": &all.file, "trust.json": &all.trust, "actions.jsonl": &all.lines, "settings.json": &text,
	} {
		found, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			return all, err
		}
		*target = found
	}
	return all, json.Unmarshal(text, &all.settings)
}

func milliseconds(since time.Time) float64 {
	return float64(time.Since(since)) / float64(time.Millisecond)
}

// decide makes one pass over the actions and counts the permitted.
func decide(engine *faramesh.Engine, actions [][]byte) int {
	permitted := 0
	for _, action := range actions {
		if engine.Decide(action).Permitted() {
			permitted++
		}
	}
	return permitted
}

// record makes the same pass, each record chained to the one before.
func record(engine *faramesh.Engine, actions [][]byte) (permitted int, tip [32]byte, err error) {
	for sequence, action := range actions {
		made, err := engine.DecideRecorded(action, faramesh.Place{Sequence: uint64(sequence), Previous: tip})
		if err != nil {
			return 0, tip, err
		}
		if made.Verdict.Permitted() {
			permitted++
		}
		tip = made.Hash
	}
	return permitted, tip, nil
}

type sample struct {
	passes, permitted int
	// rate is in passes a second, without those that warm up.
	rate float64
}

func measure(s settings, pass func() (int, error)) (sample, error) {
	warm, err := passesFor(s.WarmUpMs, pass)
	if err != nil {
		return warm, err
	}
	made, err := passesFor(s.SampleMs, pass)
	return sample{warm.passes + made.passes, warm.permitted + made.permitted, made.rate}, err
}

func passesFor(leastMs float64, pass func() (int, error)) (sample, error) {
	var all sample
	for begin, elapsedMs := time.Now(), 0.0; elapsedMs < leastMs; elapsedMs = milliseconds(begin) {
		permitted, err := pass()
		if err != nil {
			return all, err
		}
		all.passes++
		all.permitted += permitted
		all.rate = float64(all.passes) * 1_000 / milliseconds(begin)
	}
	return all, nil
}
