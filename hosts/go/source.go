package faramesh

import (
	"encoding/hex"

	"faramesh.dev/go/internal/core"
	"faramesh.dev/go/internal/refusal"
	"faramesh.dev/go/internal/tables"
	"faramesh.dev/go/internal/trust"
)

// policy is one bundle in use.
type policy struct {
	pool     *pool
	identity Identity
}

var coreDigest = hex.EncodeToString(core.Digest[:])

func newer(left, right *Highest) *Highest {
	if left == nil || right != nil && right.Sequence > left.Sequence {
		return right
	}
	return left
}

// prepare gets a policy ready: verify, load into a core, remember. Nothing is in use before all of it is done. used is the newest
// bundle used so far, as far as memory goes; the newest of now is given back.
func prepare(file []byte, o options, used *Highest) (*policy, *Highest, error) {
	// Copied: what is verified must be what is loaded, whatever the caller does to the bytes meanwhile.
	file = append([]byte(nil), file...)
	if o.insecure {
		opened, err := trust.OpenInsecure(file)
		if err != nil {
			return nil, nil, err
		}
		ready, err := intoCore(opened, o.instances)
		return ready, used, err
	}
	trusted, err := o.trust()
	if err != nil {
		return nil, nil, err
	}
	var remembered *Highest
	if o.statePath != "" {
		if remembered, err = readState(o.statePath); err != nil {
			return nil, nil, err
		}
	}
	before := newer(newer(used, remembered), o.highest)
	opened, err := trust.Open(file, trusted, o.now().UnixMilli(), before)
	if err != nil {
		return nil, nil, err
	}
	ready, err := intoCore(opened, o.instances)
	if err != nil {
		return nil, nil, err
	}
	now := &Highest{Sequence: opened.Sequence, Digest: opened.Digest}
	if o.statePath != "" && (remembered == nil || remembered.Sequence != now.Sequence) {
		// Remembered before it is used: otherwise a crash in between would open the way back.
		if err := writeState(o.statePath, *now); err != nil {
			ready.pool.close()
			return nil, nil, err
		}
	}
	return ready, now, nil
}

func intoCore(opened trust.Opened, instances int) (*policy, error) {
	first, status, err := newInstance(opened.Bundle, opened.Signed)
	if err != nil {
		return nil, refusal.New("core_unusable", err.Error())
	}
	if status != tables.LoadOK {
		return nil, bundleRefused(status)
	}
	identity := Identity{
		Bundle:   opened.Digest,
		Core:     coreDigest,
		Signed:   opened.Signed,
		Sequence: opened.Sequence,
		Keys:     opened.Keys,
	}
	return &policy{pool: newPool(opened.Bundle, opened.Signed, first, instances), identity: identity}, nil
}

// bundleRefused is of a status other than LoadOK; one that is not in the table: the core trapped.
func bundleRefused(status uint32) *Refused {
	reason := tables.LoadTrapped
	if index := uint64(status) - 1; index < uint64(len(tables.LoadRefusals)) {
		reason = tables.LoadRefusals[index]
	}
	refused := refusal.New("bundle_refused", reason.Message+" ("+reason.Code+")")
	refused.CoreCode = reason.Code
	return refused
}
