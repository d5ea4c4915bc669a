//go:build integration

package postgres_test

import (
	"strconv"
	"testing"

	"golang.org/x/sync/errgroup"

	"aforro/pkg/fault"
	"aforro/pkg/order"
)

func TestCancelGivesTheStockBackOnce(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.stock(1, 1, 5)
	c.stock(1, 2, 1)
	id := c.mustSave(1, want(1, 2), want(2, 1), want(1, 1)).ID
	c.mustDecide(id)
	var g errgroup.Group
	for range 8 {
		g.Go(func() error { _, err := c.Cancel(t.Context(), id); return err })
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	o := c.mustOrder(id)
	if o.Status != order.Cancelled || len(o.History) != 3 || o.History[2].Status != order.Cancelled || o.DecidedAt == nil {
		t.Errorf("got %+v", o)
	}
	if c.left(1, 1) != 5 || c.left(1, 2) != 1 {
		t.Errorf("left %d and %d", c.left(1, 1), c.left(1, 2))
	}
	if n := c.number(`SELECT count(*) FROM stock_movements WHERE reason = 'cancel' AND reference = $1`, strconv.FormatInt(id, 10)); n != 2 {
		t.Errorf("%d movements of the cancelling", n)
	}
	if n := c.number(`SELECT sum(delta) FROM stock_movements WHERE reference = $1`, strconv.FormatInt(id, 10)); n != 0 {
		t.Errorf("the order's movements come to %d", n)
	}
}

func TestWhatCannotBeCancelled(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	pending, rejected := c.mustSave(1, want(1, 1)), c.mustSave(1, want(2, 1))
	c.mustDecide(rejected.ID)
	for _, id := range []int64{pending.ID, rejected.ID} {
		if _, err := c.Cancel(t.Context(), id); !fault.Is(err, fault.Conflict) {
			t.Errorf("order %d: %v", id, err)
		}
	}
	if _, err := c.Cancel(t.Context(), 999); !fault.Is(err, fault.NotFound) {
		t.Errorf("an unknown order: %v", err)
	}
}

// TestCancelBringsARemovedLineBack: the store may have stopped carrying it.
func TestCancelBringsARemovedLineBack(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.stock(1, 1, 5)
	id := c.mustSave(1, want(1, 2)).ID
	c.mustDecide(id)
	c.exec(`DELETE FROM inventory`)
	if _, err := c.Cancel(t.Context(), id); err != nil || c.left(1, 1) != 2 {
		t.Errorf("%v, %d left", err, c.left(1, 1))
	}
}
