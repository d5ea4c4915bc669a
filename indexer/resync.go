package indexer

import (
	"context"

	"aforro/pkg/search"
)

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
		if err := x.writeProducts(ctx, documentIDs(p.Documents), everyListing); err != nil {
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
		if err := x.writeProducts(ctx, ids, everyListing); err != nil {
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
