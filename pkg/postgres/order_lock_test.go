//go:build integration

package postgres_test

import (
	"testing"
	"time"

	"aforro/pkg/fault"
	"aforro/pkg/order"
	"aforro/pkg/postgres"
)

// A stock line that somebody holds delays its own orders and no others.
func TestDecideDoesNotWaitForHeldStock(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.stock(1, 1, 5)
	c.stock(1, 2, 5)
	held, free := c.mustSave(1, want(1, 1)), c.mustSave(1, want(2, 1))
	impatient, err := postgres.Open(t.Context(), c.url, postgres.Options{LockTimeout: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(impatient.Close)
	c.exec(`BEGIN`)
	c.exec(`UPDATE inventory SET quantity = 4 WHERE store_id = 1 AND product_id = 1`)
	if o, err := impatient.Decide(t.Context(), held.ID); !fault.Is(err, fault.Unavailable) {
		t.Errorf("an order of held stock: %s, %v; want Unavailable, to be tried again", o.Status, err)
	}
	if o, err := impatient.Decide(t.Context(), free.ID); err != nil || o.Status != order.Confirmed {
		t.Errorf("an order of other stock: %s, %v", o.Status, err)
	}
	c.exec(`COMMIT`)
	if o, err := impatient.Decide(t.Context(), held.ID); err != nil || o.Status != order.Confirmed || c.left(1, 1) != 3 {
		t.Errorf("once it is free: %s, %v, left %d", o.Status, err, c.left(1, 1))
	}
}
