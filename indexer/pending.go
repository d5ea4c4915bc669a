package indexer

import (
	"context"
	"sync"
	"time"

	"aforro/pkg/search"
)

// pending gathers what the stream says until the flusher takes it. It is
// bounded: at its limit add waits, and the stream's source keeps the rest.
//
// A batch may hold the first part of a transaction: what is streamed has
// committed. Its position is then the end of the last whole one.
type pending struct {
	limit int
	// more is signalled when there is something to take, room when it was taken.
	more, room chan struct{}

	mu      sync.Mutex
	batch   batch
	current uint32
}

// batch is what changed, by what it concerns.
type batch struct {
	products     map[int64]struct{}
	categories   map[int64]struct{}
	transactions map[uint32]struct{}
	// everything: a table was truncated.
	everything bool
	// targets: the set of written indices has changed.
	targets bool
	// position is where the stream resumes when the batch is done; 0 is unknown.
	position search.Version
	// oldest is when the first of its transactions committed.
	oldest time.Time
}

func newPending(limit int) *pending {
	return &pending{limit: limit, more: make(chan struct{}, 1), room: make(chan struct{}, 1), batch: newBatch()}
}

func newBatch() batch {
	return batch{products: map[int64]struct{}{}, categories: map[int64]struct{}{}, transactions: map[uint32]struct{}{}}
}

func (b *batch) size() int { return len(b.products) + len(b.categories) + len(b.transactions) }

// idle: there is nothing to write, only a position to confirm.
func (b *batch) idle() bool { return b.size() == 0 && !b.everything && !b.targets }

// add merges one event, waiting for room when there is none.
func (p *pending) add(ctx context.Context, e search.Event) error {
	for {
		full, notable := p.merge(e)
		if notable {
			signal(p.more)
		}
		if !full {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-p.room:
		}
	}
}

// merge reports whether e found no room, and whether there is now something to
// take. Markers always find room: they do not add to the size.
func (p *pending) merge(e search.Event) (full, notable bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	b := &p.batch
	switch e.Kind {
	case search.Begin:
		p.current = e.Transaction
		return false, false
	case search.Commit:
		b.position = e.Position
		if b.oldest.IsZero() && !b.idle() {
			b.oldest = e.At
		}
		return false, true
	case search.Idle:
		moved := e.Position > b.position
		b.position = max(b.position, e.Position)
		return false, moved
	}
	if b.size() >= p.limit {
		return true, true
	}
	b.transactions[p.current] = struct{}{}
	switch e.Kind {
	case search.ProductChanged:
		b.products[e.ID] = struct{}{}
	case search.CategoryChanged:
		b.categories[e.ID] = struct{}{}
	case search.EverythingChanged:
		b.everything = true
	case search.TargetsChanged:
		b.targets = true
	}
	return false, false
}

// take gives what was gathered and begins anew.
func (p *pending) take() batch {
	p.mu.Lock()
	b := p.batch
	p.batch = newBatch()
	p.mu.Unlock()
	signal(p.room)
	return b
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
