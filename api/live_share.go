package api

import (
	"context"
	"sync"

	"aforro/pkg/search"
)

// liveShare reads what products are now for many searches at once: of each kind one
// reading is under way, and those who ask meanwhile share the next. A reading never
// begins before somebody asked who gets it, so it is as true as one of his own.
type liveShare struct {
	truth Truth
	mu    sync.Mutex
	// under has the kinds of which a reading is under way, and the next one of them;
	// nil while nobody asks for it.
	under map[liveKind]*liveReading
}

// liveKind is what readings must have in common to be one.
type liveKind struct {
	store    int64
	anywhere bool
}

type liveReading struct {
	ids  []int64
	done chan struct{}
	live map[int64]search.Live
	err  error
}

func newLiveShare(truth Truth) *liveShare {
	return &liveShare{truth: truth, under: map[liveKind]*liveReading{}}
}

// read is Truth.Live; the map may have more products, and belongs to others too.
func (r *liveShare) read(ctx context.Context, ids []int64, kind liveKind) (map[int64]search.Live, error) {
	r.mu.Lock()
	next, busy := r.under[kind]
	if !busy {
		r.under[kind] = nil
		r.mu.Unlock()
		defer r.over(ctx, kind)
		bounded, cancel := context.WithTimeout(ctx, liveTimeout)
		defer cancel()
		return r.truth.Live(bounded, ids, kind.store, kind.anywhere)
	}
	if next == nil {
		next = &liveReading{done: make(chan struct{})}
		r.under[kind] = next
	}
	next.ids = append(next.ids, ids...)
	r.mu.Unlock()
	select {
	case <-next.done:
		return next.live, next.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// over ends a reading: the next begins, if somebody waits for it. Whoever leaves
// meanwhile does not end it.
func (r *liveShare) over(ctx context.Context, kind liveKind) {
	r.mu.Lock()
	defer r.mu.Unlock()
	next := r.under[kind]
	if next == nil {
		delete(r.under, kind)
		return
	}
	r.under[kind] = nil
	go r.work(context.WithoutCancel(ctx), next, kind)
}

func (r *liveShare) work(ctx context.Context, own *liveReading, kind liveKind) {
	bounded, cancel := context.WithTimeout(ctx, liveTimeout)
	defer cancel()
	defer r.over(ctx, kind)
	own.live, own.err = r.truth.Live(bounded, own.ids, kind.store, kind.anywhere)
	close(own.done)
}
