package search

import (
	"context"
	"sync"
	"time"
)

const (
	// Hearing is how long a Watch that hears nothing still takes the channel for
	// alive, and how old a page may be that is shown without knowing better.
	Hearing = time.Second
	// maxChanges bounds the products that one generation of changes remembers.
	maxChanges = 250_000
)

// Stamp is what a Watch had heard when somebody began to read: the message
// before which everything was taken into account. Its zero value is nothing.
type Stamp struct {
	Epoch    string
	Sequence int64
}

// Known is how far the index is known to be.
type Known struct {
	Stamp Stamp
	// Visible: searches find every change up to here; 0 is not known.
	Visible Version
	// AsOf is a time up to which that was everything, by the database's clock.
	AsOf time.Time
}

// Watch hears what the indexer tells (Progress) and knows from it how far the
// index is, and whether what was read of some products is out of date. It is
// safe for many at once. When in doubt it says out of date: after a gap in the
// messages, after a change of their epoch, and for what was read before it began
// to hear.
type Watch struct {
	now func() time.Time

	mu    sync.RWMutex
	known Known
	// heard is when the last message came.
	heard   time.Time
	changes changes
	waiting map[*waiter]struct{}
}

// waiter waits until the index is as far as version.
type waiter struct {
	version Version
	there   chan struct{}
}

// NewWatch makes a Watch that remembers changes for at least keep, which is as
// long as the oldest page may live.
func NewWatch(keep time.Duration, now func() time.Time) *Watch {
	return &Watch{now: now, changes: newChanges(keep, maxChanges), waiting: map[*waiter]struct{}{}}
}

// Hear takes a message in, as they come.
func (w *Watch) Hear(p Progress) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := w.now()
	before := w.known.Stamp
	w.heard, w.known = now, Known{Stamp: Stamp{p.Epoch, p.Sequence}, Visible: p.Visible, AsOf: p.AsOf}
	if p.Epoch != before.Epoch || p.Sequence != before.Sequence+1 {
		w.changes.forget(p.Sequence - 1) // what was before this message is not known
	}
	if p.Everything {
		w.changes.forget(p.Sequence)
	}
	w.changes.note(now, p.Sequence, p.Changed)
	for waiter := range w.waiting {
		if waiter.version <= p.Visible {
			delete(w.waiting, waiter)
			close(waiter.there)
		}
	}
}

// Lose says that something was told which could not be understood. Nothing that
// was read before the next message counts as fresh any more.
func (w *Watch) Lose() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.known.Stamp, w.heard = Stamp{}, time.Time{}
}

// Known is how far the index is known to be now. Take it before reading anything
// that the Stamp is to stand for.
func (w *Watch) Known() Known {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return w.known
}

// Alive reports whether messages arrive at present.
func (w *Watch) Alive() bool {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return w.alive()
}

func (w *Watch) alive() bool { return !w.heard.IsZero() && w.now().Sub(w.heard) < Hearing }

// Fresh reports whether nothing is known to have changed about these products
// since the stamp, and it would be known.
func (w *Watch) Fresh(s Stamp, ids []int64) bool {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return w.alive() && w.fresh(s, ids)
}

func (w *Watch) fresh(s Stamp, ids []int64) bool {
	return s.Epoch != "" && s.Epoch == w.known.Stamp.Epoch && w.changes.unchanged(s.Sequence, ids)
}

// Shows reports whether what was read of these products at the stamp, age ago,
// may be shown: it is fresh, or, when nothing can be heard, hardly old.
func (w *Watch) Shows(s Stamp, ids []int64, age time.Duration) bool {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if w.alive() {
		return w.fresh(s, ids)
	}
	return age <= Hearing
}

// Await waits until searches find every change up to v, or ctx ends. It reports
// whether they do.
func (w *Watch) Await(ctx context.Context, v Version) bool {
	w.mu.Lock()
	if v <= w.known.Visible {
		w.mu.Unlock()
		return true
	}
	own := &waiter{version: v, there: make(chan struct{})}
	w.waiting[own] = struct{}{}
	w.mu.Unlock()
	select {
	case <-own.there:
		return true
	case <-ctx.Done():
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.waiting, own)
	return v <= w.known.Visible
}
