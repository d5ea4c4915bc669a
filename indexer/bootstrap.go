package indexer

import (
	"context"
	"time"

	"aforro/pkg/search"
)

// handover is a built version that becomes the live one when the stream has
// passed the end of the build.
type handover struct {
	version search.IndexVersion
	at      search.Version
}

func (x *Indexer) handover() *handover {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.awaited
}

func (x *Indexer) setHandover(h *handover) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.awaited = h
}

// bootstrap builds an index when there is no good one. Nothing of the stream is
// written meanwhile: its position stays, and it is replayed afterwards, so that
// one product is never written from two sides.
func (x *Indexer) bootstrap(ctx context.Context, history search.History, versions []search.IndexVersion) error {
	index, err := x.startBuild(ctx, history, versions)
	if err != nil {
		return err
	}
	begun := time.Now()
	x.Logger.Info("building the index", "index", index.Name, "from", index.Meta.BuiltTo)
	b := newBuild(x.Options, x.out, index, func(done, total int64) { x.status.set(Building, done, total) })
	if err := b.run(ctx); err != nil {
		return err
	}
	x.compact(ctx, index.Name)
	x.Logger.Info("built the index, catching up", "index", index.Name, "documents", b.done, "took", time.Since(begun).Round(time.Millisecond))
	x.status.set(CatchingUp, b.done, b.total)
	at, err := x.Log.AnnounceTargets(ctx)
	x.setHandover(&handover{version: b.index, at: at})
	return err
}

// startBuild takes up an interrupted build, or begins one. Other versions that
// nobody searches are removed, a reindex's among them: it may be under way.
func (x *Indexer) startBuild(ctx context.Context, history search.History, versions []search.IndexVersion) (search.IndexVersion, error) {
	var found *search.IndexVersion
	for _, v := range versions {
		unfinished := !v.Live && v.Whole && !v.Meta.Complete && !v.Meta.Reindex && v.Meta.Writer && v.Meta.BuiltTo > 0 && v.Meta.History == history && v.Current
		if unfinished && found == nil && !x.rebuild {
			found = &v
			continue
		}
		if v.Live {
			continue
		}
		if err := x.Versions.DeleteIndex(ctx, v.Name); err != nil {
			return v, err
		}
	}
	if found != nil {
		return *found, nil
	}
	return x.Versions.CreateIndex(ctx, search.IndexMeta{History: history, Writer: true})
}

// handOver makes the built version live once everything up to its end has been
// written, and removes the others: they lack what came meanwhile.
func (x *Indexer) handOver(ctx context.Context, position search.Version) error {
	h := x.handover()
	if h == nil || position < h.at {
		return nil
	}
	if err := x.Reader.Refresh(ctx, h.version.Name); err != nil {
		return err
	}
	h.version.Meta.Complete, h.version.Meta.BuiltTo = true, 0
	if err := x.Versions.SetMeta(ctx, h.version.Name, h.version.Meta); err != nil {
		return err
	}
	if err := x.Versions.SwapAlias(ctx, h.version.Name); err != nil {
		return err
	}
	x.setHandover(nil)
	versions, err := x.Versions.Indices(ctx)
	if err != nil {
		return err
	}
	for _, v := range versions {
		if v.Name != h.version.Name {
			if err := x.Versions.DeleteIndex(ctx, v.Name); err != nil {
				return err
			}
		}
	}
	x.status.set(Streaming, 0, 0)
	x.Logger.Info("the index is live", "index", h.version.Name)
	return nil
}
