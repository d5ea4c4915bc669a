package indexer

import (
	"context"
	"slices"

	"aforro/pkg/search"
)

const (
	// askedTogether is how many products the indexer is asked for before it is
	// waited for.
	askedTogether = 10_000
	// removedTogether is how many strays are removed by one request.
	removedTogether = 1000
)

// Repair has the running Indexer write anew what a report names, in the order of
// all changes, and looks at it again. What it returns is still wrong, such as a
// document that the index refuses. Conflict: no Indexer is running.
func (v *Verifier) Repair(ctx context.Context, r Report, progress Progress) (Report, error) {
	left := Report{Index: r.Index, Method: r.Method}
	if err := v.removeStrays(ctx, r); err != nil {
		return left, err
	}
	ids := r.IDs(Missing, Extra, Different)
	for chunk := range slices.Chunk(ids, askedTogether) {
		at, err := v.log.AskFor(ctx, chunk)
		if err != nil {
			return left, err
		}
		if err := awaitConfirmed(ctx, v.slot, at); err != nil {
			return left, err
		}
		left.Compared += int64(len(chunk))
		progress(left.Compared, int64(len(ids)))
	}
	// A document of another history leads to a new index.
	version, err := v.live(ctx)
	if err != nil {
		return left, err
	}
	left.Index = version.Name
	found := &findings{v: v, report: left}
	for _, part := range search.Parts {
		if err := found.add(ctx, part, ids, nil); err != nil {
			return left, err
		}
	}
	err = found.settle(ctx)
	return found.report, err
}

// removeStrays removes what no product and hence no change will ever overwrite.
func (v *Verifier) removeStrays(ctx context.Context, r Report) error {
	for _, part := range search.Parts {
		for names := range slices.Chunk(r.names(part), removedTogether) {
			if err := v.writer.Remove(ctx, r.Index, part, names); err != nil {
				return err
			}
		}
	}
	return nil
}
