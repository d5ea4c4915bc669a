//go:build integration

package postgres_test

import (
	"fmt"
	"sync"
	"testing"

	"aforro/pkg/fault"
	"aforro/pkg/idempotency"
	"aforro/pkg/order"
)

// keyed is a draft of one piece with a key; the quantity is its body.
func keyed(key string, quantity int64) order.Draft {
	return order.Draft{StoreID: 1, Items: []order.Item{want(1, quantity)}, Request: idempotency.New("orders", key, fmt.Append(nil, quantity))}
}

func (c *counter) mustSaveAll(drafts ...order.Draft) []order.Saved {
	c.tb.Helper()
	saved, err := c.SaveOrders(c.tb.Context(), drafts)
	if err != nil {
		c.tb.Fatal(err)
	}
	return saved
}

func TestAKeyGivesTheSameOrder(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.stock(1, 1, 5)
	first := c.mustSaveAll(keyed("k", 2))[0]
	c.mustDecide(first.Order.ID)
	c.exec(`UPDATE products SET active = false`) // a new order would be refused
	again := c.mustSaveAll(keyed("k", 2))[0]
	if again.Err != nil || !again.Replayed || !again.Order.Same(first.Order.ID, first.Order.CreatedAt) {
		t.Errorf("a repeat: %+v", again)
	}
	if other := c.mustSaveAll(keyed("k", 3))[0]; !fault.Is(other.Err, fault.Unprocessable) {
		t.Errorf("another body: %+v", other)
	}
	if n := c.number(`SELECT count(*) FROM orders`); n != 1 {
		t.Errorf("%d orders", n)
	}
}

// TestAKeyTwiceInABatch: within one statement too, one order is made.
func TestAKeyTwiceInABatch(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	saved := c.mustSaveAll(keyed("k", 2), keyed("j", 1), keyed("k", 2), keyed("k", 3), order.Draft{StoreID: 1, Items: []order.Item{want(1, 1)}})
	if saved[0].Order.ID == 0 || saved[0].Replayed || saved[2].Order.ID != saved[0].Order.ID || !saved[2].Replayed {
		t.Errorf("%+v and %+v", saved[0], saved[2])
	}
	if !fault.Is(saved[3].Err, fault.Unprocessable) || saved[1].Err != nil || saved[4].Err != nil {
		t.Errorf("%+v", saved)
	}
	if n := c.number(`SELECT count(*) FROM orders`); n != 3 {
		t.Errorf("%d orders", n)
	}
}

// TestAKeyFromManyPlaces saves the same keys from many connections at once, in
// both orders: that must neither make two orders nor end in a deadlock.
func TestAKeyFromManyPlaces(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	const places, keys = 12, 20
	ids := make([][]int64, places)
	var wg sync.WaitGroup
	for p := range places {
		wg.Go(func() {
			drafts := make([]order.Draft, keys)
			for k := range drafts {
				at := k
				if p%2 == 1 {
					at = keys - 1 - k
				}
				drafts[k] = keyed(fmt.Sprint("key ", at), 1)
			}
			saved, err := c.SaveOrders(t.Context(), drafts)
			if err != nil {
				t.Error(err)
				return
			}
			ids[p] = make([]int64, keys)
			for k, s := range saved {
				at := k
				if p%2 == 1 {
					at = keys - 1 - k
				}
				if s.Err != nil {
					t.Error(s.Err)
				}
				ids[p][at] = s.Order.ID
			}
		})
	}
	wg.Wait()
	for p := range ids {
		if fmt.Sprint(ids[p]) != fmt.Sprint(ids[0]) {
			t.Errorf("place %d has %v, the first %v", p, ids[p], ids[0])
		}
	}
	if n := c.number(`SELECT count(*) FROM orders`); n != keys {
		t.Errorf("%d orders for %d keys", n, keys)
	}
}

// TestARefusalKeepsNoKey: what was refused may be sent again, corrected.
func TestARefusalKeepsNoKey(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	draft := keyed("k", 1)
	draft.StoreID = 99
	if saved := c.mustSaveAll(draft)[0]; !fault.Is(saved.Err, fault.NotFound) {
		t.Errorf("got %+v", saved)
	}
	if saved := c.mustSaveAll(keyed("k", 2))[0]; saved.Err != nil || saved.Replayed {
		t.Errorf("then %+v", saved)
	}
}

// TestSavedOrdersAreLookedForOnDisk: an order that a crash undid is reported
// lost, whether its id is free or was given to another.
func TestSavedOrdersAreLookedForOnDisk(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	kept, gone, reused := c.mustSave(1, want(1, 1)), c.mustSave(1, want(1, 1)), c.mustSave(1, want(1, 1))
	c.exec(`DELETE FROM order_items WHERE order_id = $1`, gone.ID)
	c.exec(`DELETE FROM orders WHERE id = $1`, gone.ID)
	c.exec(`UPDATE orders SET created_at = created_at + interval '1 second' WHERE id = $1`, reused.ID)
	before := c.number(`SELECT (pg_current_wal_flush_lsn() - '0/0'::pg_lsn)::bigint`)
	errs, err := c.Confirm(t.Context(), []order.Order{kept, gone, reused})
	if err != nil || errs[0] != nil || !fault.Is(errs[1], fault.Unavailable) || !fault.Is(errs[2], fault.Unavailable) {
		t.Errorf("got %v, %v", errs, err)
	}
	if after := c.number(`SELECT (pg_current_wal_flush_lsn() - '0/0'::pg_lsn)::bigint`); after <= before {
		t.Errorf("nothing was flushed: %d, then %d", before, after)
	}
}

func TestATotalBeyond64BitsIsRefused(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.exec(`UPDATE products SET price = 9999999999.99 WHERE id = 1`)
	if saved := c.mustSaveAll(order.Draft{StoreID: 1, Items: []order.Item{want(1, order.MaxQuantity)}})[0]; !fault.Is(saved.Err, fault.Invalid) {
		t.Errorf("got %+v", saved)
	}
	large := c.mustSave(1, want(1, 9_000_000))
	if o := c.mustOrder(large.ID); o.Total != 9_000_000*999_999_999_999 {
		t.Errorf("total %s", o.Total)
	}
	// In a batch the statement fails as a whole, and the batch is tried in parts.
	if _, err := c.SaveOrders(t.Context(), []order.Draft{keyed("a", 1), {StoreID: 1, Items: []order.Item{want(1, order.MaxQuantity)}}}); err == nil || fault.Is(err, fault.Unavailable) {
		t.Errorf("a batch: %v", err)
	}
}
