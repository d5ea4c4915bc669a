package indexer

import (
	"context"
	"time"

	"aforro/pkg/fault"
	"aforro/pkg/search"
)

// abandonedAfter is how long what a killed reindex left is kept for the next
// one to take up. All the while it costs a write for each change.
const abandonedAfter = 24 * time.Hour

// retire removes the versions whose time is over. What it cannot do now it does
// at a later look.
func (x *Indexer) retire(ctx context.Context) {
	versions, err := x.Versions.Indices(ctx)
	if err != nil || len(x.over(versions)) == 0 {
		return
	}
	if err := x.removeOver(ctx); err != nil && !fault.Is(err, fault.Conflict) {
		x.Logger.Warn("remove versions of the index whose time is over", "error", err)
	}
}

// over lists the versions that another took the place of at least Keep ago, and
// what reindexes left unfinished.
func (x *Indexer) over(versions []search.IndexVersion) []string {
	var names []string
	for _, v := range versions {
		retired := !v.Meta.RetiredAt.IsZero() && time.Since(v.Meta.RetiredAt) >= x.Keep
		abandoned := v.Meta.Reindex && v.Meta.RetiredAt.IsZero() && time.Since(v.Meta.CreatedAt) >= abandonedAfter
		if !v.Live && (retired || abandoned) {
			names = append(names, v.Name)
		}
	}
	return names
}

// removeOver removes them unless a reindex or a roll-back is under way: those
// may be about to use one. So they are listed again under the lock.
func (x *Indexer) removeOver(ctx context.Context) error {
	lock, err := x.Locks.LockReindex(ctx)
	if err != nil {
		return err
	}
	defer lock.Release()
	versions, err := x.Versions.Indices(ctx)
	if err != nil {
		return err
	}
	for _, name := range x.over(versions) {
		if err := x.Versions.DeleteIndex(ctx, name); err != nil {
			return err
		}
		x.Logger.Info("removed an index whose time was over", "index", name)
	}
	_, err = x.Log.AnnounceTargets(ctx)
	return err
}
