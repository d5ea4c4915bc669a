package postgres

import (
	"context"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5"

	"aforro/pkg/crash"
	"aforro/pkg/fault"
	"aforro/pkg/order"
	"aforro/pkg/postgres/db"
)

// Cancel turns a CONFIRMED order into a CANCELLED one and gives its stock back,
// in one transaction. An order that is CANCELLED already is returned as it is;
// a PENDING or REJECTED one is fault.Conflict, an unknown one fault.NotFound.
func (d *DB) Cancel(ctx context.Context, id int64) (order.Order, error) {
	err := d.inTx(ctx, func(_ pgx.Tx, q *db.Queries) error {
		err := cancel(ctx, q, id)
		crash.At(crash.CancelWritten)
		return err
	})
	if sqlState(err) == numericOverflow {
		return order.Order{}, fault.Wrap(err, fault.Conflict, "a store would have more pieces of a product than can be counted")
	}
	if err != nil {
		return order.Order{}, translate(err, fmt.Sprintf("cancel order %d", id))
	}
	crash.At(crash.CancelCommitted)
	return d.Order(ctx, id)
}

func cancel(ctx context.Context, q *db.Queries, id int64) error {
	head, err := q.LockOrder(ctx, id)
	if err != nil {
		return fmt.Errorf("lock the order: %w", err)
	}
	switch order.Status(head.Status) {
	case order.Cancelled:
		return nil
	case order.Confirmed:
	default:
		return fault.New(fault.Conflict, "only a CONFIRMED order can be cancelled, and this one is %s", head.Status)
	}
	if _, err := q.LockOrderStock(ctx, db.LockOrderStockParams{StoreID: head.StoreID, OrderID: id}); err != nil {
		return fmt.Errorf("lock the stock: %w", err)
	}
	if err := q.CancelOrder(ctx, db.CancelOrderParams{ID: id, Reference: strconv.FormatInt(id, 10)}); err != nil {
		return fmt.Errorf("give the stock back: %w", err)
	}
	// Who is to be told is told within a second: the deliverer looks by itself.
	_, err = q.QueueConfirmations(ctx, db.QueueConfirmationsParams{OrderIds: []int64{id}, Sequences: sequences(1, cancelledSequence)})
	if err != nil {
		return fmt.Errorf("queue confirmations: %w", err)
	}
	return nil
}
