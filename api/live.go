package api

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"aforro/pkg/search"
)

const (
	// liveTimeout bounds the reading of what products are now: after it the index's
	// word is taken.
	liveTimeout = 300 * time.Millisecond
	// liveCooldown is how long the database is not asked after it has failed, but
	// by one search at a time.
	liveCooldown = time.Second
	// fillRounds bounds how often the engine is asked to fill up one page of a walk.
	fillRounds = 8
)

// liveReader puts on a page what is true now.
type liveReader struct {
	o     *Options
	share *liveShare
	// until is when the database may be asked again, in Unix nanoseconds; 0: now.
	until atomic.Int64
	reads *prometheus.CounterVec
}

func newLiveReader(o *Options) (*liveReader, error) {
	r := &liveReader{o: o, share: newLiveShare(o.Truth), reads: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "aforro_live_reads_total",
		Help: "Readings of what the products of a page are now, by outcome; skipped: the database is being left alone after a failure.",
	}, []string{"outcome"})}
	if err := o.Metrics.Register(r.reads); err != nil {
		return nil, fmt.Errorf("register the metrics of live readings: %w", err)
	}
	return r, nil
}

// show gives the hits as they are now, without those that are none of the search
// any more. When that cannot be read it gives them as they are, and false.
func (r *liveReader) show(ctx context.Context, p search.Params, hits []search.Hit) ([]search.Hit, bool) {
	if len(hits) == 0 || r.o.FromIndex {
		return hits, true
	}
	live, ok := r.read(ctx, p, hits)
	if !ok {
		return hits, false
	}
	kept := hits[:0]
	for _, h := range hits {
		if now, sold := live[h.ID]; sold && now.Show(&h, p) {
			kept = append(kept, h)
		}
	}
	return kept, true
}

func (r *liveReader) read(ctx context.Context, p search.Params, hits []search.Hit) (map[int64]search.Live, bool) {
	if !r.allowed(time.Now()) {
		r.reads.WithLabelValues("skipped").Inc()
		return nil, false
	}
	ids := idsOf(hits)
	// Who shares the next reading waits for the one under way first.
	bounded, cancel := context.WithTimeout(ctx, 2*liveTimeout)
	defer cancel()
	live, err := r.ask(bounded, p, ids)
	switch {
	case err == nil:
		r.reads.WithLabelValues("done").Inc()
		if r.until.Load() != 0 && r.until.Swap(0) != 0 {
			r.o.Log.Info("pages of results show prices and stock from the database again")
		}
		return live, true
	case errors.Is(ctx.Err(), context.Canceled):
		return nil, false // the caller has gone; that says nothing about the database
	}
	r.reads.WithLabelValues("failed").Inc()
	if r.until.Swap(time.Now().Add(liveCooldown).UnixNano()) == 0 {
		r.o.Log.Warn("prices and stock cannot be read, pages of results show the index's", "error", err)
	}
	return nil, false
}

func (r *liveReader) ask(ctx context.Context, p search.Params, ids []int64) (map[int64]search.Live, error) {
	if p.Near != nil {
		bounded, cancel := context.WithTimeout(ctx, liveTimeout)
		defer cancel()
		return r.o.Truth.LiveNear(bounded, ids, p.Near.IDs())
	}
	return r.share.read(ctx, ids, liveKind{p.StoreID, p.InStock && p.StoreID == 0})
}

// allowed reports whether the database may be asked: always, or after a failure
// by one at a time once the cooldown is over.
func (r *liveReader) allowed(now time.Time) bool {
	until := r.until.Load()
	return until == 0 || now.UnixNano() >= until && r.until.CompareAndSwap(until, now.Add(liveCooldown).UnixNano())
}

// complete shows what is true now on the page. A page of a walk from which hits
// were dropped is filled up by going on; one that cannot be filled is shorter,
// and its cursor leads on. It reports false when some of it is the index's word.
func (s *Server) complete(ctx context.Context, p search.Params, page *search.Page) bool {
	hits, live := s.live.show(ctx, p, page.Hits)
	page.Hits = hits
	size := p.PageSize
	for round := 0; round < fillRounds && p.Cursor != "" && page.NextCursor != "" && len(page.Hits) < size; round++ {
		p.Cursor, p.PageSize, p.Facets = page.NextCursor, size-len(page.Hits), nil
		more, err := s.o.Engine.Search(ctx, p)
		if err != nil {
			s.o.Log.DebugContext(ctx, "a page of a walk could not be filled up", "request", requestID(ctx), "error", err)
			break
		}
		hits, ok := s.live.show(ctx, p, more.Hits)
		page.Hits, page.NextCursor, live = append(page.Hits, hits...), more.NextCursor, live && ok
	}
	return live
}
