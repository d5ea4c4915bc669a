package indexer

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"aforro/pkg/lifecycle"
	"aforro/pkg/search"
)

// session holds the stream from its opening until something fails: it is open
// also during a build, so that no second process builds beside.
func (x *Indexer) session(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if err := x.ensureSlot(ctx); err != nil {
		return err
	}
	stream, err := x.Slot.Open(ctx)
	if err != nil {
		return err
	}
	defer stream.Close()
	pending := newPending(x.MaxPending, x.QuantityWindow)
	x.news, x.shelf = newNews(x.Options, x.m, x.fresh), newShelf()
	x.progress.reset(time.Now())
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return receive(ctx, stream, pending, x.news) })
	g.Go(func() error { return x.news.run(ctx, x.Log, pending) })
	g.Go(func() error { return x.heartbeats(ctx) })
	g.Go(func() error { return x.index(ctx, stream, pending) })
	return g.Wait()
}

// receive moves events from the stream into pending until the stream ends.
func receive(ctx context.Context, stream search.ChangeStream, p *pending, n *news) error {
	var transaction uint32
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case e, ok := <-stream.Events():
			if !ok {
				return cmp.Or(stream.Err(), ctx.Err(), errEnded)
			}
			if e.Kind == search.Begin {
				transaction = e.Transaction
			}
			n.hear(e, transaction)
			if err := p.add(ctx, e, n); err != nil {
				return err
			}
		}
	}
}

// index makes sure that there is an index to write to and then writes.
func (x *Indexer) index(ctx context.Context, stream search.ChangeStream, p *pending) error {
	x.setHandover(nil)
	history, versions, err := x.survey(ctx)
	if err != nil {
		return err
	}
	v, ok := live(versions, history)
	if ok && !x.rebuild {
		if err := x.fromTheFuture(ctx, v.Name); err != nil {
			return err
		}
	}
	if ok && !v.Current {
		x.Logger.Warn("the live index was made with other settings or mappings: run 'aforro reindex'", "index", v.Name)
	}
	if err := x.tolerate(ctx, versions); err != nil {
		return err
	}
	if !ok || x.rebuild {
		if err := x.bootstrap(ctx, history, versions); err != nil {
			return err
		}
		x.rebuild = false
	}
	if err := x.reloadTargets(ctx); err != nil {
		return err
	}
	if x.handover() == nil {
		x.status.set(Streaming, 0, 0)
		x.Logger.Info("following changes", "indices", x.Targets())
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return x.flushLoop(ctx, stream, p) })
	g.Go(func() error { return x.refreshLoop(ctx) })
	g.Go(func() error { return x.lookAfter(ctx) })
	g.Go(func() error { return x.check.run(ctx, x.follows, x.news.pace()) })
	if ok && v.Meta.Suspect && x.handover() == nil {
		g.Go(func() error { return x.heal(ctx, v.Name) })
	}
	return g.Wait()
}

// tolerate has the versions of an older program take documents of this one.
func (x *Indexer) tolerate(ctx context.Context, versions []search.IndexVersion) error {
	for _, v := range versions {
		if v.Whole && v.Meta.Writer && !v.Current {
			if err := x.Versions.Tolerate(ctx, v.Name); err != nil {
				return err
			}
		}
	}
	return nil
}

// follows reports whether every change goes to an index that is live for good.
func (x *Indexer) follows(index string) bool {
	return x.handover() == nil && slices.Contains(x.Targets(), index)
}

// lookAfter notices what no write would: an index that was deleted or emptied
// while nothing changes. It also measures what the server keeps for us.
func (x *Indexer) lookAfter(ctx context.Context) error {
	for {
		if err := lifecycle.Sleep(ctx, x.CheckEvery); err != nil {
			return err
		}
		x.inspect(ctx)
		x.retire(ctx)
		lost, err := x.emptied(ctx)
		switch {
		case errors.Is(err, errGone):
			return err
		case err != nil:
			x.Logger.Debug("look after the index", "error", err)
		case lost:
			x.rebuild, x.census = true, census{}
			return errGone
		}
	}
}

// emptied reports whether the live index has lost more than half of its
// documents; errGone when there is no live index of ours.
func (x *Indexer) emptied(ctx context.Context) (bool, error) {
	if x.handover() != nil {
		return false, nil
	}
	history, versions, err := x.survey(ctx)
	if err != nil {
		return false, err
	}
	v, ok := live(versions, history)
	if !ok {
		return false, errGone
	}
	if x.census.plausible(v.Docs, time.Now()) {
		return false, nil
	}
	n, err := x.Source.CountActive(ctx)
	if err != nil {
		return false, err
	}
	x.census.take(n, time.Now())
	if v.Docs >= (n+1)/2 {
		x.census.doubt = 0
		return false, nil
	}
	return x.missing(ctx, v, n)
}

// missing tells documents that are lost from those that are on their way: at one
// look it asks the stream to say when it has passed that time, at another it sees
// that it has, and at a third what was there then must be in the index.
func (x *Indexer) missing(ctx context.Context, v search.IndexVersion, products int64) (lost bool, err error) {
	c := &x.census
	switch {
	case c.doubt == 0 || v.Docs >= (c.products+1)/2:
		c.products, c.passed = products, false
		c.doubt, err = x.Log.AskFor(ctx, nil)
		return false, err
	case c.passed:
		return true, nil
	}
	s, err := x.Slot.State(ctx)
	if err != nil || s.Confirmed < c.doubt {
		return false, err
	}
	c.passed = true
	return false, x.Reader.Refresh(ctx, v.Name)
}
