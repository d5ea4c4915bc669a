package indexer

import (
	"context"
	"time"

	"aforro/pkg/fault"
	"aforro/pkg/search"
)

// Rollback makes the version live again whose place another took last. It was
// written all the while, so nothing is lost; and what was live stays written, so
// that one can go forth again. Conflict: there is none any more, or it has not
// as many documents as there are products.
func (r *Reindexer) Rollback(ctx context.Context) (Reindexed, error) {
	begun := time.Now()
	lock, err := r.o.Locks.LockReindex(ctx)
	if err != nil {
		return Reindexed{}, err
	}
	defer lock.Release()
	history, versions, err := r.survey(ctx)
	if err != nil {
		return Reindexed{}, err
	}
	now, ok := live(versions, history)
	if !ok {
		return Reindexed{}, fault.New(fault.Conflict, "there is no live index of this database: start 'aforro indexer', which builds one")
	}
	before, ok := retired(versions, history)
	if !ok {
		return Reindexed{}, fault.New(fault.Conflict, "there is no earlier index that is still written: it was removed when its time was over (AFORRO_INDEX_KEEP), or there was no reindex")
	}
	result := Reindexed{Index: before.Name, Previous: now.Name}
	count, err := r.counted(ctx, before.Name)
	if err != nil {
		return result, err
	}
	result.Verdict = search.Verdict{count}
	if count.Result != search.Passed {
		return result, fault.New(fault.Conflict, "%s is not whole: %s. %s stays live", before.Name, count.Why, now.Name)
	}
	if err := r.swap(ctx, lock, now.Name, before); err != nil {
		return result, err
	}
	result.Took = time.Since(begun)
	v, _, err := r.version(ctx, before.Name)
	result.Documents = v.Docs
	return result, err
}

// retired is the version that was replaced last and is still written.
func retired(versions []search.IndexVersion, history search.History) (last search.IndexVersion, ok bool) {
	for _, v := range versions {
		written := !v.Live && v.Meta.Complete && v.Meta.Writer && v.Meta.History == history
		if written && v.Meta.RetiredAt.After(last.Meta.RetiredAt) {
			last, ok = v, true
		}
	}
	return last, ok
}
