//go:build integration

package postgres_test

import (
	"testing"

	"aforro/pkg/order"
)

// hold makes an ACTIVE reservation of pieces of product 1 in a store.
func (c *counter) hold(store, quantity int64) (id int64) {
	c.tb.Helper()
	id = c.number(`INSERT INTO reservations (store_id, expires_at) VALUES ($1, now() + interval '1 hour') RETURNING id`, store)
	c.exec(`INSERT INTO reservation_items VALUES ($1, 1, $2)`, id, quantity)
	c.exec(`UPDATE inventory SET held = held + $2 WHERE store_id = $1 AND product_id = 1`, store, quantity)
	return id
}

func TestHeldStockIsNotSoldToOthers(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.stock(1, 1, 5)
	c.stock(2, 1, 5)
	c.hold(1, 4)
	c.hold(2, 5)
	o := c.mustDecide(c.mustSave(1, want(1, 2)).ID)
	if o.Status != order.Rejected || o.Reasons[0].Available != 1 || len(o.Reasons[0].Elsewhere) != 0 {
		t.Errorf("got %+v", o)
	}
	if o := c.mustDecide(c.mustSave(1, want(1, 1)).ID); o.Status != order.Confirmed || c.left(1, 1) != 4 || c.held(1, 1) != 4 {
		t.Errorf("got %s, left %d, held %d", o.Status, c.left(1, 1), c.held(1, 1))
	}
}

func TestAnOrderConsumesItsReservation(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.stock(1, 1, 5)
	mine, other := c.hold(1, 3), c.hold(1, 2)
	reserved := func(quantity, reservation int64) order.Order {
		saved := c.mustSaveAll(order.Draft{StoreID: 1, Items: []order.Item{want(1, quantity)}, Reservation: reservation})
		return c.mustDecide(saved[0].Order.ID)
	}
	if o := reserved(4, mine); o.Status != order.Rejected || o.Reasons[0].Available != 3 || c.held(1, 1) != 5 {
		t.Errorf("more than it holds: %+v, held %d", o, c.held(1, 1))
	}
	if o := reserved(2, mine); o.Status != order.Confirmed || c.left(1, 1) != 3 || c.held(1, 1) != 2 {
		t.Errorf("less than it holds: %s, left %d, held %d", o.Status, c.left(1, 1), c.held(1, 1))
	}
	if o := reserved(2, mine); o.Status != order.Rejected || o.Reasons[0].Available != 1 {
		t.Errorf("a reservation that is used up: %+v", o)
	}
	if o := reserved(1, other); o.Status != order.Confirmed || c.held(1, 1) != 0 || c.left(1, 1) != 2 {
		t.Errorf("the other: %s, held %d, left %d", o.Status, c.held(1, 1), c.left(1, 1))
	}
	if n := c.number(`SELECT count(*) FROM reservations WHERE status = 'CONSUMED' AND ended_at IS NOT NULL`); n != 2 {
		t.Errorf("%d reservations are consumed", n)
	}
}

// TestAReservationIsConsumedOnce: two orders of one batch may name it.
func TestAReservationIsConsumedOnce(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.stock(1, 1, 3)
	id := c.hold(1, 3)
	draft := order.Draft{StoreID: 1, Items: []order.Item{want(1, 2)}, Reservation: id}
	saved := c.mustSaveAll(draft, draft)
	got, _, err := c.DecidePending(t.Context(), []int64{saved[0].Order.ID, saved[1].Order.ID})
	if err != nil || len(got) != 2 || got[0].Status != order.Confirmed || got[1].Status != order.Rejected || got[1].Reasons[0].Available != 1 {
		t.Errorf("got %+v, %v", got, err)
	}
	if c.left(1, 1) != 1 || c.held(1, 1) != 0 {
		t.Errorf("left %d, held %d", c.left(1, 1), c.held(1, 1))
	}
}

// TestAnotherStoresReservationIsOfNoUse: it holds nothing of this store's stock.
func TestAnotherStoresReservationIsOfNoUse(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.stock(1, 1, 3)
	c.stock(2, 1, 3)
	c.hold(1, 3)
	saved := c.mustSaveAll(order.Draft{StoreID: 1, Items: []order.Item{want(1, 1)}, Reservation: c.hold(2, 3)})
	if o := c.mustDecide(saved[0].Order.ID); o.Status != order.Rejected || c.held(2, 1) != 3 {
		t.Errorf("got %s, held there %d", o.Status, c.held(2, 1))
	}
}
