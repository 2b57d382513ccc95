package faramesh

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// inTime is a moment at which the test keys are valid.
var inTime = time.Date(2027, 6, 1, 0, 0, 0, 0, time.UTC)

func at(moment time.Time) Option {
	return Now(func() time.Time { return moment })
}

func open(t testing.TB, bundle string, given ...Option) *Engine {
	t.Helper()
	all := append([]Option{Trust(testFile(t, "trust.json")), at(inTime)}, given...)
	engine, err := Load(testFile(t, bundle), all...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(engine.Close)
	return engine
}

func refusalOf(t *testing.T, err error, code string) {
	t.Helper()
	var refused *Refused
	if !errors.As(err, &refused) {
		t.Fatalf("got %v, expected a refusal with %s", err, code)
	}
	if refused.Code != code || refused.Message == "" || refused.Help == "" {
		t.Fatalf("got %+v, expected %s with a message and a help", refused, code)
	}
}

const get = `{"agent":"shop","tool":"orders/get","args":{}}`

func refund(amount int) []byte {
	return fmt.Appendf(nil, `{"agent":"shop","tool":"stripe/refund","args":{"amount":%d}}`, amount)
}

func TestDecide(t *testing.T) {
	engine := open(t, "policy.fplb")
	verdict := engine.Decide([]byte(get))
	if !verdict.Permitted() || verdict.Code != "rule_permit" || *verdict.Agent != "shop" || verdict.Rule.Line != 3 {
		t.Fatalf("%s", verdict.Canonical())
	}
	if again := engine.Decide([]byte(get)); !bytes.Equal(again.Canonical(), verdict.Canonical()) {
		t.Fatalf("%s", again.Canonical())
	}
	verdict = engine.Decide(refund(201))
	if verdict.Effect != Defer || *verdict.Reason != "a larger refund needs a person" {
		t.Fatalf("%s", verdict.Canonical())
	}
	identity := engine.Identity()
	if !identity.Signed || identity.Sequence != 7 || len(identity.Keys) != 1 || identity.Keys[0] != "key-1" {
		t.Fatalf("%+v", identity)
	}
}

func TestDenies(t *testing.T) {
	engine := open(t, "policy.fplb")
	large := bytes.Repeat([]byte(" "), 1<<20+1)
	for _, one := range []struct {
		action []byte
		given  []Input
		code   string
	}{
		{nil, nil, "invalid_json"},
		{[]byte("{"), nil, "invalid_json"},
		{[]byte("{\"\xff\":1}"), nil, "invalid_utf8"},
		{[]byte("{\"a\":\"\xed\xa0\x80\"}"), nil, "invalid_utf8"},
		{large, nil, "input_too_large"},
		{[]byte(get), []Input{Facts(nil)}, "facts_invalid"},
		{[]byte(get), []Input{Facts(large)}, "facts_invalid"},
		{[]byte(get), []Input{Facts([]byte(`{"x":1}`))}, "fact_unknown"},
		{[]byte(get), []Input{State(make([]byte, 7))}, "state_invalid"},
		{[]byte(get), []Input{State(make([]byte, 4<<20))}, "state_invalid"},
		{[]byte(get), []Input{State(make([][]byte, 1<<20)...)}, "state_invalid"},
		{[]byte(`{"agent":"counter","tool":"tick","args":{}}`), nil, "state_missing"},
		{[]byte(`{"agent":"nobody","tool":"tick","args":{}}`), nil, "agent_unknown"},
	} {
		verdict := engine.Decide(one.action, one.given...)
		if verdict.Effect != Deny || verdict.Code != one.code {
			t.Errorf("%.40q: %s, expected %s", one.action, verdict.Canonical(), one.code)
		}
	}
	var none Verdict
	if none.Permitted() {
		t.Error("the zero verdict permits")
	}
}

func TestWithoutPolicy(t *testing.T) {
	engine, err := WithoutPolicy()
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close()
	if verdict := engine.Decide([]byte(get)); verdict.Code != "no_policy" || verdict.Effect != Deny {
		t.Fatalf("%s", verdict.Canonical())
	}
	if err := engine.Reload(testFile(t, "policy.fplb")); !errors.Is(err, errTrustOrInsecure) {
		t.Fatal(err)
	}
	if err := engine.Reload(testFile(t, "policy.fplb"), Trust(testFile(t, "trust.json")), at(inTime)); err != nil {
		t.Fatal(err)
	}
	if verdict := engine.Decide([]byte(get)); !verdict.Permitted() {
		t.Fatalf("%s", verdict.Canonical())
	}
}

// A budget of two calls: the third is denied, and the records chain.
func TestRecorded(t *testing.T) {
	engine := open(t, "policy.fplb")
	tick := []byte(`{"agent":"counter","tool":"tick","args":{}}`)
	var place Place
	state := [][]byte{nil, nil}
	tag := make([]byte, 32)
	copy(tag, "faramesh/record/v2")
	for index, code := range []string{"rule_permit", "rule_permit", "budget_exceeded"} {
		facts := fmt.Appendf(nil, `{"time":%d}`, inTime.UnixMilli()+int64(index))
		result, err := engine.DecideRecorded(tick, place, Facts(facts), State(state...))
		if err != nil {
			t.Fatal(err)
		}
		if result.Verdict.Code != code {
			t.Fatalf("call %d: %s", index, result.Verdict.Canonical())
		}
		run := append(append(append([]byte(nil), tag...), place.Previous[:]...), result.Record...)
		if sha256.Sum256(run) != result.Hash {
			t.Fatalf("call %d: the hash is not of tag, previous and record", index)
		}
		var record struct {
			Sequence uint64
			Signed   bool
			Code     string
		}
		if err := json.Unmarshal(result.Record, &record); err != nil {
			t.Fatal(err)
		}
		if record.Sequence != uint64(index) || !record.Signed || record.Code != code {
			t.Fatalf("call %d: %s", index, result.Record)
		}
		for blob, after := range result.State {
			if len(after) > 0 {
				state[blob] = after
			}
		}
		place = Place{Sequence: place.Sequence + 1, Previous: result.Hash}
	}
	freeze := []byte(`{"type":"freeze","agent":"counter"}`)
	facts := Facts(fmt.Appendf(nil, `{"time":%d}`, inTime.UnixMilli()+9))
	result, err := engine.ApplyEvent(freeze, place, facts, State(state...))
	if err != nil || result.Verdict.Code != "event_applied" || len(result.State) != 2 {
		t.Fatalf("%s %v", result.Verdict.Canonical(), err)
	}
	place.Sequence = 1 << 53
	if result, err := engine.DecideRecorded(tick, place); !errors.Is(err, errPlace) || result.Verdict.Effect != Deny {
		t.Fatal(err)
	}
}

// The core fails in the middle of a call: a deny, its record, and a fresh core for the next call.
func TestFailedCore(t *testing.T) {
	engine := open(t, "policy.fplb", Instances(1))
	breakCore := func() {
		current := engine.current.Load().pool
		if len(current.idle) != 1 {
			t.Fatalf("%d idle instances", len(current.idle))
		}
		current.idle[0].close()
	}
	breakCore()
	if verdict := engine.Decide([]byte(get)); verdict.Code != "engine_trap" || verdict.Effect != Deny {
		t.Fatalf("%s", verdict.Canonical())
	}
	if verdict := engine.Decide([]byte(get)); !verdict.Permitted() {
		t.Fatalf("%s", verdict.Canonical())
	}
	breakCore()
	result, err := engine.DecideRecorded([]byte(get), Place{Sequence: 1 << 40})
	if err != nil || result.Verdict.Code != "engine_trap" || result.State != nil {
		t.Fatalf("%s %v", result.Verdict.Canonical(), err)
	}
	if !strings.Contains(string(result.Record), `"code":"engine_trap"`) ||
		!strings.Contains(string(result.Record), `"sequence":1099511627776,`) {
		t.Fatalf("%s", result.Record)
	}
	breakCore()
	result, err = engine.ApplyEvent([]byte(`{}`), Place{})
	if err != nil || !strings.Contains(string(result.Record), `"type":"event"`) {
		t.Fatalf("%s %v", result.Record, err)
	}
}

// A call whose pointers are out of the memory traps in WebAssembly itself.
func TestTrap(t *testing.T) {
	engine := open(t, "policy.fplb", Instances(1))
	one := engine.current.Load().pool.idle[0]
	if _, err := one.call(one.module.ExportedFunction("chain"), 0xfffffff0); err == nil {
		t.Fatal("no trap")
	}
	err := engine.use(func(one *instance) error {
		_, err := one.call(one.module.ExportedFunction("chain"), 0xfffffff0)
		return err
	})
	if err == nil || len(engine.current.Load().pool.idle) != 0 {
		t.Fatal("the instance that trapped is kept")
	}
	if verdict := engine.Decide([]byte(get)); !verdict.Permitted() {
		t.Fatalf("%s", verdict.Canonical())
	}
}

func TestClose(t *testing.T) {
	engine := open(t, "policy.fplb")
	engine.Close()
	if verdict := engine.Decide([]byte(get)); verdict.Code != "engine_trap" {
		t.Fatalf("%s", verdict.Canonical())
	}
	result, err := engine.DecideRecorded([]byte(get), Place{})
	refusalOf(t, err, "core_failed")
	if result.Verdict.Code != "record_unwritable" || result.Record != nil {
		t.Fatalf("%s", result.Verdict.Canonical())
	}
	if err := engine.Reload(testFile(t, "newer.fplb")); !errors.Is(err, errClosed) {
		t.Fatal(err)
	}
}

func TestRefusals(t *testing.T) {
	signed, trust := testFile(t, "policy.fplb"), testFile(t, "trust.json")
	flipped := append([]byte(nil), signed...)
	flipped[40] ^= 1
	forged := append([]byte(nil), signed...)
	forged[len(forged)-10] ^= 1
	digest := strings.Repeat("0", 64)
	for _, one := range []struct {
		file  []byte
		given []Option
		code  string
	}{
		{nil, []Option{Insecure()}, "container_truncated"},
		{[]byte("FPLC"), []Option{Insecure()}, "container_bad_magic"},
		{signed[:len(signed)-1], []Option{Trust(trust)}, "container_truncated"},
		{append(signed[:len(signed):len(signed)], 0), []Option{Trust(trust)}, "container_trailing_bytes"},
		{flipped, []Option{Trust(trust)}, "digest_mismatch"},
		{flipped, []Option{Insecure()}, "digest_mismatch"},
		{testFile(t, "unsigned.fplb"), []Option{Trust(trust)}, "unsigned"},
		{testFile(t, "broken.fplb"), []Option{Insecure()}, "bundle_refused"},
		{signed, []Option{Trust(testFile(t, "other.json"))}, "signature_unknown_key"},
		{signed, []Option{Trust(testFile(t, "both.json"))}, "threshold_not_met"},
		{signed, []Option{Trust([]byte("{}"))}, "trust_malformed"},
		{signed, []Option{Trust([]byte("{\"x\":1}"))}, "trust_unknown_field"},
		{signed, []Option{Trust(trust), at(inTime.AddDate(1, 0, 0))}, "key_expired"},
		{signed, []Option{Trust(trust), at(inTime.AddDate(-1, 0, 0))}, "key_not_yet_valid"},
		{signed, []Option{Trust(trust), Since(Highest{Sequence: 8, Digest: digest})}, "sequence_older"},
		{signed, []Option{Trust(trust), Since(Highest{Sequence: 7, Digest: digest})}, "sequence_reused"},
		{signed, []Option{TrustFile("testdata/absent.json")}, "file_unreadable"},
	} {
		_, err := Load(one.file, append([]Option{at(inTime)}, one.given...)...)
		refusalOf(t, err, one.code)
	}
	if engine, err := Load(testFile(t, "both.fplb"), Trust(testFile(t, "both.json")), at(inTime)); err != nil {
		t.Fatal(err)
	} else {
		engine.Close()
	}
	_, err := LoadFile("testdata/absent.fplb", Insecure())
	refusalOf(t, err, "file_unreadable")
}

// What the core refuses has one code in every host, and the core's own beside it.
func TestBundleRefused(t *testing.T) {
	_, err := Load(testFile(t, "broken.fplb"), Insecure())
	refusalOf(t, err, "bundle_refused")
	var refused *Refused
	if !errors.As(err, &refused) || refused.CoreCode != "bad_magic" ||
		refused.Message != "the core refuses the bundle: these bytes are no bundle (bad_magic)" {
		t.Fatalf("%+v", refused)
	}
	_, err = Load(nil, Insecure())
	if !errors.As(err, &refused) || refused.CoreCode != "" {
		t.Fatalf("%+v", refused)
	}
	for status, code := range map[uint32]string{1: "bad_magic", 9: "too_large", 10: "engine_trap", loadTrapped: "engine_trap"} {
		if refused := bundleRefused(status); refused.Code != "bundle_refused" || refused.CoreCode != code {
			t.Errorf("%d: %+v", status, refused)
		}
	}
}

// A core that fails while it reads a bundle refuses it.
func TestLoadTrapped(t *testing.T) {
	one, _, err := newInstance(nil, false)
	if err != nil {
		t.Fatal(err)
	}
	one.close()
	if status := one.load([]byte("FPLB"), false); status != loadTrapped {
		t.Fatal(status)
	}
}

func TestOptions(t *testing.T) {
	signed, trust := testFile(t, "policy.fplb"), Trust(testFile(t, "trust.json"))
	for _, one := range []struct {
		given []Option
		err   error
	}{
		{nil, errTrustOrInsecure},
		{[]Option{trust, Insecure()}, errTrustOrInsecure},
		{[]Option{Insecure(), StateFile("x")}, errInsecureState},
		{[]Option{Insecure(), Since(Highest{})}, errInsecureState},
		{[]Option{trust, Instances(0)}, errInstances},
		{[]Option{trust, Since(Highest{Sequence: -1})}, errHighest},
	} {
		if _, err := Load(signed, one.given...); !errors.Is(err, one.err) {
			t.Errorf("%v, expected %v", err, one.err)
		}
	}
}

func TestReload(t *testing.T) {
	engine := open(t, "policy.fplb")
	if err := engine.Reload(testFile(t, "newer.fplb")); err != nil {
		t.Fatal(err)
	}
	if engine.Identity().Sequence != 8 || !engine.Decide(refund(400)).Permitted() {
		t.Fatalf("%+v", engine.Identity())
	}
	for file, code := range map[string]string{
		"policy.fplb":   "sequence_older",
		"unsigned.fplb": "unsigned",
		"both.fplb":     "signature_unknown_key",
	} {
		refusalOf(t, engine.Reload(testFile(t, file)), code)
		if engine.Identity().Sequence != 8 || !engine.Decide(refund(400)).Permitted() {
			t.Fatalf("%s: the policy in use is gone", file)
		}
	}
	refusalOf(t, engine.Reload(testFile(t, "broken.fplb"), Insecure()), "bundle_refused")
	if !engine.Decide(refund(400)).Permitted() {
		t.Fatal("the policy in use is gone")
	}
	// What was used is remembered also over a bundle that was not verified.
	if err := engine.Reload(testFile(t, "unsigned.fplb"), Insecure()); err != nil {
		t.Fatal(err)
	}
	trust := []Option{Trust(testFile(t, "trust.json")), at(inTime)}
	refusalOf(t, engine.Reload(testFile(t, "policy.fplb"), trust...), "sequence_older")
}

func TestStateFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	open(t, "newer.fplb", StateFile(path))
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !stateLine.Match(text) || !strings.Contains(string(text), `"sequence":8,`) {
		t.Fatalf("%s", text)
	}
	load := func(file string) error {
		given := []Option{Trust(testFile(t, "trust.json")), at(inTime), StateFile(path)}
		engine, err := Load(testFile(t, file), given...)
		if err == nil {
			engine.Close()
		}
		return err
	}
	if err := load("newer.fplb"); err != nil {
		t.Fatal(err)
	}
	refusalOf(t, load("policy.fplb"), "sequence_older")
	for _, malformed := range []string{"", "{}", string(text[1:]), string(text) + "\n", strings.ReplaceAll(string(text), "8,", "9007199254740992,")} {
		if err := os.WriteFile(path, []byte(malformed), 0o600); err != nil {
			t.Fatal(err)
		}
		refusalOf(t, load("newer.fplb"), "state_malformed")
	}
	path = filepath.Join(t.TempDir(), "absent", "state")
	refusalOf(t, load("newer.fplb"), "state_unwritable")
	path = t.TempDir()
	refusalOf(t, load("newer.fplb"), "file_unreadable")
}

// Many goroutines decide while the policy changes under them: each verdict is that of one of the two policies.
func TestConcurrent(t *testing.T) {
	engine := open(t, "policy.fplb", Instances(3))
	action := refund(400)
	first := engine.Decide(action).Canonical()
	var deciding sync.WaitGroup
	stop := make(chan struct{})
	for worker := 0; worker < 8; worker++ {
		deciding.Add(1)
		go func() {
			defer deciding.Done()
			for count := 0; ; count++ {
				select {
				case <-stop:
					return
				default:
				}
				verdict := engine.Decide(action)
				if verdict.Code != "rule_permit" && verdict.Code != "rule_defer" {
					t.Errorf("%s", verdict.Canonical())
					return
				}
				result, err := engine.DecideRecorded(action, Place{Sequence: uint64(count)})
				if err != nil || !json.Valid(result.Record) {
					t.Errorf("%v", err)
					return
				}
			}
		}()
	}
	for round := 0; round < 20; round++ {
		file, given := "newer.fplb", Trust(testFile(t, "trust.json"))
		if round%2 == 1 {
			file, given = "unsigned.fplb", Insecure()
		}
		if err := engine.Reload(testFile(t, file), given, at(inTime), Instances(3)); err != nil {
			t.Fatal(err)
		}
	}
	close(stop)
	deciding.Wait()
	if last := engine.Decide(action).Canonical(); bytes.Contains(first, []byte(`"permit"`)) || bytes.Contains(last, []byte(`"permit"`)) {
		t.Fatalf("%s, then %s", first, last)
	}
}

// The bytes that are verified are those that decide, whatever becomes of the caller's.
func TestOwnBytes(t *testing.T) {
	file := testFile(t, "policy.fplb")
	engine, err := Load(file, Trust(testFile(t, "trust.json")), at(inTime), Instances(2))
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close()
	clear(file)
	engine.current.Load().pool.idle[0].close()
	engine.Decide([]byte(get))
	if !engine.Decide([]byte(get)).Permitted() {
		t.Fatal("the bundle changed")
	}
}
