package indexer

import (
	"context"
	"time"

	"aforro/pkg/fault"
	"aforro/pkg/search"
)

// version finds one version by its name.
func (r *Reindexer) version(ctx context.Context, name string) (v search.IndexVersion, found bool, err error) {
	versions, err := r.o.Versions.Indices(ctx)
	for _, v := range versions {
		if v.Name == name {
			return v, true, nil
		}
	}
	return v, false, err
}

// swap makes a version live in the place of another, which stays written. A kill
// between any two steps leaves a whole index live: marks of retirement mean
// nothing on a live one.
func (r *Reindexer) swap(ctx context.Context, lock search.Lock, old string, index search.IndexVersion) error {
	if err := r.swappable(ctx, lock, old, index); err != nil {
		return err
	}
	index.Meta.Complete = true
	if err := r.o.Versions.SetMeta(ctx, index.Name, index.Meta); err != nil {
		return err
	}
	before, _, err := r.version(ctx, old)
	if err != nil {
		return err
	}
	before.Meta.Reindex, before.Meta.BuiltTo, before.Meta.RetiredAt = false, 0, time.Now().UTC()
	if err := r.o.Versions.SetMeta(ctx, old, before.Meta); err != nil {
		return err
	}
	if err := r.o.Versions.SwapAlias(ctx, index.Name); err != nil {
		return err
	}
	index.Meta.Reindex, index.Meta.BuiltTo, index.Meta.RetiredAt = false, 0, time.Time{}
	if err := r.o.Versions.SetMeta(ctx, index.Name, index.Meta); err != nil {
		return err
	}
	// Pages of the version before are out of date.
	_, err = r.o.Log.AnnounceTargets(ctx)
	return err
}

// swappable makes sure that nothing has changed meanwhile: nobody else may swap,
// and the indexer may have had to build anew.
func (r *Reindexer) swappable(ctx context.Context, lock search.Lock, old string, index search.IndexVersion) error {
	if err := lock.Held(ctx); err != nil {
		return err
	}
	history, versions, err := r.survey(ctx)
	if err != nil {
		return err
	}
	before, ok := live(versions, history)
	for _, v := range versions {
		same := v.Name == index.Name && v.Meta.CreatedAt.Equal(index.Meta.CreatedAt)
		if ok && before.Name == old && same && v.Meta.Writer && v.Meta.History == history {
			return nil
		}
	}
	return fault.New(fault.Conflict, "the indexer has begun a new index meanwhile, so this one is given up; run 'aforro reindex' when it is live")
}
