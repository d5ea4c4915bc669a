package postgres

import (
	"context"

	"aforro/pkg/catalog"
	"aforro/pkg/postgres/db"
	"aforro/pkg/search"
)

// Product returns an active product. Unknown and inactive ones are NotFound.
func (d *DB) Product(ctx context.Context, id int64) (catalog.Product, error) {
	row, err := d.q.GetProduct(ctx, id)
	if err != nil {
		return catalog.Product{}, translate(err, "read a product")
	}
	return catalog.Product{
		ID:          row.ID,
		SKU:         row.Sku,
		Title:       row.Title,
		Description: row.Description,
		Brand:       row.Brand,
		Category:    row.Category,
		Price:       row.Price,
		GTIN:        orEmpty(row.Gtin),
		ImageURL:    orEmpty(row.ImageUrl),
		Attributes:  row.Attributes,
		ReleasedOn:  row.ReleasedOn,
		Active:      true,
	}, nil
}

// Availability lists the stores that carry a product, by store id.
func (d *DB) Availability(ctx context.Context, productID int64) ([]catalog.Availability, error) {
	rows, err := d.q.ListAvailability(ctx, productID)
	if err != nil {
		return nil, translate(err, "read a product's availability")
	}
	list := make([]catalog.Availability, len(rows))
	for i, r := range rows {
		list[i] = catalog.Availability{StoreID: r.StoreID, City: r.City, Quantity: int(r.Quantity)}
	}
	return list, nil
}

// Live reads what these products are now, by id; those that are not sold any more
// are left out. With a store it says what that store has, else, when anywhere is
// set, whether some store has any.
func (d *DB) Live(ctx context.Context, ids []int64, storeID int64, anywhere bool) (map[int64]search.Live, error) {
	if storeID != 0 {
		return d.liveInStore(ctx, ids, storeID)
	}
	rows, err := d.q.ReadLive(ctx, db.ReadLiveParams{Anywhere: anywhere, Ids: ids})
	live := make(map[int64]search.Live, len(rows))
	for _, r := range rows {
		live[r.ID] = search.Live{Price: r.Price, InStock: r.InStock}
	}
	return live, translate(err, "read what products cost now")
}

func (d *DB) liveInStore(ctx context.Context, ids []int64, storeID int64) (map[int64]search.Live, error) {
	rows, err := d.q.ReadLiveInStore(ctx, db.ReadLiveInStoreParams{Ids: ids, StoreID: storeID})
	live := make(map[int64]search.Live, len(rows))
	for _, r := range rows {
		live[r.ID] = search.Live{Price: r.Price, Carried: r.Carried, Quantity: r.Quantity}
	}
	return live, translate(err, "read what a store has now")
}

// LiveNear is Live near a place: the first of the stores that has any of a product
// now, and how many.
func (d *DB) LiveNear(ctx context.Context, ids, stores []int64) (map[int64]search.Live, error) {
	rows, err := d.q.ReadLiveNear(ctx, db.ReadLiveNearParams{Ids: ids, Stores: stores})
	live := make(map[int64]search.Live, len(rows))
	for _, r := range rows {
		live[r.ID] = search.Live{Price: r.Price, InStock: r.StoreID != 0, NearStore: r.StoreID, Quantity: r.Quantity}
	}
	return live, translate(err, "read what stores have now")
}

func orEmpty(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
