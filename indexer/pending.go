package indexer

import (
	"context"
	"sync"
	"time"

	"aforro/pkg/search"
)

// pending gathers what the stream says until the flusher takes it. Each product
// waits once, in the lane of its most urgent change. It is bounded: at its limit
// add waits, and the stream's source keeps the rest.
//
// A batch may hold the first part of a transaction: what is streamed has
// committed. Its position is then the end of the last whole one.
type pending struct {
	limit int
	// window is how long a mere change of quantity may wait.
	window time.Duration
	// more is signalled when there is something to take, room when it was taken.
	more, room chan struct{}

	mu       sync.Mutex
	lanes    [laneCount]lane
	products map[int64]*entry

	categories   map[int64]struct{}
	transactions map[uint32]struct{}
	everything   bool
	targets      bool
	heartbeats   []sample

	// current is the transaction that is being streamed, begun when it committed.
	current uint32
	begun   time.Time
	// position is where the stream resumes after all that was added, asOf a time
	// up to which that is everything.
	position search.Version
	asOf     time.Time
	// mark is a position of the log whose time is known.
	mark mark
}

// mark: at this time the log was this far.
type mark struct {
	position search.Version
	at       time.Time
}

func newPending(limit int, window time.Duration) *pending {
	return &pending{
		limit: limit, window: window, more: make(chan struct{}, 1), room: make(chan struct{}, 1),
		products: map[int64]*entry{}, categories: map[int64]struct{}{}, transactions: map[uint32]struct{}{},
	}
}

func (p *pending) size() int { return len(p.products) + len(p.categories) + len(p.transactions) }

// add merges one event, waiting for room when there is none; w is told of that.
func (p *pending) add(ctx context.Context, e search.Event, w waiter) error {
	for {
		full, notable := p.merge(e)
		if notable {
			signal(p.more)
		}
		if !full {
			return nil
		}
		w.wait()
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-p.room:
			w.goOn()
		}
	}
}

// waiter is told when the stream is not read for a while.
type waiter interface {
	wait()
	goOn()
}

// merge reports whether e found no room, and whether there is now something to
// take. Markers always find room: they do not add to the size.
func (p *pending) merge(e search.Event) (full, notable bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e.Kind {
	case search.Begin:
		p.current, p.begun = e.Transaction, e.At
		return false, false
	case search.Commit:
		p.reached(e.Position)
		return false, true
	case search.Idle:
		moved := e.Position > p.position
		p.reached(e.Position)
		return false, moved
	}
	if p.size() >= p.limit {
		return true, true
	}
	p.transactions[p.current] = struct{}{}
	switch e.Kind {
	case search.ProductChanged:
		p.changed(e.ID, e.Change, p.begun)
	case search.CategoryChanged:
		p.categories[e.ID] = struct{}{}
	case search.EverythingChanged:
		p.everything = true
	case search.TargetsChanged:
		p.targets = true
	case search.Heartbeat:
		p.heartbeats = append(p.heartbeats, sample{kind: heartbeat, at: p.begun})
	}
	return false, false
}

// reached moves the position, and with it the time up to which all is known.
func (p *pending) reached(position search.Version) {
	p.position = max(p.position, position)
	if p.mark.position > 0 && p.position >= p.mark.position {
		p.asOf, p.mark = p.mark.at, mark{}
	}
}

// at notes when the log was how far, unless an earlier note is still awaited. It
// gives the time up to which the stream has said everything.
func (p *pending) at(m mark) time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.mark.position == 0 {
		p.mark = m
		p.reached(p.position)
	}
	return p.asOf
}

// changed puts a product into the lane of its most urgent change.
func (p *pending) changed(id int64, change search.Change, at time.Time) {
	e := p.products[id]
	if e == nil {
		e = &entry{id: id, lane: laneOf(change), since: p.position, arrived: time.Now()}
		p.products[id] = e
		p.lanes[e.lane].push(e)
	}
	e.note(change, at)
	if l := laneOf(change); l < e.lane {
		p.lanes[e.lane].leave(e)
		e.lane = l
		p.lanes[l].push(e)
	}
}

// due reports when there is something to take: now, or when the oldest quantity
// has waited for long enough; false when only an event can bring something.
func (p *pending) due(now time.Time, done search.Version) (at time.Time, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.lanes[fast].size+p.lanes[steady].size+len(p.categories)+len(p.heartbeats) > 0 || p.everything || p.targets || p.floor() > done {
		return now, true
	}
	if head := p.lanes[relaxed].head(); head != nil {
		return head.arrived.Add(p.window), true
	}
	return time.Time{}, false
}

// take gives what is due, up to most products, and what that means for the
// positions. Where all lanes wait, none is starved by those before it.
func (p *pending) take(now time.Time, most int) batch {
	p.mu.Lock()
	defer p.mu.Unlock()
	b := batch{
		categories: p.categories, transactions: p.transactions, everything: p.everything, targets: p.targets, heartbeats: p.heartbeats,
	}
	p.categories, p.transactions = map[int64]struct{}{}, map[uint32]struct{}{}
	p.everything, p.targets, p.heartbeats = false, false, nil
	share := most / 8
	for l := range p.lanes {
		room := most - len(b.entries)
		for _, later := range p.lanes[l+1:] {
			room -= min(later.size, share)
		}
		if l == relaxed {
			room = min(room, most/3) // what is urgent waits for the batch under way
		}
		for ; room > 0; room-- {
			e := p.lanes[l].head()
			if e == nil || (l == relaxed && e.arrived.Add(p.window).After(now)) {
				break
			}
			p.lanes[l].pop()
			delete(p.products, e.id)
			b.entries = append(b.entries, e)
		}
	}
	b.confirm, b.searchable, b.asOf = p.floor(), p.searchable(), p.asOf
	if oldest := p.oldestWaiting(); !oldest.IsZero() {
		b.asOf = oldest
	}
	signal(p.room)
	return b
}

// floor is the position up to which nothing waits.
func (p *pending) floor() search.Version {
	at := p.searchable()
	if head := p.lanes[relaxed].head(); head != nil {
		at = min(at, head.since)
	}
	return at
}

// searchable is the position up to which nothing waits but quantities, which
// nobody searches for.
func (p *pending) searchable() search.Version {
	return min(p.position, p.lanes[fast].since(p.position), p.lanes[steady].since(p.position))
}

func (p *pending) oldestWaiting() (at time.Time) {
	for _, l := range p.lanes[:relaxed] {
		l.each(func(e *entry) {
			if t := e.oldest(); !t.IsZero() && (at.IsZero() || t.Before(at)) {
				at = t
			}
		})
	}
	return at
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
