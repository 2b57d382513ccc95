// Package faramesh decides what AI agents may do: open a signed policy once, decide many times.
//
//	engine, err := faramesh.Load(bundle, faramesh.Trust(trustFile))
//	verdict := engine.Decide([]byte(`{"agent":"shop","tool":"orders/get","args":{}}`))
//	if verdict.Permitted() { … }
//
// The decision is made by the core, a WebAssembly module that is embedded here and that every host runs, so that each gives the
// same verdicts and the same records, byte for byte. Whatever the core refuses, cannot read or fails on is a deny.
package faramesh

import (
	"errors"
	"os"
	"time"

	"faramesh.dev/go/internal/refusal"
	"faramesh.dev/go/internal/trust"
)

// Refused is the error of a bundle, trust file or state file that is not taken into use; errors.As finds it.
type Refused = refusal.Refused

// Highest is the newest bundle of a policy that was accepted so far: no older one is accepted.
type Highest = trust.Highest

// Option says how a bundle is opened. Either Trust, TrustFile or Insecure must be given.
type Option func(*options)

type options struct {
	trust     func() (*trust.File, error)
	insecure  bool
	statePath string
	highest   *Highest
	now       func() time.Time
	instances int
}

// Trust gives the text of the trust file: the keys that may sign policy.
func Trust(file []byte) Option {
	text := append([]byte(nil), file...)
	return func(o *options) { o.trust = func() (*trust.File, error) { return trust.ParseFile(text) } }
}

// TrustFile gives the path of the trust file. It is read at every load and reload.
func TrustFile(path string) Option {
	return func(o *options) {
		o.trust = func() (*trust.File, error) {
			text, err := os.ReadFile(path)
			if err != nil {
				return nil, refusal.New("file_unreadable", err.Error())
			}
			return trust.ParseFile(text)
		}
	}
}

// Insecure uses a bundle without verifying it, for experiments: Identity and every record then say that it is not signed.
func Insecure() Option {
	return func(o *options) { o.insecure = true }
}

// StateFile names a file, one for each policy, that remembers the newest bundle used, so that a restart accepts no older one.
// It is written before the bundle is used. Not with Insecure.
func StateFile(path string) Option {
	return func(o *options) { o.statePath = path }
}

// Since gives the newest bundle used so far, for a host that remembers it itself. Not with Insecure.
func Since(highest Highest) Option {
	return func(o *options) { o.highest = &highest }
}

// Now gives the present, for the validity of keys; time.Now when left out.
func Now(now func() time.Time) Option {
	return func(o *options) { o.now = now }
}

// Instances sets how many decisions may run at once, at least 1; GOMAXPROCS when left out. Each has a core of its own, made when first needed.
func Instances(limit int) Option {
	return func(o *options) { o.instances = limit }
}

var (
	errTrustOrInsecure = errors.New("faramesh: one of Trust, TrustFile and Insecure must be given, and not two")
	errInsecureState   = errors.New("faramesh: StateFile and Since need a verified bundle, not Insecure")
	errInstances       = errors.New("faramesh: Instances must be at least 1")
	errHighest         = errors.New("faramesh: the sequence of Since must be from 0 and below 2^53")
)

const maxSequence = 1<<53 - 1

func (o *options) check() error {
	if o.insecure == (o.trust != nil) {
		return errTrustOrInsecure
	}
	if o.insecure && (o.statePath != "" || o.highest != nil) {
		return errInsecureState
	}
	if o.instances < 1 {
		return errInstances
	}
	if o.highest != nil && (o.highest.Sequence < 0 || o.highest.Sequence > maxSequence) {
		return errHighest
	}
	return nil
}

// Identity is what decides. Digests are 64 hexadecimal digits.
type Identity struct {
	Bundle string
	Core   string
	// Signed says whether signatures were verified.
	Signed bool
	// Sequence is the verified sequence number; 0 when not signed.
	Sequence int64
	// Keys are the names of the trusted keys that signed.
	Keys []string
}

// Place is where a record goes in its chain.
type Place struct {
	// Sequence from 0, below 2^53.
	Sequence uint64
	// Previous is the hash of the record before it; zeros for the first.
	Previous [32]byte
}

func (place Place) halves() (low, high uint64) {
	return place.Sequence & 0xffffffff, place.Sequence >> 32
}

// Recorded is a verdict and what has to be kept before acting on it.
type Recorded struct {
	Verdict Verdict
	// Record is canonical JSON.
	Record []byte
	// Hash of the record: Previous of the next.
	Hash [32]byte
	// State after, as many blobs as before and in their order, those without a byte being not written; nil: nothing is to be written.
	State [][]byte
}

// Input is what the host knows beside the action or event.
type Input func(*inputs)

type inputs struct {
	facts    []byte
	hasFacts bool
	state    [][]byte
	hasState bool
}

// Facts gives the facts, a JSON object (docs/core/actions.md). Without this input they are `{}`; an empty text is refused.
func Facts(text []byte) Input {
	return func(i *inputs) { i.facts, i.hasFacts = text, true }
}

// State gives the blobs of the state before, in the order of engine/ABI.md; nil or empty: not written yet. Without this input
// there is no state.
func State(blobs ...[]byte) Input {
	return func(i *inputs) { i.state, i.hasState = blobs, true }
}

func gather(given []Input) inputs {
	var all inputs
	for _, one := range given {
		one(&all)
	}
	return all
}
