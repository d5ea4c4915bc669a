package indexer

import (
	"time"

	"aforro/pkg/search"
)

// The lanes in which products wait, the most urgent first.
const (
	// fast: price and availability.
	fast = iota
	// steady: text, and what suggestions are made of.
	steady
	// relaxed: a mere change of quantity, which may wait for its window.
	relaxed
	laneCount
)

func laneOf(c search.Change) int {
	switch {
	case c&(search.Price|search.Availability) != 0 && c&search.Text == 0:
		return fast
	case c == search.Quantity:
		return relaxed
	}
	return steady
}

// entry is one product that waits.
type entry struct {
	id     int64
	change search.Change
	lane   int
	// since is where the stream must resume for this change not to be lost.
	since   search.Version
	arrived time.Time
	// first is when the first waiting change of each kind was committed.
	first [kindCount]time.Time
	place *place
}

// note adds a change that was committed at a time; zero is not measured.
func (e *entry) note(change search.Change, at time.Time) {
	e.change |= change
	for k, c := range changeOfKind {
		if change&c != 0 && e.first[k].IsZero() {
			e.first[k] = at
		}
	}
}

// oldest is when the first change that waits was committed.
func (e *entry) oldest() (at time.Time) {
	for _, t := range e.first {
		if !t.IsZero() && (at.IsZero() || t.Before(at)) {
			at = t
		}
	}
	return at
}

// lane is a queue of entries, by arrival. One that leaves it for a more urgent
// lane stays as a shadow until it comes to the head.
type lane struct {
	queue []*place
	size  int
}

// place is an entry's place in one lane.
type place struct {
	entry *entry
	left  bool
}

func (l *lane) push(e *entry) {
	e.place = &place{entry: e}
	l.queue = append(l.queue, e.place)
	l.size++
}

// leave is for an entry of this lane that is to join another.
func (l *lane) leave(e *entry) {
	e.place.left = true
	l.size--
}

// head is the entry that waits longest, nil when none does.
func (l *lane) head() *entry {
	for len(l.queue) > 0 && l.queue[0].left {
		l.queue = l.queue[1:]
	}
	if len(l.queue) == 0 {
		return nil
	}
	return l.queue[0].entry
}

func (l *lane) pop() {
	l.queue = l.queue[1:]
	l.size--
}

// since is the least position that an entry of this lane must resume from, else
// if none waits.
func (l *lane) since(otherwise search.Version) search.Version {
	l.each(func(e *entry) { otherwise = min(otherwise, e.since) })
	return otherwise
}

func (l *lane) each(do func(e *entry)) {
	for _, p := range l.queue {
		if !p.left {
			do(p.entry)
		}
	}
}
