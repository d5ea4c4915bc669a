package main

import (
	"context"
	"fmt"
	"time"

	"aforro/cmd/internal/trial"
)

// fact is one order as PostgreSQL has it.
type fact struct {
	ID     int64
	Status string
	Store  int64
	Lines  []line
	// Took is how long its decision took, in seconds.
	Took float64
}

// facts are what PostgreSQL says at the end.
type facts struct {
	orders []fact
	// keys: which orders each Idempotency-Key made.
	keys map[string][]int64
	// wrongStock counts what is wrong with stock and ledger, by what it is.
	wrongStock map[string]int64
}

const ordersSQL = `SELECT json_build_object('ID', o.id, 'Status', o.status, 'Store', o.store_id,
	'Lines', (SELECT json_agg(json_build_array(i.product_id, i.quantity_requested) ORDER BY i.line) FROM order_items i WHERE i.order_id = o.id),
	'Took', (SELECT coalesce(extract(epoch FROM min(e.at) - o.created_at), 0) FROM order_events e WHERE e.order_id = o.id AND e.status <> 'PENDING'))
FROM orders o`

const keysSQL = `SELECT json_build_object('Key', key, 'Order', order_id) FROM idempotency_keys WHERE order_id IS NOT NULL`

// stockSQL is an audit of its own: independent of the product's. An order's
// movements carry its id as their reference; nothing else here has a number there.
var stockSQL = map[string]string{
	"lines with less than nothing": `SELECT count(*) FROM inventory WHERE quantity < 0 OR held < 0`,
	"lines whose ledger does not sum to their quantity": `SELECT count(*) FROM (SELECT store_id, product_id, quantity FROM inventory) i
		FULL JOIN (SELECT store_id, product_id, sum(delta) AS total FROM stock_movements GROUP BY 1, 2) m USING (store_id, product_id)
		WHERE coalesce(i.quantity, 0) <> coalesce(m.total, 0)`,
	"products of orders that were not deducted as the order's state says": `SELECT count(*) FROM (
			SELECT o.id, i.product_id, CASE WHEN o.status = 'CONFIRMED' THEN -sum(i.quantity_requested) ELSE 0 END AS due
			FROM orders o JOIN order_items i ON i.order_id = o.id GROUP BY o.id, i.product_id) lines
		FULL JOIN (SELECT reference::bigint AS id, product_id, sum(delta) AS done FROM stock_movements
			WHERE reference ~ '^[0-9]+$' GROUP BY 1, 2) moved USING (id, product_id)
		WHERE coalesce(due, 0) <> coalesce(done, 0)`,
	"products of orders that were deducted more than once": `SELECT count(*) FROM (SELECT FROM stock_movements
		WHERE reference ~ '^[0-9]+$' AND delta < 0 GROUP BY reference, product_id HAVING count(*) > 1) twice`,
}

// gather reads the facts.
func (g *ground) gather(ctx context.Context) (f facts, err error) {
	if err := trial.Rows(ctx, g.Ground, ordersSQL, func(o fact) { f.orders = append(f.orders, o) }); err != nil {
		return f, fmt.Errorf("read the orders: %w", err)
	}
	type key struct {
		Key   string
		Order int64
	}
	f.keys = map[string][]int64{}
	if err := trial.Rows(ctx, g.Ground, keysSQL, func(k key) { f.keys[k.Key] = append(f.keys[k.Key], k.Order) }); err != nil {
		return f, fmt.Errorf("read the keys: %w", err)
	}
	f.wrongStock = map[string]int64{}
	for what, sql := range stockSQL {
		if err := trial.Rows(ctx, g.Ground, sql, func(n int64) { f.wrongStock[what] = n }); err != nil {
			return f, fmt.Errorf("count %s: %w", what, err)
		}
	}
	return f, nil
}

// awaitDecided waits until no order is PENDING, and says how many are.
func (g *ground) awaitDecided(ctx context.Context, most time.Duration) (left int64) {
	left = -1
	trial.Until(ctx, most, 200*time.Millisecond, func(ctx context.Context) bool {
		err := trial.Rows(ctx, g.Ground, `SELECT count(*) FROM orders WHERE status = 'PENDING'`, func(n int64) { left = n })
		return err == nil && left == 0
	})
	return left
}
