package faramesh

import (
	"errors"
	"sync"

	"faramesh.dev/go/internal/tables"
)

var (
	errClosed   = errors.New("the engine is closed")
	errReloaded = errors.New("the bundle that was loaded cannot be loaded again")
)

// pool keeps the instances of one bundle: a call takes one, or makes one while there are fewer than its limit, or waits.
type pool struct {
	bundle []byte
	signed bool
	// places are as many as there may be instances at once.
	places chan struct{}

	mutex  sync.Mutex
	idle   []*instance
	closed bool
}

func newPool(bundle []byte, signed bool, first *instance, limit int) *pool {
	return &pool{bundle: bundle, signed: signed, places: make(chan struct{}, limit), idle: []*instance{first}}
}

func (p *pool) take() (*instance, error) {
	p.places <- struct{}{}
	one, err := p.open()
	if err != nil {
		<-p.places
	}
	return one, err
}

func (p *pool) open() (*instance, error) {
	p.mutex.Lock()
	if p.closed {
		p.mutex.Unlock()
		return nil, errClosed
	}
	if last := len(p.idle) - 1; last >= 0 {
		one := p.idle[last]
		p.idle = p.idle[:last]
		p.mutex.Unlock()
		return one, nil
	}
	p.mutex.Unlock()
	one, status, err := newInstance(p.bundle, p.signed)
	if err == nil && status != tables.LoadOK {
		err = errReloaded
	}
	return one, err
}

// give puts an instance back. One whose call failed is dropped: what it left is not trusted.
func (p *pool) give(one *instance, failed bool) {
	p.mutex.Lock()
	keep := !failed && !p.closed
	if keep {
		p.idle = append(p.idle, one)
	}
	p.mutex.Unlock()
	if !keep {
		one.close()
	}
	<-p.places
}

// use runs one call on an instance. One that fails, or panics, costs the instance.
func (p *pool) use(work func(*instance) error) (err error) {
	one, err := p.take()
	if err != nil {
		return err
	}
	failed := true
	defer func() { p.give(one, failed) }()
	err = work(one)
	failed = err != nil
	return err
}

// close lets calls that run end; their instances go then.
func (p *pool) close() {
	p.mutex.Lock()
	idle := p.idle
	p.idle, p.closed = nil, true
	p.mutex.Unlock()
	for _, one := range idle {
		one.close()
	}
}
