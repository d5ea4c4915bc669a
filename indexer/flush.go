package indexer

import (
	"context"
	"errors"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"aforro/pkg/lifecycle"
	"aforro/pkg/search"
)

// visibleEvery is how often a transaction that was streamed before it is
// visible is asked for again. With a synchronous standby that can take long.
const visibleEvery = 5 * time.Millisecond

// mostRead bounds how many documents are read at once, on either side: an
// index gives no more than index.max_result_window, and whole documents are large.
const mostRead = 10_000

// leastBulk is how many documents are worth a bulk of their own.
const leastBulk = 100

// page is how many products are read at once to keep all senders busy.
func (x *Indexer) page() int { return min(x.BulkSize*x.Senders, mostRead) }

// flushLoop writes what is pending, one batch after the other: the first change
// at once, those that follow gathered for the window.
func (x *Indexer) flushLoop(ctx context.Context, stream search.ChangeStream, p *pending) error {
	var done search.Version
	for {
		if err := x.awaitDue(ctx, p, done); err != nil {
			return err
		}
		begun := time.Now()
		b := p.take(begun, x.page())
		x.progress.begin(begun)
		if err := x.flush(ctx, b); err != nil {
			return err
		}
		x.progress.end()
		x.written(b)
		if b.confirm > done {
			done = b.confirm
			stream.Confirm(done)
			x.m.position.Set(float64(done))
		}
		if err := x.handOver(ctx, b.confirm); err != nil {
			return err
		}
		if err := lifecycle.Sleep(ctx, x.Window-time.Since(begun)); err != nil {
			return err
		}
	}
}

// awaitDue returns when there is something to take.
func (x *Indexer) awaitDue(ctx context.Context, p *pending, done search.Version) error {
	for {
		wait := time.Hour
		if at, ok := p.due(time.Now(), done); ok {
			if wait = time.Until(at); wait <= 0 {
				return nil
			}
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-p.more:
		case <-timer.C:
		}
		timer.Stop()
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// flush writes everything a batch is about. When it returns nil, each of its
// documents is in every target, or in quarantine.
func (x *Indexer) flush(ctx context.Context, b batch) error {
	if b.idle() {
		return nil
	}
	begun := time.Now()
	if b.targets {
		if err := x.reloadTargets(ctx); err != nil {
			return err
		}
		x.Logger.Info("written indices", "indices", x.Targets())
	}
	if err := awaitVisible(ctx, x.Source, x.m, b.transactions); err != nil {
		return err
	}
	if b.everything {
		if err := x.resync(ctx); err != nil {
			return err
		}
	}
	ids, listing := b.ids()
	if err := x.writeProducts(ctx, ids, listing); err != nil {
		return err
	}
	for category := range b.categories {
		if err := x.writeCategory(ctx, category); err != nil {
			return err
		}
	}
	x.m.flushed(len(ids), time.Since(begun))
	return nil
}

// awaitVisible returns when every later reading sees the transactions.
func awaitVisible(ctx context.Context, source Source, m *metrics, transactions map[uint32]struct{}) error {
	if len(transactions) == 0 {
		return nil
	}
	list := make([]uint32, 0, len(transactions))
	for t := range transactions {
		list = append(list, t)
	}
	for {
		visible, err := source.Visible(ctx, list)
		if err != nil || visible {
			return err
		}
		m.invisible.Inc()
		if err := lifecycle.Sleep(ctx, visibleEvery); err != nil {
			return err
		}
	}
}

// everyListing: the suggestions of all products are written.
var everyListing map[int64]bool

// writeProducts writes products in chunks, several at once. The ids are
// distinct, so no product is in two of them. listing names those whose
// suggestions are written as well.
func (x *Indexer) writeProducts(ctx context.Context, ids []int64, listing map[int64]bool) error {
	// All senders are kept busy, unless there is too little for that.
	size := min(x.BulkSize, max(leastBulk, (len(ids)+x.Senders-1)/x.Senders))
	if len(ids) <= size {
		return x.writeChunk(ctx, ids, listing)
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(x.Senders)
	for chunk := range slices.Chunk(ids, size) {
		g.Go(func() error { return x.writeChunk(ctx, chunk, listing) })
	}
	return g.Wait()
}

// writeCategory writes all products of a category and their titles, which have its
// name too, a bounded number at a time.
func (x *Indexer) writeCategory(ctx context.Context, category int64) error {
	for after := int64(0); ; {
		ids, err := x.Source.CategoryProducts(ctx, category, after, x.page())
		if err != nil || len(ids) == 0 {
			return err
		}
		if err := x.writeProducts(ctx, ids, everyListing); err != nil {
			return err
		}
		after = ids[len(ids)-1]
	}
}

// writeChunk reads the products as they are and writes them to every target,
// reading again when that took too long.
func (x *Indexer) writeChunk(ctx context.Context, ids []int64, listing map[int64]bool) error {
	if len(ids) == 0 {
		return nil
	}
	for {
		list, readAt, err := x.out.read(ctx, ids, listing)
		if err != nil {
			return err
		}
		if err := x.toTargets(ctx, list, readAt); !errors.Is(err, errStale) {
			if err == nil {
				x.progress.begin(time.Now()) // a large batch is no standstill
			}
			return err
		}
	}
}

// toTargets sends what was read to each index that is written.
func (x *Indexer) toTargets(ctx context.Context, list []search.Write, readAt time.Time) error {
	g, ctx := errgroup.WithContext(ctx)
	for _, index := range x.Targets() {
		g.Go(func() error {
			err := x.out.send(ctx, index, list, readAt)
			if isGone(err) && x.reloadTargets(ctx) == nil {
				// A version that was being built was given up: the live one remains.
				return nil
			}
			return err
		})
	}
	return g.Wait()
}
