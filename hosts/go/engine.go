package faramesh

import (
	"errors"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"faramesh.dev/go/internal/refusal"
)

// Engine is a verified policy that decides. It is safe for concurrent use: decisions run at once, each on a core of its own, up to
// the number of Instances; a reload happens between decisions. Every outcome of a decision is a verdict, and every failure a deny.
type Engine struct {
	current atomic.Pointer[policy]
	// reloading orders reloads and Close; decisions do not take it.
	reloading sync.Mutex
	given     []Option
	highest   *Highest
	closed    bool
}

// Load opens a `.fplb` file, given by its bytes. The error is a *Refused, or says that the options do not fit together.
func Load(file []byte, given ...Option) (*Engine, error) {
	engine := &Engine{}
	if err := engine.take(file, given); err != nil {
		return nil, err
	}
	return engine, nil
}

// WithoutPolicy gives an engine whose every decision is a deny with `no_policy`, until a Reload, which then needs options.
func WithoutPolicy() (*Engine, error) {
	first, _, err := newInstance(nil, false)
	if err != nil {
		return nil, refusal.New("core_unusable", err.Error())
	}
	engine := &Engine{}
	engine.current.Store(&policy{pool: newPool(nil, false, first, runtime.GOMAXPROCS(0)), identity: Identity{Core: coreDigest}})
	return engine, nil
}

// LoadFile opens a `.fplb` file, given by its path.
func LoadFile(path string, given ...Option) (*Engine, error) {
	file, err := os.ReadFile(path)
	if err != nil {
		return nil, refusal.New("file_unreadable", err.Error())
	}
	return Load(file, given...)
}

// Reload takes a newer bundle, or new keys, into use between two decisions. Refused, the policy that was in use stays. Without
// options those of before hold; a trust file given by its path is read again. What was used so far counts as with StateFile.
func (engine *Engine) Reload(file []byte, given ...Option) error {
	if len(given) == 0 {
		given = engine.options()
	}
	return engine.take(file, given)
}

func (engine *Engine) options() []Option {
	engine.reloading.Lock()
	defer engine.reloading.Unlock()
	return engine.given
}

func (engine *Engine) take(file []byte, given []Option) error {
	engine.reloading.Lock()
	defer engine.reloading.Unlock()
	if engine.closed {
		return errClosed
	}
	o := options{now: time.Now, instances: runtime.GOMAXPROCS(0)}
	for _, one := range given {
		one(&o)
	}
	if err := o.check(); err != nil {
		return err
	}
	next, highest, err := prepare(file, o, engine.highest)
	if err != nil {
		return err
	}
	engine.given, engine.highest = given, highest
	if before := engine.current.Swap(next); before != nil {
		before.pool.close()
	}
	return nil
}

// Close gives back the memory of the cores. Decisions after it are denies with `engine_trap`.
func (engine *Engine) Close() {
	engine.reloading.Lock()
	defer engine.reloading.Unlock()
	engine.closed = true
	engine.current.Load().pool.close()
}

// Identity says what decides at this moment.
func (engine *Engine) Identity() Identity {
	identity := engine.current.Load().identity
	identity.Keys = append([]string(nil), identity.Keys...)
	return identity
}

// use runs one call on the policy of this moment. A policy that was replaced before the call began is not asked.
func (engine *Engine) use(work func(*instance) error) error {
	for {
		asked := engine.current.Load()
		err := asked.pool.use(work)
		if errors.Is(err, errClosed) && engine.current.Load() != asked {
			continue
		}
		return err
	}
}

// Decide decides an action, JSON text of docs/core/actions.md, and leaves no trace.
func (engine *Engine) Decide(action []byte, given ...Input) Verdict {
	all := gather(given)
	var verdict Verdict
	err := engine.use(func(one *instance) (err error) {
		verdict, err = one.decide(action, all)
		return err
	})
	if err != nil {
		return trapped
	}
	return verdict
}

// DecideRecorded decides and gives the record of it and the state after, which the caller makes durable before acting on the
// verdict. The verdict is that of Decide, but for a redaction without a salt, which is a deny. An error, a *Refused with
// `core_failed`, comes when the core failed twice: there is no record then, and the verdict is a deny.
func (engine *Engine) DecideRecorded(action []byte, place Place, given ...Input) (Recorded, error) {
	return engine.recorded(false, action, place, given)
}

// ApplyEvent does the same for an event: what happens beside decisions (engine/ABI.md, "Events"). An event that is refused
// changes nothing, and is a record all the same.
func (engine *Engine) ApplyEvent(event []byte, place Place, given ...Input) (Recorded, error) {
	return engine.recorded(true, event, place, given)
}

var errPlace = errors.New("faramesh: the sequence of a place must be below 2^53")

func (engine *Engine) recorded(event bool, text []byte, place Place, given []Input) (Recorded, error) {
	if place.Sequence > maxSequence {
		return Recorded{Verdict: unrecordable}, errPlace
	}
	all := gather(given)
	var result Recorded
	err := engine.use(func(one *instance) (err error) {
		result, err = one.recorded(event, text, place, all)
		return err
	})
	if err == nil {
		return result, nil
	}
	// The record of the failure, from a core that did not fail.
	err = engine.use(func(one *instance) (err error) {
		result, err = one.refused(event, text, place, all)
		return err
	})
	if err != nil {
		return Recorded{Verdict: unrecordable}, refusal.New("core_failed", err.Error())
	}
	return result, nil
}
