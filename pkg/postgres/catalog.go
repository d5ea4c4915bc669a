package postgres

import (
	"context"

	"aforro/pkg/catalog"
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

func orEmpty(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
