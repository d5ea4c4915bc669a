package postgres

import (
	"context"

	"aforro/pkg/catalog"
)

// StoreExists reports whether there is a store with that id.
func (d *DB) StoreExists(ctx context.Context, id int64) (bool, error) {
	exists, err := d.q.StoreExists(ctx, id)
	return exists, translate(err, "look for a store")
}

// Stores lists every store by id.
func (d *DB) Stores(ctx context.Context) ([]catalog.Store, error) {
	rows, err := d.q.ListStores(ctx)
	if err != nil {
		return nil, translate(err, "list the stores")
	}
	list := make([]catalog.Store, len(rows))
	for i, r := range rows {
		list[i] = catalog.Store(r)
	}
	return list, nil
}
