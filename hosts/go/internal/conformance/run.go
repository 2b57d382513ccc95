// Package conformance runs the corpus that all hosts share (tests/conformance/corpus).
package conformance

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"time"

	faramesh "faramesh.dev/go"
)

// Report is what a host prints.
type Report struct {
	Host      string `json:"host"`
	Version   string `json:"version"`
	Core      string `json:"core"`
	Result    string `json:"result"`
	Decisions int    `json:"decisions"`
	Refusals  int    `json:"refusals"`
}

// line is one line of the corpus, of any kind.
type line struct {
	Kind string `json:"kind"`

	Core      string `json:"core"`
	Result    string `json:"result"`
	Decisions int    `json:"decisions"`
	Refusals  int    `json:"refusals"`

	ID   string `json:"id"`
	File string `json:"file"`

	Sequence uint64 `json:"sequence"`

	Bundle string  `json:"bundle"`
	Trust  *string `json:"trust"`
	Now    int64   `json:"now"`
	Expect string  `json:"expect"`
	// CoreCode is that of the core, beside `bundle_refused`.
	CoreCode string `json:"coreCode"`
	Highest  *struct {
		Sequence int64  `json:"sequence"`
		Digest   string `json:"digest"`
	} `json:"highest"`

	Text       *folded     `json:"text"`
	Bytes      *base64Text `json:"bytes"`
	Facts      *folded     `json:"facts"`
	FactsBytes *base64Text `json:"factsBytes"`
	State      *[]*string  `json:"state"`
	Code       string      `json:"code"`
	Hash       string      `json:"hash"`
}

type run struct {
	digest    hash.Hash
	trust     map[string]string
	bundles   map[string][]byte
	engine    *faramesh.Engine
	place     faramesh.Place
	state     map[string][]byte
	decisions int
	refusals  int
	core      string
	// first is the first difference from what a line expects.
	first string
}

// Run reads a corpus and runs every line. first names the first line whose outcome differs, and is empty when none does. The error
// is of a corpus that cannot be read, or a result that is not the header's.
func Run(corpus io.Reader) (report Report, first string, err error) {
	engine, err := faramesh.WithoutPolicy()
	if err != nil {
		return Report{}, "", err
	}
	r := &run{
		digest:  sha256.New(),
		trust:   map[string]string{},
		bundles: map[string][]byte{},
		state:   map[string][]byte{},
		engine:  engine,
		core:    engine.Identity().Core,
	}
	defer func() { r.engine.Close() }()
	var header line
	lines := bufio.NewReader(corpus)
	for number := 1; ; number++ {
		text, readErr := lines.ReadBytes('\n')
		if len(bytes.TrimSpace(text)) > 0 {
			var one line
			if err := json.Unmarshal(text, &one); err != nil {
				return Report{}, r.first, fmt.Errorf("line %d: %w", number, err)
			}
			if number == 1 {
				header = one
			}
			if err := r.line(one, number); err != nil {
				return Report{}, r.first, fmt.Errorf("line %d: %w", number, err)
			}
		}
		if errors.Is(readErr, io.EOF) {
			break
		}
		if readErr != nil {
			return Report{}, r.first, readErr
		}
	}
	report = Report{Core: r.core, Result: hex.EncodeToString(r.digest.Sum(nil)), Decisions: r.decisions, Refusals: r.refusals}
	return report, r.first, differs(header, report)
}

func differs(header line, report Report) error {
	if header.Kind != "header" {
		return errors.New("the corpus does not begin with its header")
	}
	expected := Report{Core: header.Core, Result: header.Result, Decisions: header.Decisions, Refusals: header.Refusals}
	if report != expected {
		return fmt.Errorf("the header says %+v", expected)
	}
	return nil
}

func (r *run) differ(number int, what, expected, found string) {
	if r.first == "" && expected != found {
		r.first = fmt.Sprintf("line %d: %s is %q, expected %q", number, what, found, expected)
	}
}

func (r *run) line(one line, number int) error {
	switch one.Kind {
	case "header":
		return nil
	case "trust":
		r.trust[one.ID] = one.File
		return nil
	case "bundle":
		if one.Bytes == nil {
			return errors.New("a bundle without bytes")
		}
		r.bundles[one.ID] = *one.Bytes
		return nil
	case "open", "load":
		return r.open(one, number)
	case "decide", "event", "plain":
		return r.decide(one, number)
	}
	return fmt.Errorf("unknown kind %q", one.Kind)
}

func (r *run) options(one line) ([]faramesh.Option, error) {
	given := []faramesh.Option{
		faramesh.Now(func() time.Time { return time.UnixMilli(one.Now) }),
		faramesh.Instances(1),
	}
	if one.Trust == nil {
		return append(given, faramesh.Insecure()), nil
	}
	file, named := r.trust[*one.Trust]
	if !named {
		return nil, fmt.Errorf("no earlier line has the id %q", *one.Trust)
	}
	given = append(given, faramesh.Trust([]byte(file)))
	if one.Highest != nil {
		highest := faramesh.Highest{Sequence: one.Highest.Sequence, Digest: one.Highest.Digest}
		given = append(given, faramesh.Since(highest))
	}
	return given, nil
}

func (r *run) open(one line, number int) error {
	file, named := r.bundles[one.Bundle]
	if !named {
		return fmt.Errorf("no earlier line has the id %q", one.Bundle)
	}
	given, err := r.options(one)
	if err != nil {
		return err
	}
	engine, err := faramesh.Load(file, given...)
	var refused *faramesh.Refused
	if errors.As(err, &refused) {
		r.refusals++
		both := refused.Code
		if refused.CoreCode != "" {
			both += " " + refused.CoreCode
		}
		r.digest.Write([]byte(both + "\n"))
		r.differ(number, "the refusal", one.Expect, refused.Code)
		r.differ(number, "the core's code", one.CoreCode, refused.CoreCode)
		return nil
	}
	if err != nil {
		return err
	}
	r.differ(number, "opening", one.Expect, "ok")
	r.engine.Close()
	r.engine = engine
	if one.Kind == "open" {
		r.place, r.state = faramesh.Place{Sequence: one.Sequence}, map[string][]byte{}
	}
	return nil
}

func (r *run) inputs(one line) []faramesh.Input {
	var given []faramesh.Input
	if facts, ok := either(one.Facts, one.FactsBytes); ok {
		given = append(given, faramesh.Facts(facts))
	}
	if one.State != nil {
		blobs := make([][]byte, len(*one.State))
		for index, key := range *one.State {
			if key != nil {
				blobs[index] = r.state[*key]
			}
		}
		given = append(given, faramesh.State(blobs...))
	}
	return given
}

func (r *run) decide(one line, number int) error {
	text, ok := either(one.Text, one.Bytes)
	if !ok {
		return errors.New("a call without a text")
	}
	r.decisions++
	if one.Kind == "plain" {
		verdict := r.engine.Decide(text, r.inputs(one)...)
		r.digest.Write(append(verdict.Canonical(), '\n'))
		r.differ(number, "the code", one.Code, verdict.Code)
		return nil
	}
	call := r.engine.DecideRecorded
	if one.Kind == "event" {
		call = r.engine.ApplyEvent
	}
	result, err := call(text, r.place, r.inputs(one)...)
	if err != nil {
		return err
	}
	r.digest.Write(append(result.Verdict.Canonical(), '\n'))
	r.digest.Write(append(result.Record, '\n'))
	r.digest.Write(result.Hash[:])
	r.differ(number, "the code", one.Code, result.Verdict.Code)
	r.differ(number, "the record's hash", one.Hash, hex.EncodeToString(result.Hash[:len(one.Hash)/2]))
	r.place = faramesh.Place{Sequence: r.place.Sequence + 1, Previous: result.Hash}
	return r.keep(one, result.State)
}

func (r *run) keep(one line, after [][]byte) error {
	for index, blob := range after {
		if len(blob) == 0 {
			continue
		}
		if one.State == nil || index >= len(*one.State) || (*one.State)[index] == nil {
			return errors.New("state after where there is no key")
		}
		r.state[*(*one.State)[index]] = blob
	}
	return nil
}
