package indexer

import (
	"cmp"
	"context"
	"maps"
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

// page is how many products are read at once to keep all senders busy.
func (x *Indexer) page() int { return min(x.BulkSize*x.Senders, mostRead) }

// flush writes everything a batch is about. When it returns nil, each of its
// documents is in every target, or was refused and reported.
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
	if err := x.awaitVisible(ctx, slices.Collect(maps.Keys(b.transactions))); err != nil {
		return err
	}
	if b.everything {
		if err := x.resync(ctx); err != nil {
			return err
		}
	}
	if err := x.writeProducts(ctx, sorted(b.products)); err != nil {
		return err
	}
	for _, category := range sorted(b.categories) {
		if err := x.writeCategory(ctx, category); err != nil {
			return err
		}
	}
	x.m.flushed(len(b.products), time.Since(begun), lag(b.oldest))
	return nil
}

func sorted[K cmp.Ordered](set map[K]struct{}) []K { return slices.Sorted(maps.Keys(set)) }

// awaitVisible returns when every later reading sees the transactions.
func (x *Indexer) awaitVisible(ctx context.Context, transactions []uint32) error {
	for {
		visible, err := x.Source.Visible(ctx, transactions)
		if err != nil || visible {
			return err
		}
		x.m.invisible.Inc()
		if err := lifecycle.Sleep(ctx, visibleEvery); err != nil {
			return err
		}
	}
}

// writeProducts writes products in chunks, several at once. The ids are
// distinct, so no product is in two of them.
func (x *Indexer) writeProducts(ctx context.Context, ids []int64) error {
	if len(ids) <= x.BulkSize {
		return x.writeChunk(ctx, ids)
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(x.Senders)
	for chunk := range slices.Chunk(ids, x.BulkSize) {
		g.Go(func() error { return x.writeChunk(ctx, chunk) })
	}
	return g.Wait()
}

// writeCategory writes all products of a category, a bounded number at a time.
func (x *Indexer) writeCategory(ctx context.Context, category int64) error {
	for after := int64(0); ; {
		ids, err := x.Source.CategoryProducts(ctx, category, after, x.page())
		if err != nil || len(ids) == 0 {
			return err
		}
		if err := x.writeProducts(ctx, ids); err != nil {
			return err
		}
		after = ids[len(ids)-1]
	}
}

// writeChunk reads the products as they are and writes them to every target,
// reading again when that took too long.
func (x *Indexer) writeChunk(ctx context.Context, ids []int64) error {
	if len(ids) == 0 {
		return nil
	}
	for _, index := range x.Targets() {
		err := x.out.readAndSend(ctx, index, ids)
		if isGone(err) && x.reloadTargets(ctx) == nil {
			// A version that was being built was given up: the live one remains.
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// resync writes every product and whatever else the indices hold: after a
// truncate the stream does not say what is concerned.
func (x *Indexer) resync(ctx context.Context) error {
	x.Logger.Info("a table was truncated: comparing everything")
	for after := int64(0); ; {
		p, err := x.Source.ProjectAfter(ctx, after, x.page())
		if err != nil {
			return err
		}
		if len(p.Documents) == 0 {
			break
		}
		if err := x.writeProducts(ctx, documentIDs(p.Documents)); err != nil {
			return err
		}
		after = p.Documents[len(p.Documents)-1].ID
	}
	for _, index := range x.Targets() {
		for _, part := range search.Parts {
			if err := x.rewrite(ctx, index, part); err != nil {
				return err
			}
		}
	}
	return nil
}

// rewrite writes every product that a part of the index holds, removing those
// that are gone.
func (x *Indexer) rewrite(ctx context.Context, index string, part search.Part) error {
	if err := x.Reader.Refresh(ctx, index); err != nil {
		return err
	}
	for after := int64(0); ; {
		stored, err := x.Reader.Scan(ctx, index, part, after, x.page())
		if err != nil || len(stored) == 0 {
			return err
		}
		ids := make([]int64, len(stored))
		for i, s := range stored {
			ids[i] = s.ID
		}
		if err := x.writeProducts(ctx, ids); err != nil {
			return err
		}
		after = ids[len(ids)-1]
	}
}

func documentIDs(docs []search.Document) []int64 {
	ids := make([]int64, len(docs))
	for i := range docs {
		ids[i] = docs[i].ID
	}
	return ids
}
