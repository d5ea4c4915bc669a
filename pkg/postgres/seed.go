package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"aforro/pkg/catalog"
	"aforro/pkg/fault"
	"aforro/pkg/importer"
	"aforro/pkg/postgres/db"
)

// BeginLoad says how the named load stands, beginning it when the catalogue is
// empty.
func (d *DB) BeginLoad(ctx context.Context, name string) (importer.LoadState, error) {
	if err := d.q.BeginLoad(ctx, name); err != nil {
		return importer.LoadForeign, translate(err, "begin a load")
	}
	finished, err := d.q.LoadFinished(ctx, name)
	switch err = translate(err, "read the state of a load"); {
	case fault.Is(err, fault.NotFound):
		return importer.LoadForeign, nil
	case err != nil:
		return importer.LoadForeign, err
	case finished:
		return importer.LoadDone, nil
	}
	return importer.LoadOpen, nil
}

// FinishLoad marks the named load as complete.
func (d *DB) FinishLoad(ctx context.Context, name string) error {
	return translate(d.q.FinishLoad(ctx, name), "finish a load")
}

// HighestIDs returns the highest id of a product and of a store, 0 when there
// is none.
func (d *DB) HighestIDs(ctx context.Context) (product, store int64, err error) {
	row, err := d.q.HighestIDs(ctx)
	return row.Product, row.Store, translate(err, "read the highest ids")
}

// AddStores adds the stores that do not exist yet, by id, and says how many
// those were.
func (d *DB) AddStores(ctx context.Context, stores []catalog.Store) (added int64, err error) {
	var p db.AddStoresParams
	var highest int64
	for _, s := range stores {
		p.Ids, p.Names, p.Cities = append(p.Ids, s.ID), append(p.Names, s.Name), append(p.Cities, s.City)
		p.Latitudes, p.Longitudes = append(p.Latitudes, s.Latitude), append(p.Longitudes, s.Longitude)
		highest = max(highest, s.ID)
	}
	err = d.inTx(ctx, func(tx pgx.Tx, q *db.Queries) (err error) {
		if added, err = q.AddStores(ctx, p); err != nil {
			return err
		}
		return raiseSequence(ctx, tx, "stores", highest)
	})
	return added, translate(err, "add stores")
}
