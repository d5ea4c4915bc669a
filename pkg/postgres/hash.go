package postgres

import (
	"context"

	"aforro/pkg/postgres/db"
	"aforro/pkg/search"
)

// SumAfter adds up the hashes of up to limit products with ids above after, by
// id, in the database: how an index is compared without reading either side.
func (d *DB) SumAfter(ctx context.Context, after int64, limit int) (search.ProductSum, error) {
	r, err := d.q.SumProductHashes(ctx, db.SumProductHashesParams{After: after, PageSize: int32(limit)})
	sum := search.ProductSum{Products: r.Products, Last: r.Last, Hash: r.Hash, TitlesHash: r.TitlesHash}
	return sum, translate(err, "add up the hashes of products")
}

// Hashes lists up to limit products of a span with their hashes, by id.
func (d *DB) Hashes(ctx context.Context, span search.Span, limit int) ([]search.ProductHash, error) {
	rows, err := d.q.ListProductHashes(ctx, db.ListProductHashesParams{After: span.After, UpTo: span.UpTo, PageSize: int32(limit)})
	list := make([]search.ProductHash, len(rows))
	for i, r := range rows {
		list[i] = search.ProductHash(r)
	}
	return list, translate(err, "list the hashes of products")
}

// Stamps gives those of the products that are active, with a number that changes
// whenever the row does, also when it goes and comes back.
func (d *DB) Stamps(ctx context.Context, ids []int64) (map[int64]int64, error) {
	rows, err := d.q.StampProducts(ctx, ids)
	stamps := make(map[int64]int64, len(rows))
	for _, r := range rows {
		stamps[r.ID] = r.Stamp
	}
	return stamps, translate(err, "look whether products change")
}
