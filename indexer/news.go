package indexer

import (
	"context"
	"crypto/rand"
	"sync"
	"sync/atomic"
	"time"

	"aforro/pkg/lifecycle"
	"aforro/pkg/search"
)

const (
	// tellEvery is how often every process is told how far the index is, also
	// when nothing changes; tellGap is how soon after the last time at the earliest.
	tellEvery = 200 * time.Millisecond
	tellGap   = 40 * time.Millisecond
	// mostBehind is how far the stream may be behind for what it said of changes
	// to count as complete.
	mostBehind = time.Second
	// freshnessEvery is how often the measured freshness is told.
	freshnessEvery = time.Second
)

// news gathers what every process is to know, and tells it: which products have
// changed, as soon as the stream says so, whether or not the index can be
// written; and what has become searchable.
type news struct {
	teller Teller
	source Source
	m      *metrics
	fresh  *freshness
	epoch  string
	signal chan struct{}

	// lag is how old what searches see was when it was last told.
	lag atomic.Int64

	mu           sync.Mutex
	ids          map[int64]struct{}
	transactions map[uint32]struct{}
	everything   bool
	visible      search.Version
	asOf         time.Time
	// waiting is since when the receiver has waited for room; zero: it does not.
	waiting time.Time
}

func newNews(o Options, m *metrics, fresh *freshness) *news {
	return &news{
		teller: o.Teller, source: o.Source, m: m, fresh: fresh, epoch: rand.Text(), signal: make(chan struct{}, 1),
		ids: map[int64]struct{}{}, transactions: map[uint32]struct{}{},
	}
}

// hear notes what the stream says.
func (n *news) hear(e search.Event, transaction uint32) {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch e.Kind {
	case search.ProductChanged:
		n.ids[e.ID] = struct{}{}
	case search.CategoryChanged, search.EverythingChanged, search.TargetsChanged:
		n.everything = true
	case search.Commit:
		if len(n.ids) > 0 || n.everything {
			signal(n.signal)
		}
		return
	default:
		return
	}
	n.transactions[transaction] = struct{}{}
}

// shown notes what has become searchable.
func (n *news) shown(s stored) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, id := range s.ids {
		n.ids[id] = struct{}{}
	}
	n.everything = n.everything || s.everything
	n.visible, n.asOf = s.searchable, s.asOf
	signal(n.signal)
}

// wait and goOn stand around a time in which the stream is not read.
func (n *news) wait() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.waiting = time.Now()
}

func (n *news) goOn() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.waiting = time.Time{}
}

// run tells the news until ctx ends. log and p say how far the stream is behind.
func (n *news) run(ctx context.Context, log Log, p *pending) error {
	var sequence int64
	var measured time.Time
	for {
		now, at, err := log.Now(ctx)
		if err != nil {
			return err
		}
		heard := p.at(mark{position: now, at: at})
		message, transactions := n.take()
		if message.Visible > 0 && message.Visible >= now {
			message.AsOf = at // nothing was left to do
		}
		if !message.AsOf.IsZero() {
			n.lag.Store(int64(at.Sub(message.AsOf)))
		}
		// A transaction may be streamed before it is visible: who read again now
		// would read the old.
		if err := awaitVisible(ctx, n.source, n.m, transactions); err != nil {
			return err
		}
		if message.Everything || at.Sub(heard) > mostBehind {
			message.Everything, message.Changed = true, nil
		}
		sequence++
		message.Epoch, message.Sequence = n.epoch, sequence
		if time.Since(measured) > freshnessEvery {
			measured = time.Now()
			message.Freshness = n.fresh.lately()
		}
		if n.teller != nil {
			if err := n.teller.Tell(ctx, message); err != nil {
				return err
			}
		}
		n.m.lag(at, message.AsOf)
		if err := n.pause(ctx); err != nil {
			return err
		}
	}
}

// pace is kept by work that can wait.
func (n *news) pace() pace {
	return pace{lag: func() time.Duration { return time.Duration(n.lag.Load()) }}
}

func (n *news) take() (search.Progress, map[uint32]struct{}) {
	n.mu.Lock()
	defer n.mu.Unlock()
	stuck := !n.waiting.IsZero() && time.Since(n.waiting) > mostBehind/2
	message := search.Progress{Visible: n.visible, AsOf: n.asOf, Everything: n.everything || stuck}
	for id := range n.ids {
		message.Changed = append(message.Changed, id)
	}
	transactions := n.transactions
	n.ids, n.transactions, n.everything = map[int64]struct{}{}, map[uint32]struct{}{}, false
	return message, transactions
}

// pause waits for news, not too short and not too long.
func (n *news) pause(ctx context.Context) error {
	if err := lifecycle.Sleep(ctx, tellGap); err != nil {
		return err
	}
	timer := time.NewTimer(tellEvery)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-n.signal:
	case <-timer.C:
	}
	return nil
}
