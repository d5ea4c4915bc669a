//go:build integration

package postgres_test

import (
	"testing"

	"aforro/pkg/order"
)

// A stock line that somebody holds delays its own orders and no others.
func TestDecideDoesNotWaitForHeldStock(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.stock(1, 1, 5)
	c.stock(1, 2, 5)
	held, free := c.mustSave(1, want(1, 1)), c.mustSave(1, want(2, 1))
	c.exec(`BEGIN`)
	c.exec(`UPDATE inventory SET quantity = 4 WHERE store_id = 1 AND product_id = 1`)
	decided, left, err := c.DecidePending(t.Context(), []int64{held.ID, free.ID})
	if err != nil || len(decided) != 1 || decided[0].ID != free.ID || decided[0].Status != order.Confirmed || len(left) != 1 || left[0] != held.ID {
		t.Errorf("decided %+v, left %v, %v; want only the order of free stock decided", decided, left, err)
	}
	if o := c.mustOrder(held.ID); o.Status != order.Pending {
		t.Errorf("the order of held stock is %s", o.Status)
	}
	c.exec(`COMMIT`)
	if o, err := c.Decide(t.Context(), held.ID); err != nil || o.Status != order.Confirmed || c.left(1, 1) != 3 {
		t.Errorf("once it is free: %s, %v, left %d", o.Status, err, c.left(1, 1))
	}
}
