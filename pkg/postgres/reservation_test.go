//go:build integration

package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"aforro/pkg/fault"
	"aforro/pkg/idempotency"
	"aforro/pkg/inventory"
	"aforro/pkg/order"
	"aforro/pkg/testkit"
)

func (c *counter) mustReserve(store int64, hold time.Duration, items ...order.Item) inventory.Reservation {
	c.tb.Helper()
	made, _, err := c.Reserve(c.tb.Context(), store, items, hold, noKey)
	if err != nil {
		c.tb.Fatal(err)
	}
	return made
}

// overdue makes the time of reservations over.
func (c *counter) overdue(ids ...int64) {
	c.tb.Helper()
	c.exec(`UPDATE reservations SET expires_at = now() - interval '1 second' WHERE id = ANY ($1)`, ids)
}

func (c *counter) mustExpire(limit int) int {
	c.tb.Helper()
	n, err := c.ExpireReservations(c.tb.Context(), limit)
	if err != nil {
		c.tb.Fatal(err)
	}
	return n
}

func (c *counter) held(store, product int64) int64 {
	c.tb.Helper()
	return c.number(`SELECT held FROM inventory WHERE store_id = $1 AND product_id = $2`, store, product)
}

// waiting reports whether somebody waits for a lock.
func (c *counter) waiting() bool {
	c.tb.Helper()
	return c.number(`SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`) > 0
}

// states lists all reservations as "id status".
func (c *counter) states() []string {
	c.tb.Helper()
	return c.column(`SELECT format('%s %s', id, status) FROM reservations ORDER BY id`)
}

func TestAReservationHoldsStock(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.stock(1, 1, 10)
	c.stock(1, 2, 5)
	items := []order.Item{want(2, 1), want(1, 3), want(2, 2)}
	made := c.mustReserve(1, 90*time.Second, items...)
	if got := []inventory.HeldItem{{ProductID: 2, Quantity: 1}, {ProductID: 1, Quantity: 3}, {ProductID: 2, Quantity: 2}}; !reflect.DeepEqual(made.Items, got) || made.StoreID != 1 {
		t.Errorf("got %+v", made)
	}
	if left := c.number(`SELECT round(extract(epoch FROM $1 - now()))::bigint`, made.ExpiresAt); left < 80 || left > 90 {
		t.Errorf("it ends in %d s", left)
	}
	if got := c.lines(); !slices.Equal(got, []string{"1/1 10/3", "1/2 5/3"}) {
		t.Errorf("stock is %q", got)
	}
	if got := c.column(`SELECT format('%s %s', product_id, quantity) FROM reservation_items ORDER BY product_id`); !slices.Equal(got, []string{"1 3", "2 3"}) {
		t.Errorf("it holds %q", got)
	}
	if n := c.number(`SELECT count(*) FROM stock_movements`); n != 2 {
		t.Errorf("%d movements: to hold stock is not to move it", n)
	}
	c.mustAddUp()
}

func TestAReservationIsRefusedAsAnOrderIs(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.stock(1, 1, 10)
	c.stock(1, 2, 5)
	c.stock(2, 1, 9)
	c.exec(`UPDATE products SET active = false WHERE id = 5`)
	c.mustReserve(1, time.Minute, want(1, 8))
	for name, r := range map[string]struct {
		store int64
		hold  time.Duration
		items []order.Item
		code  fault.Code
		at    []string
	}{
		"nothing":            {1, time.Minute, nil, fault.Invalid, []string{"body.items"}},
		"none of one":        {1, time.Minute, []order.Item{want(1, 0)}, fault.Invalid, []string{"body.items[0].quantity_requested"}},
		"no time":            {1, 0, []order.Item{want(1, 1)}, fault.Invalid, []string{"body.seconds"}},
		"an unknown store":   {9, time.Minute, []order.Item{want(1, 1)}, fault.NotFound, []string{"body.store_id"}},
		"an unknown product": {1, time.Minute, []order.Item{want(1, 1), want(99, 1)}, fault.NotFound, []string{"body.items[1].product_id"}},
		"an inactive one":    {1, time.Minute, []order.Item{want(5, 1)}, fault.Invalid, []string{"body.items[0].product_id"}},
		"too little":         {1, time.Minute, []order.Item{want(2, 1), want(1, 3), want(3, 1)}, fault.Conflict, []string{"body.items[1].quantity_requested", "body.items[2].quantity_requested"}},
	} {
		_, _, err := c.Reserve(t.Context(), r.store, r.items, r.hold, idempotency.New("reserve", "k", []byte(name)))
		var f *fault.Error
		if !errors.As(err, &f) || f.Code != r.code || !slices.Equal(locations(f), r.at) {
			t.Errorf("%s: %v %v", name, err, f)
		}
		var short *order.Shortage
		if got := errors.As(err, &short); got != (r.code == fault.Conflict) {
			t.Errorf("%s: a shortage: %t", name, got)
		}
		if short == nil {
			continue
		}
		reasons := []order.Reason{
			{ProductID: 1, Code: order.InsufficientStock, Requested: 3, Available: 2, Elsewhere: []order.Elsewhere{{StoreID: 2, City: "Mumbai", Available: 9, DistanceKM: 120.5}}},
			{ProductID: 3, Code: order.NotCarried, Requested: 1, Elsewhere: []order.Elsewhere{}},
		}
		if !reflect.DeepEqual(short.Reasons, reasons) {
			t.Errorf("the reasons are %+v", short.Reasons)
		}
	}
	if n := c.number(`SELECT (SELECT count(*) FROM reservations) + (SELECT count(*) FROM idempotency_keys)`); n != 1 {
		t.Errorf("%d reservations and keys", n)
	}
	c.mustAddUp()
}

func TestTheLastPiecesAreHeldOnce(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	const pieces, carts = 10, 50
	c.stock(1, 1, pieces)
	c.stock(1, 2, 1000)
	var made, refused atomic.Int64
	var g errgroup.Group
	for i := range carts {
		items := []order.Item{want(1, 1), want(2, 1)}
		if i%2 == 1 {
			slices.Reverse(items)
		}
		g.Go(func() error {
			_, _, err := c.Reserve(t.Context(), 1, items, time.Minute, noKey)
			switch {
			case err == nil:
				made.Add(1)
			case fault.Is(err, fault.Conflict):
				refused.Add(1)
			default:
				return err
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	if made.Load() != pieces || refused.Load() != carts-pieces || c.held(1, 1) != pieces || c.held(1, 2) != pieces {
		t.Errorf("%d made, %d refused, %d and %d held", made.Load(), refused.Load(), c.held(1, 1), c.held(1, 2))
	}
	c.mustAddUp()
}

// A recount below what is held leaves the reservations as they are, and nothing
// to be sold.
func TestARecountBelowWhatIsHeld(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.stock(1, 1, 10)
	first := c.mustReserve(1, time.Minute, want(1, 6))
	if after := c.mustAdjust(1, set(1, 4)); after[0] != (inventory.Stock{ProductID: 1, OnHand: 4, Held: 6}) || after[0].Available() != 0 {
		t.Errorf("got %+v", after)
	}
	if _, _, err := c.Reserve(t.Context(), 1, []order.Item{want(1, 1)}, time.Minute, noKey); !fault.Is(err, fault.Conflict) {
		t.Errorf("got %v", err)
	}
	if err := c.Release(t.Context(), first.ID); err != nil {
		t.Fatal(err)
	}
	c.mustReserve(1, time.Minute, want(1, 4))
	c.mustAddUp()
}

func TestAReservationIsReleasedOnce(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.stock(1, 1, 10)
	kept, given := c.mustReserve(1, time.Minute, want(1, 2)), c.mustReserve(1, time.Minute, want(1, 3))
	var g errgroup.Group
	for range 16 {
		g.Go(func() error { return c.Release(t.Context(), given.ID) })
	}
	if err := g.Wait(); err != nil || c.held(1, 1) != 2 {
		t.Errorf("%v, %d held", err, c.held(1, 1))
	}
	if got := c.states(); !slices.Equal(got, []string{"1 ACTIVE", "2 RELEASED"}) || kept.ID != 1 {
		t.Errorf("got %q", got)
	}
	if err := c.Release(t.Context(), 99); !fault.Is(err, fault.NotFound) {
		t.Errorf("of none: %v", err)
	}
	c.overdue(given.ID)
	if n := c.mustExpire(10); n != 0 || c.held(1, 1) != 2 {
		t.Errorf("what was released expired: %d, %d held", n, c.held(1, 1))
	}
	c.mustAddUp()
}

func TestExpiredReservationsAreGivenBack(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.stock(1, 1, 100)
	c.stock(2, 1, 100)
	c.stock(1, 2, 100)
	var over []int64
	for i := range int64(7) {
		over = append(over, c.mustReserve(1+i%2, time.Minute, want(1, 1)).ID)
	}
	over = append(over, c.mustReserve(1, time.Minute, want(2, 5), want(1, 5)).ID)
	live := c.mustReserve(1, time.Minute, want(1, 9), want(2, 9))
	if n := c.mustExpire(3); n != 0 {
		t.Errorf("%d expired before their time", n)
	}
	c.overdue(over...)
	var ended atomic.Int64
	var g errgroup.Group
	for range 4 { // several workers at once, in pages
		g.Go(func() error {
			n, err := c.ExpireReservations(t.Context(), 3)
			ended.Add(int64(n))
			return err
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	if got := c.lines(); ended.Load() != 8 || !slices.Equal(got, []string{"1/1 100/9", "1/2 100/9", "2/1 100/0"}) {
		t.Errorf("%d expired, stock is %q", ended.Load(), got)
	}
	if n := c.number(`SELECT count(*) FROM reservations WHERE status = 'EXPIRED' AND ended_at IS NOT NULL AND id <> $1`, live.ID); n != 8 {
		t.Errorf("%d are EXPIRED", n)
	}
	if err := c.Release(t.Context(), over[0]); err != nil {
		t.Errorf("to release an expired one: %v", err)
	}
	c.mustAddUp()
}

// Stock that somebody keeps locked delays its own reservations and no others,
// on whatever page of the list they are.
func TestLockedStockDelaysItsOwnReservationsOnly(t *testing.T) {
	t.Parallel()
	for _, page := range []int{1, 2, 5, 100} {
		t.Run(fmt.Sprint(page), func(t *testing.T) {
			t.Parallel()
			c := newCounter(t)
			for product := range int64(3) {
				c.stock(1, product+1, 10)
			}
			var ids []int64
			for _, items := range [][]order.Item{{want(1, 1)}, {want(1, 1), want(2, 1)}, {want(2, 1)}, {want(2, 1), want(3, 1)}, {want(1, 1)}, {want(3, 1)}} {
				ids = append(ids, c.mustReserve(1, time.Minute, items...).ID)
			}
			c.overdue(ids...)
			c.exec(`DELETE FROM inventory WHERE product_id = 3`)
			c.exec(`BEGIN`)
			c.exec(`SELECT FROM inventory WHERE product_id = 1 FOR UPDATE`)
			if n := c.mustExpire(page); n != 3 {
				t.Errorf("%d expired", n)
			}
			if got := c.states(); !slices.Equal(got, []string{"1 ACTIVE", "2 ACTIVE", "3 EXPIRED", "4 EXPIRED", "5 ACTIVE", "6 EXPIRED"}) {
				t.Errorf("got %q", got)
			}
			c.exec(`COMMIT`)
			if n := c.mustExpire(page); n != 3 {
				t.Errorf("then %d expired", n)
			}
			if got := c.lines(); !slices.Equal(got, []string{"1/1 10/0", "1/2 10/0"}) {
				t.Errorf("stock is %q", got)
			}
		})
	}
}

// A busy line is not a locked one: it is waited for.
func TestABusyLineIsWaitedFor(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.stock(1, 1, 10)
	c.overdue(c.mustReserve(1, time.Minute, want(1, 1)).ID)
	other := testkit.Conn(t, c.url)
	mustExec(t, other, `BEGIN`)
	mustExec(t, other, `UPDATE inventory SET quantity = 9`)
	expired := make(chan error, 1)
	go func() {
		n, err := c.ExpireReservations(context.WithoutCancel(t.Context()), 10)
		if err == nil && n != 1 {
			err = fmt.Errorf("%d expired", n)
		}
		expired <- err
	}()
	testkit.Eventually(t, 10*time.Second, "the return waits for the line", func() bool {
		return c.waiting()
	})
	mustExec(t, other, `COMMIT`)
	if err := <-expired; err != nil {
		t.Error(err)
	}
	if got := c.lines(); !slices.Equal(got, []string{"1/1 9/0"}) {
		t.Errorf("stock is %q", got)
	}
}

// What is held of a line that is gone, or that was made anew, is nothing: the
// end of the reservation must not fail on it.
func TestALineThatIsGoneHoldsNoReservationBack(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.stock(1, 1, 10)
	c.stock(1, 2, 10)
	first, second := c.mustReserve(1, time.Minute, want(1, 3), want(2, 3)), c.mustReserve(1, time.Minute, want(1, 2), want(2, 1))
	c.exec(`DELETE FROM inventory WHERE product_id = 1`)
	if err := c.Release(t.Context(), first.ID); err != nil {
		t.Error(err)
	}
	c.stock(1, 1, 4)
	c.overdue(second.ID)
	if n := c.mustExpire(10); n != 1 {
		t.Errorf("%d expired", n)
	}
	if got := c.lines(); !slices.Equal(got, []string{"1/1 4/0", "1/2 10/0"}) {
		t.Errorf("stock is %q", got)
	}
	c.mustAddUp()
}
