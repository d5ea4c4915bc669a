package postgres

import (
	"context"
	"fmt"
	"time"

	"aforro/pkg/postgres/db"
	"aforro/pkg/search"
)

// Visible reports whether each of the transactions (the low 32 bits of their
// ids, as the change stream gives them) is visible to every statement that
// begins from now on. A commit can be streamed before it is visible.
func (d *DB) Visible(ctx context.Context, transactions []uint32) (bool, error) {
	low := make([]int64, len(transactions))
	for i, t := range transactions {
		low[i] = int64(t)
	}
	visible, err := d.q.AskVisibility(ctx, low)
	return visible, translate(err, "ask which transactions are visible")
}

// Project reads the documents of these products as they are now. Products that
// are inactive or gone have none. One statement, hence one snapshot.
func (d *DB) Project(ctx context.Context, ids []int64) ([]search.Document, error) {
	rows, err := d.q.ProjectProducts(ctx, ids)
	if err != nil {
		return nil, translate(err, "read products for the index")
	}
	return documents(rows)
}

// ProjectAfter reads up to limit documents with ids above after, by id, and the
// position of the log from before: how a whole index is built.
func (d *DB) ProjectAfter(ctx context.Context, after int64, limit int) (search.Projection, error) {
	version, err := d.Position(ctx)
	if err != nil {
		return search.Projection{}, err
	}
	rows, err := d.q.ProjectProductsAfter(ctx, db.ProjectProductsAfterParams{After: after, PageSize: int32(limit)})
	if err != nil {
		return search.Projection{}, translate(err, "read products for the index")
	}
	same := make([]db.ProjectProductsRow, len(rows))
	for i, r := range rows {
		same[i] = db.ProjectProductsRow(r)
	}
	docs, err := documents(same)
	return search.Projection{Version: version, Documents: docs}, err
}

// CategoryProducts lists up to limit products of a category with ids above
// after, by id.
func (d *DB) CategoryProducts(ctx context.Context, category, after int64, limit int) ([]int64, error) {
	ids, err := d.q.ListCategoryProducts(ctx, db.ListCategoryProductsParams{CategoryID: category, After: after, PageSize: int32(limit)})
	return ids, translate(err, "list the products of a category")
}

// CountActive counts the products that have a document.
func (d *DB) CountActive(ctx context.Context) (int64, error) {
	n, err := d.q.CountActiveProducts(ctx)
	return n, translate(err, "count products")
}

// Position is where the write-ahead log is flushed to.
func (d *DB) Position(ctx context.Context) (search.Version, error) {
	v, err := d.q.FlushPosition(ctx)
	return search.Version(v), translate(err, "read the log's position")
}

// Now is Position with the server's time of it.
func (d *DB) Now(ctx context.Context) (search.Version, time.Time, error) {
	now, err := d.q.FlushPositionNow(ctx)
	return search.Version(now.Position), now.At, translate(err, "read the log's position")
}

// History names the database's unbroken line of life.
func (d *DB) History(ctx context.Context) (search.History, error) {
	h, err := d.q.IdentifyHistory(ctx)
	return search.History{SystemID: h.SystemID, Timeline: h.Timeline, Database: h.Database}, translate(err, "identify the database")
}

func documents(rows []db.ProjectProductsRow) ([]search.Document, error) {
	docs := make([]search.Document, len(rows))
	for i, r := range rows {
		if len(r.Stores) != len(r.Quantities) {
			return nil, fmt.Errorf("read product %d: %d stores but %d quantities", r.ID, len(r.Stores), len(r.Quantities))
		}
		docs[i] = search.Document{
			ID: r.ID, SKU: r.Sku, Title: r.Title, Description: r.Description, Brand: r.Brand, Category: r.Category,
			Price: r.Price, GTIN: r.Gtin, ImageURL: r.ImageUrl, Attributes: r.Attributes, ReleasedOn: r.ReleasedOn,
			Stock: make([]search.Stock, len(r.Stores)),
		}
		for j, store := range r.Stores {
			docs[i].Stock[j] = search.Stock{StoreID: store, Quantity: r.Quantities[j]}
		}
	}
	return docs, nil
}
