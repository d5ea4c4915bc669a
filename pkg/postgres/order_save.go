package postgres

import (
	"context"
	"fmt"

	"aforro/pkg/fault"
	"aforro/pkg/order"
	"aforro/pkg/postgres/db"
)

// Save stores a new order as PENDING with the present prices, in one statement.
// It returns fault.Invalid for items that make no order (order.Validate) and
// for inactive products, fault.NotFound for an unknown store or product; the
// fields name them as paths of the request body. Nothing is stored then.
func (d *DB) Save(ctx context.Context, storeID int64, items []order.Item) (order.Order, error) {
	if err := order.Validate(items); err != nil {
		return order.Order{}, err
	}
	rows, err := d.q.SaveOrder(ctx, saveParams(storeID, items))
	switch {
	case violates(err, "orders_store_id_fkey"):
		return order.Order{}, unknownStore(storeID)
	case violates(err, "order_items_product_id_fkey"):
		return order.Order{}, fault.Wrap(err, fault.NotFound, "a product of the order does not exist")
	case err != nil:
		return order.Order{}, translate(err, fmt.Sprintf("save an order of store %d", storeID))
	case rows[0].OrderID == 0:
		return order.Order{}, refusal(storeID, items, rows)
	}
	return savedOrder(storeID, items, rows), nil
}

func saveParams(storeID int64, items []order.Item) db.SaveOrderParams {
	p := db.SaveOrderParams{StoreID: storeID, ProductIds: make([]int64, len(items)), Quantities: make([]int32, len(items))}
	for i, it := range items {
		p.ProductIds[i], p.Quantities[i] = it.ProductID, int32(it.Quantity)
	}
	return p
}

func savedOrder(storeID int64, items []order.Item, rows []db.SaveOrderRow) order.Order {
	o := order.Order{ID: rows[0].OrderID, StoreID: storeID, Status: order.Pending, CreatedAt: rows[0].CreatedAt,
		History: []order.Event{{Status: order.Pending, At: rows[0].CreatedAt}}}
	for i, r := range rows {
		o.Items = append(o.Items, order.Item{ProductID: items[i].ProductID, Quantity: items[i].Quantity, UnitPrice: r.Price})
	}
	o.Total, _ = order.Total(o.Items)
	return o
}

// refusal says why SaveOrder stored nothing. What does not exist goes before
// what may not be sold.
func refusal(storeID int64, items []order.Item, rows []db.SaveOrderRow) error {
	if !rows[0].StoreKnown {
		return unknownStore(storeID)
	}
	var unknown, inactive []fault.Field
	for i, r := range rows {
		field := fault.Field{Location: fmt.Sprintf("body.items[%d].product_id", i), Value: items[i].ProductID}
		switch {
		case !r.Known:
			field.Message = fmt.Sprintf("there is no product %d", items[i].ProductID)
			unknown = append(unknown, field)
		case !r.Active:
			field.Message = fmt.Sprintf("product %d is not sold any more", items[i].ProductID)
			inactive = append(inactive, field)
		}
	}
	if len(unknown) > 0 {
		return fault.New(fault.NotFound, "a product of the order does not exist").With(unknown...)
	}
	return fault.New(fault.Invalid, "a product of the order is not sold any more").With(inactive...)
}

func unknownStore(id int64) error {
	return fault.New(fault.NotFound, "there is no store %d", id).With(fault.Field{
		Location: "body.store_id", Message: fmt.Sprintf("there is no store %d", id), Value: id})
}
