package indexer

import (
	"context"

	"aforro/pkg/search"
)

// quick compares sums of hashes over ranges of ids, and reads hashes one by one
// only where the sums differ.
func (v *Verifier) quick() method {
	return method{
		name: "quick", limit: search.HashesSummed, together: summedAtOnce,
		cut: func(ctx context.Context, after int64) (piece, error) {
			sum, err := v.source.SumAfter(ctx, after, search.HashesSummed)
			return piece{span: search.Span{UpTo: sum.Last}, products: sum.Products, sum: sum}, err
		},
		compare: func(ctx context.Context, index string, pieces []piece, found *findings) error {
			for _, part := range search.Parts {
				if err := v.compareSums(ctx, index, part, pieces, found); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

func (v *Verifier) compareSums(ctx context.Context, index string, part search.Part, pieces []piece, found *findings) error {
	spans := make([]search.Span, len(pieces))
	for i, p := range pieces {
		spans[i] = p.span
	}
	stored, err := v.reader.Sums(ctx, index, part, spans)
	if err != nil {
		return err
	}
	for i, p := range pieces {
		beyond, err := v.beyond(ctx, stored[i].Newest)
		if err != nil {
			return err
		}
		if stored[i].Docs == p.products && stored[i].Hash == p.sum.Of(part) && !beyond {
			continue
		}
		if err := v.closer(ctx, index, part, p.span, found); err != nil {
			return err
		}
	}
	return nil
}

// closer compares the hashes of one range of ids.
func (v *Verifier) closer(ctx context.Context, index string, part search.Part, span search.Span, found *findings) error {
	c := comparison[search.ProductHash]{
		id:   func(h *search.ProductHash) int64 { return h.ID },
		same: func(h *search.ProductHash, s *search.StoredDocument) (bool, error) { return h.Of(part) == s.Hash, nil },
		scan: func(span search.Span, limit int) ([]search.StoredDocument, error) {
			return v.reader.ScanHashes(ctx, index, part, span, limit)
		},
	}
	// By now there may be any number of products.
	for rest, more := span, true; more; {
		list, err := v.source.Hashes(ctx, rest, search.HashesSummed)
		if err != nil {
			return err
		}
		now := rest
		if more = len(list) == search.HashesSummed; more {
			now.UpTo = list[len(list)-1].ID
		}
		if err := c.run(ctx, v, part, now, list, found); err != nil {
			return err
		}
		rest.After = now.UpTo
	}
	return nil
}
