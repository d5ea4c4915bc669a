package postgres

import (
	"context"
	"fmt"

	"aforro/pkg/fault"
	"aforro/pkg/postgres/db"
)

// asked is what a request names: a store, and products line by line.
type asked struct {
	storeID  int64
	products []int64
	// storeAt and productAt are where the request has them.
	storeAt   string
	productAt func(line int) string
}

// knownStore returns nil for a request whose store and products all exist.
// Otherwise fault.NotFound names what does not, and, when only active products
// will do, fault.Invalid those that are not sold any more.
func knownStore(ctx context.Context, q *db.Queries, a asked, onlyActive bool) error {
	rows, err := q.AskProducts(ctx, db.AskProductsParams{StoreID: a.storeID, ProductIds: a.products})
	if err != nil {
		return fmt.Errorf("look for a store and products: %w", err)
	}
	if !rows[0].StoreKnown {
		return a.noStore()
	}
	var unknown, inactive []fault.Field
	for i, r := range rows {
		field := fault.Field{Location: a.productAt(i), Value: a.products[i]}
		switch {
		case !r.Known:
			field.Message = fmt.Sprintf("there is no product %d", a.products[i])
			unknown = append(unknown, field)
		case !r.Active && onlyActive:
			field.Message = fmt.Sprintf("product %d is not sold any more", a.products[i])
			inactive = append(inactive, field)
		}
	}
	switch {
	case len(unknown) > 0:
		err = fault.New(fault.NotFound, "a product does not exist").With(unknown...)
	case len(inactive) > 0:
		err = fault.New(fault.Invalid, "a product is not sold any more").With(inactive...)
	}
	return err
}

func (a asked) noStore() error {
	message := fmt.Sprintf("there is no store %d", a.storeID)
	return fault.New(fault.NotFound, "%s", message).With(fault.Field{Location: a.storeAt, Message: message, Value: a.storeID})
}

// needLine returns fault.NotFound unless the store and the product of a path
// exist; the line itself need not.
func (d *DB) needLine(ctx context.Context, storeID, productID int64) error {
	err := knownStore(ctx, d.q, asked{storeID: storeID, products: []int64{productID}, storeAt: "path.id",
		productAt: func(int) string { return "path.product_id" }}, false)
	return translate(err, "look for a stock line")
}
