package indexer

import (
	"context"
	"sync"
	"time"

	"aforro/pkg/fault"
	"aforro/pkg/lifecycle"
	"aforro/pkg/search"
)

const (
	// refreshShare: after a refresh there is a rest of this many times its length,
	// so that refreshing stays a part of what the index does.
	refreshShare = 2
	// mostRest bounds it.
	mostRest = 500 * time.Millisecond
	// relaxedRefresh is how long quantities alone wait for a refresh.
	relaxedRefresh = time.Second
)

// stored is what was written and waits to become searchable.
type stored struct {
	samples    []sample
	ids        []int64
	everything bool
	urgent     bool
	// searchable is what is searchable after a refresh, as of a time.
	searchable search.Version
	asOf       time.Time
}

// shelf is where the flusher puts what it has written for the refresher.
type shelf struct {
	mu     sync.Mutex
	stored stored
	signal chan struct{}
}

func newShelf() *shelf { return &shelf{signal: make(chan struct{}, 1)} }

// written notes a batch that is done.
func (x *Indexer) written(b batch) {
	x.shelf.mu.Lock()
	defer x.shelf.mu.Unlock()
	s := &x.shelf.stored
	s.samples = append(s.samples, b.samples()...)
	for _, e := range b.entries {
		if e.lane != relaxed {
			s.ids = append(s.ids, e.id)
		}
	}
	s.everything = s.everything || b.everything || b.targets || len(b.categories) > 0
	s.urgent = s.urgent || b.urgent()
	s.searchable, s.asOf = b.searchable, b.asOf
	signal(x.shelf.signal)
}

// take gives what waits. Unless something of it is searched for, quantities stay
// until they are due: the position does not wait for them.
func (s *shelf) take(due bool) (taken stored, refresh bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	taken = s.stored
	refresh = taken.urgent || (due && len(taken.samples) > 0)
	s.stored = stored{searchable: taken.searchable, asOf: taken.asOf}
	if !refresh {
		s.stored.samples, taken.samples = taken.samples, nil
	}
	return taken, refresh
}

// refreshLoop makes what was written searchable as soon as somebody could want
// it, and measures how long each change took.
func (x *Indexer) refreshLoop(ctx context.Context) error {
	var last time.Time
	for {
		if err := x.shelf.await(ctx, last.Add(relaxedRefresh)); err != nil {
			return err
		}
		s, refresh := x.shelf.take(time.Since(last) >= relaxedRefresh)
		begun := time.Now()
		if refresh {
			if err := x.refresh(ctx); err != nil {
				return err
			}
			last = time.Now()
			x.fresh.measure(s.samples, last)
		}
		if x.handover() == nil {
			x.news.shown(s)
		}
		if err := lifecycle.Sleep(ctx, min(refreshShare*time.Since(begun), mostRest)); err != nil {
			return err
		}
	}
}

// await returns when something was written, or when quantities that wait are due.
func (s *shelf) await(ctx context.Context, due time.Time) error {
	s.mu.Lock()
	waiting := len(s.stored.samples) > 0
	s.mu.Unlock()
	var timeout <-chan time.Time
	if waiting {
		timer := time.NewTimer(time.Until(due))
		defer timer.Stop()
		timeout = timer.C
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-s.signal:
	case <-timeout:
	}
	return nil
}

// refresh makes the live index show what was written. While it is away there is
// nothing to show; when it is gone another part notices.
func (x *Indexer) refresh(ctx context.Context) error {
	for try := 0; ; try++ {
		err := x.Reader.RefreshLive(ctx)
		switch {
		case err == nil, fault.Is(err, fault.NotFound):
			return nil
		case !fault.Is(err, fault.Unavailable):
			return err
		}
		if err := lifecycle.Sleep(ctx, lifecycle.Backoff(try, firstRetry, mostRetry)); err != nil {
			return err
		}
	}
}
