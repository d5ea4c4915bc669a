package postgres

import (
	"context"

	"aforro/pkg/inventory"
	"aforro/pkg/postgres/db"
)

// Inventory lists at most limit of a store's lines of active products by title,
// then id, that come after the given one. The zero Position begins. A store
// that does not exist has no lines.
func (d *DB) Inventory(ctx context.Context, storeID int64, after inventory.Position, limit int) ([]inventory.Line, error) {
	rows, err := d.q.ListInventory(ctx, db.ListInventoryParams{
		StoreID: storeID, AfterTitle: after.Title, AfterID: after.ProductID, PageSize: int32(limit),
	})
	if err != nil {
		return nil, translate(err, "list a store's inventory")
	}
	lines := make([]inventory.Line, len(rows))
	for i, r := range rows {
		lines[i] = inventory.Line{
			ProductID: r.ID, SKU: r.Sku, Title: r.Title, Category: r.Category, Price: r.Price, Quantity: int(r.Quantity),
		}
	}
	return lines, nil
}
