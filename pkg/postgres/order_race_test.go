//go:build integration

package postgres_test

import (
	"context"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"aforro/pkg/fault"
	"aforro/pkg/order"
	"aforro/pkg/testkit"
)

// together decides all ids at once and returns how many were confirmed.
func (c *counter) together(ids ...int64) (confirmed int) {
	c.tb.Helper()
	statuses := make([]order.Status, len(ids))
	var g errgroup.Group
	for i, id := range ids {
		g.Go(func() error {
			o, err := c.Decide(c.tb.Context(), id)
			statuses[i] = o.Status
			return err
		})
	}
	if err := g.Wait(); err != nil {
		c.tb.Fatal(err)
	}
	for _, s := range statuses {
		if s == order.Confirmed {
			confirmed++
		}
	}
	return confirmed
}

func TestTwoOrdersForTheLastUnit(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.stock(1, 1, 0)
	for round := range 200 {
		c.exec(`UPDATE inventory SET quantity = 1`)
		a, b := c.mustSave(1, want(1, 1)), c.mustSave(1, want(1, 1))
		if n := c.together(a.ID, b.ID); n != 1 || c.left(1, 1) != 0 {
			t.Fatalf("round %d: %d confirmed, %d left", round, n, c.left(1, 1))
		}
	}
}

func TestOneOrderDecidedFromManyPlaces(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.stock(1, 1, 100)
	ids := make([]int64, 16)
	id := c.mustSave(1, want(1, 3)).ID
	for i := range ids {
		ids[i] = id
	}
	if n := c.together(ids...); n != 16 || c.left(1, 1) != 97 {
		t.Errorf("%d saw it confirmed, %d left", n, c.left(1, 1))
	}
	if n := c.number(`SELECT count(*) FROM stock_movements WHERE reason = 'order'`); n != 1 {
		t.Errorf("%d movements", n)
	}
	if n := len(c.mustOrder(id).History); n != 2 {
		t.Errorf("%d states", n)
	}
}

func TestAHotProductIsNeverOversold(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	const seeded = 100
	c.stock(1, 1, seeded)
	c.stock(1, 2, 1000)
	var ids []int64
	for i := range 64 {
		// Lines in both orders: only locks in one order keep this from a deadlock.
		items := []order.Item{want(1, int64(1+i%5)), want(2, 1)}
		if i%2 == 1 {
			items[0], items[1] = items[1], items[0]
		}
		ids = append(ids, c.mustSave(1, items...).ID)
	}
	confirmed := c.together(ids...)
	sold := c.number(`SELECT coalesce(sum(quantity_requested), 0) FROM order_items i JOIN orders o ON o.id = i.order_id
		WHERE o.status = 'CONFIRMED' AND i.product_id = 1`)
	if left := c.left(1, 1); left < 0 || left+sold != seeded || c.left(1, 2) != 1000-int64(confirmed) {
		t.Errorf("left %d, sold %d of %d; %d confirmed", left, sold, seeded, confirmed)
	}
	if n := c.number(`SELECT count(*) FROM inventory i WHERE quantity <> (SELECT sum(delta) FROM stock_movements m
		WHERE m.store_id = i.store_id AND m.product_id = i.product_id)`); n != 0 {
		t.Errorf("%d lines differ from their ledger", n)
	}
}

// TestACommitThatFailsDecidesNothing: the error of the commit is the call's.
func TestACommitThatFailsDecidesNothing(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.stock(1, 1, 5)
	c.exec(`CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'at commit'; END $$`)
	c.exec(`CREATE CONSTRAINT TRIGGER fails AFTER UPDATE ON orders DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION fail()`)
	id := c.mustSave(1, want(1, 2)).ID
	if _, err := c.Decide(t.Context(), id); err == nil {
		t.Fatal("the failed commit was not noticed")
	}
	if o := c.mustOrder(id); o.Status != order.Pending || c.left(1, 1) != 5 {
		t.Errorf("%s, %d left", o.Status, c.left(1, 1))
	}
	c.exec(`DROP TRIGGER fails ON orders`)
	if o := c.mustDecide(id); o.Status != order.Confirmed || c.left(1, 1) != 3 {
		t.Errorf("then %s, %d left", o.Status, c.left(1, 1))
	}
}

// TestAKilledBackendDecidesNothing ends the connection in the middle of a
// decision that waits for a stock line.
func TestAKilledBackendDecidesNothing(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.stock(1, 1, 5)
	id := c.mustSave(1, want(1, 2)).ID
	holder := testkit.Conn(t, c.url)
	tx, err := holder.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), `SELECT FROM inventory FOR UPDATE`); err != nil {
		t.Fatal(err)
	}
	failed := make(chan error, 1)
	go func() {
		_, err := c.Decide(context.WithoutCancel(t.Context()), id)
		failed <- err
	}()
	testkit.Eventually(t, 10*time.Second, "the decision waits and is killed", func() bool {
		return c.number(`SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
			WHERE datname = current_database() AND wait_event_type = 'Lock'`) > 0
	})
	if err := <-failed; !fault.Is(err, fault.Unavailable) {
		t.Errorf("got %v, want unavailable", err)
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if o := c.mustDecide(id); o.Status != order.Confirmed || c.left(1, 1) != 3 {
		t.Errorf("then %s, %d left", o.Status, c.left(1, 1))
	}
}
