package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"time"

	"aforro/pkg/fault"
	"aforro/pkg/order"
	"aforro/pkg/postgres/db"
)

// Order returns an order with its lines as asked, total, reasons and history,
// all of one moment; fault.NotFound when there is none.
func (d *DB) Order(ctx context.Context, id int64) (order.Order, error) {
	rows, err := d.q.GetOrder(ctx, id)
	if err != nil {
		return order.Order{}, translate(err, fmt.Sprintf("read order %d", id))
	}
	if len(rows) == 0 {
		return order.Order{}, fault.New(fault.NotFound, "there is no order %d", id)
	}
	return orderFrom(rows)
}

func orderFrom(rows []db.GetOrderRow) (order.Order, error) {
	head := rows[0].Order
	o := order.Order{ID: head.ID, StoreID: head.StoreID, Status: order.Status(head.Status),
		CreatedAt: head.CreatedAt, DecidedAt: head.DecidedAt, Total: head.Total,
		History: []order.Event{{Status: order.Pending, At: head.CreatedAt}}}
	for i, status := range rows[0].Statuses {
		o.History = append(o.History, order.Event{Status: order.Status(status), At: rows[0].Times[i]})
	}
	for _, r := range rows {
		o.Items = append(o.Items, order.Item{ProductID: r.OrderItem.ProductID,
			Quantity: int64(r.OrderItem.QuantityRequested), UnitPrice: r.OrderItem.UnitPrice})
	}
	if len(head.Reasons) > 0 {
		if err := json.Unmarshal(head.Reasons, &o.Reasons); err != nil {
			return order.Order{}, fmt.Errorf("read the reasons of order %d: %w", head.ID, err)
		}
	}
	return o, nil
}

// StoreOrders returns up to limit orders of a store, newest first: those with an
// id below beforeID, or from the newest when beforeID is 0. fault.NotFound when
// there is no such store.
func (d *DB) StoreOrders(ctx context.Context, storeID, beforeID int64, limit int) ([]order.Summary, error) {
	if beforeID <= 0 {
		beforeID = math.MaxInt64
	}
	rows, err := d.q.ListStoreOrders(ctx, db.ListStoreOrdersParams{StoreID: storeID, BeforeID: beforeID, PageSize: int32(limit)})
	if err != nil {
		return nil, translate(err, fmt.Sprintf("list the orders of store %d", storeID))
	}
	if len(rows) == 0 {
		return []order.Summary{}, d.needStore(ctx, storeID)
	}
	list := make([]order.Summary, len(rows))
	for i, r := range rows {
		list[i] = order.Summary{ID: r.ID, Status: order.Status(r.Status), CreatedAt: r.CreatedAt, Lines: int(r.Lines)}
	}
	return list, nil
}

// needStore returns fault.NotFound unless the store exists.
func (d *DB) needStore(ctx context.Context, id int64) error {
	known, err := d.q.StoreExists(ctx, id)
	if err != nil {
		return translate(err, fmt.Sprintf("look for store %d", id))
	}
	if !known {
		return fault.New(fault.NotFound, "there is no store %d", id)
	}
	return nil
}

// PendingOrders returns up to limit PENDING orders that were saved at least
// olderThan ago, by id, from the first above afterID.
func (d *DB) PendingOrders(ctx context.Context, olderThan time.Duration, afterID int64, limit int) ([]order.Waiting, error) {
	rows, err := d.q.ListPending(ctx, db.ListPendingParams{AfterID: afterID, OlderSeconds: olderThan.Seconds(), Most: int32(limit)})
	if err != nil {
		return nil, translate(err, "list pending orders")
	}
	list := make([]order.Waiting, len(rows))
	for i, r := range rows {
		list[i] = order.Waiting{ID: r.ID, Age: time.Duration(r.AgeSeconds * float64(time.Second))}
	}
	return list, nil
}
