package indexer

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"aforro/pkg/lifecycle"
	"aforro/pkg/search"
)

// build reads the whole catalogue in the order of its ids and writes it to one
// index. Each chunk has its own snapshot and version: the stream replays what
// changed since the slot's position, so chunks may differ in time. One long
// snapshot would hold back vacuum and could not be resumed.
type build struct {
	out      *sender
	source   Source
	versions Versions
	index    search.IndexVersion
	size     int
	senders  int
	// checkpoint is how often index.Meta.BuiltTo is noted.
	checkpoint time.Duration
	// yield: another process streams to the same index meanwhile.
	yield bool
	// throttle is the most documents a second, 0 for no limit.
	throttle int
	pace     pace
	// refresh is done at each checkpoint; nil: never. What is written all at once at
	// the end holds up changes for seconds.
	refresh func(ctx context.Context, index string) error
	// progress is told after each chunk, never twice at once.
	progress func(done, total int64)

	mu    sync.Mutex
	total int64
	done  int64
	saved time.Time
	// ended holds the chunks that are done out of turn, by the id before them.
	ended map[int64]int64
}

func newBuild(o Options, out *sender, index search.IndexVersion, progress func(done, total int64)) *build {
	return &build{
		out: out, source: o.Source, versions: o.Versions, index: index, size: o.BulkSize, senders: o.Senders,
		checkpoint: o.CheckpointEvery, throttle: o.Throttle, progress: progress,
	}
}

// chunk is what is sent in one bulk.
type chunk struct {
	after  int64
	docs   []search.Document
	at     search.Version
	readAt time.Time
}

// run builds from index.Meta.BuiltTo to the end. Reading goes on while sending.
func (b *build) run(ctx context.Context) error {
	var err error
	if b.total, err = b.source.CountActive(ctx); err != nil {
		return err
	}
	if b.index.Meta.BuiltTo > 0 {
		b.done = b.index.Docs
	}
	b.ended, b.saved = map[int64]int64{}, time.Now()
	b.progress(b.done, b.total)
	chunks := make(chan chunk, b.senders)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		defer close(chunks)
		return b.read(ctx, chunks)
	})
	for range b.senders {
		g.Go(func() error { return b.write(ctx, chunks) })
	}
	return g.Wait()
}

func (b *build) read(ctx context.Context, chunks chan<- chunk) error {
	next := time.Now()
	for after := b.index.Meta.BuiltTo; ; {
		if err := lifecycle.Sleep(ctx, time.Until(next)); err != nil {
			return err
		}
		if err := b.pace.await(ctx, patience); err != nil {
			return err
		}
		readAt := time.Now()
		p, err := b.source.ProjectAfter(ctx, after, b.size)
		if err != nil || len(p.Documents) == 0 {
			return err
		}
		select {
		case chunks <- chunk{after: after, docs: p.Documents, at: p.Version, readAt: readAt}:
		case <-ctx.Done():
			return ctx.Err()
		}
		after = p.Documents[len(p.Documents)-1].ID
		if b.throttle > 0 {
			next = readAt.Add(time.Duration(len(p.Documents)) * time.Second / time.Duration(b.throttle))
		}
	}
}

func (b *build) write(ctx context.Context, chunks <-chan chunk) error {
	for c := range chunks {
		last := c.docs[len(c.docs)-1].ID
		if err := b.send(ctx, c); err != nil {
			return err
		}
		if err := b.finished(ctx, c.after, last, len(c.docs)); err != nil {
			return err
		}
	}
	return nil
}

// send writes a chunk, read again as often as it grows too old. What is no
// longer there is left out: the stream tells of it.
func (b *build) send(ctx context.Context, c chunk) error {
	ids := documentIDs(c.docs)
	for {
		list := writes(documentIDs(c.docs), c.docs, c.at, everyListing)
		for i := range list {
			list[i].Yield = b.yield
		}
		err := b.out.send(ctx, b.index.Name, list, c.readAt)
		if !errors.Is(err, errStale) {
			return err
		}
		c.readAt = time.Now()
		if c.at, err = b.out.log.Position(ctx); err != nil {
			return err
		}
		if c.docs, err = b.source.Project(ctx, ids); err != nil || len(c.docs) == 0 {
			return err
		}
	}
}

// finished counts a chunk and now and then makes a checkpoint: it notes how far the
// build is.
func (b *build) finished(ctx context.Context, after, last int64, n int) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.done += int64(n)
	b.progress(b.done, max(b.total, b.done))
	b.ended[after] = last
	meta := &b.index.Meta
	for next, ok := b.ended[meta.BuiltTo]; ok; next, ok = b.ended[meta.BuiltTo] {
		delete(b.ended, meta.BuiltTo)
		meta.BuiltTo = next
	}
	if time.Since(b.saved) < b.checkpoint {
		return nil
	}
	b.saved = time.Now()
	if b.refresh != nil {
		if err := b.refresh(ctx, b.index.Name); err != nil {
			return err
		}
	}
	return b.versions.SetMeta(ctx, b.index.Name, *meta)
}

// compact has a version merged that was just built. One that is not is only slower.
func (o Options) compact(ctx context.Context, index string) {
	if err := o.Versions.CompactIndex(ctx, index); err != nil && ctx.Err() == nil {
		o.Logger.Warn("the new index could not be merged, searches of it are slower until Elasticsearch does so by itself", "index", index, "error", err)
	}
}
