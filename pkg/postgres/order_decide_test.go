//go:build integration

package postgres_test

import (
	"strconv"
	"testing"

	"aforro/pkg/fault"
	"aforro/pkg/order"
)

func TestDecideConfirms(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.stock(1, 1, 5)
	c.stock(1, 2, 1)
	saved := c.mustSave(1, want(1, 2), want(2, 1), want(1, 1))
	c.exec(`UPDATE products SET price = 12 WHERE id = 1`)
	o := c.mustDecide(saved.ID)
	if o.Status != order.Confirmed || o.DecidedAt == nil || o.Total != 3*1200+1050 || len(o.Reasons) != 0 {
		t.Errorf("decided %+v", o)
	}
	if c.left(1, 1) != 2 || c.left(1, 2) != 0 {
		t.Errorf("left %d and %d", c.left(1, 1), c.left(1, 2))
	}
	read := c.mustOrder(saved.ID)
	if read.Total != o.Total || !read.DecidedAt.Equal(*o.DecidedAt) || len(read.History) != 2 || read.History[1].Status != order.Confirmed {
		t.Errorf("read %+v", read)
	}
	if n := c.number(`SELECT sum(delta) FROM stock_movements WHERE reason = 'order' AND reference = $1`, strconv.FormatInt(o.ID, 10)); n != -4 {
		t.Errorf("the ledger has %d for the order", n)
	}
	if again := c.mustDecide(saved.ID); again.Status != order.Confirmed || c.left(1, 1) != 2 {
		t.Errorf("deciding again: %s, left %d", again.Status, c.left(1, 1))
	}
}

func TestDecideRejects(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.stock(1, 1, 5)
	c.stock(1, 2, 2)
	c.stock(2, 2, 9)
	c.stock(3, 2, 4)
	c.stock(3, 3, 1)
	o := c.mustDecide(c.mustSave(1, want(1, 1), want(2, 2), want(2, 1), want(3, 1)).ID)
	if o.Status != order.Rejected || c.left(1, 1) != 5 || c.left(1, 2) != 2 {
		t.Fatalf("decided %s, left %d and %d", o.Status, c.left(1, 1), c.left(1, 2))
	}
	for _, reasons := range [][]order.Reason{o.Reasons, c.mustOrder(o.ID).Reasons} {
		if len(reasons) != 2 {
			t.Fatalf("reasons %+v", reasons)
		}
		short, missing := reasons[0], reasons[1]
		if short.ProductID != 2 || short.Code != order.InsufficientStock || short.Requested != 3 || short.Available != 2 ||
			len(short.Elsewhere) != 2 || short.Elsewhere[0].City != "Mumbai" || short.Elsewhere[0].Available != 9 ||
			short.Elsewhere[0].DistanceKM < 110 || short.Elsewhere[0].DistanceKM > 130 || short.Elsewhere[1].StoreID != 3 {
			t.Errorf("short: %+v", short)
		}
		if missing.ProductID != 3 || missing.Code != order.NotCarried || len(missing.Elsewhere) != 1 {
			t.Errorf("missing: %+v", missing)
		}
	}
	if n := c.number(`SELECT count(*) FROM stock_movements WHERE reason = 'order'`); n != 0 {
		t.Errorf("a rejection left %d movements", n)
	}
}

func TestDecideNamesTheNearestStoresOnly(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.exec(`INSERT INTO stores (id, name, city, latitude, longitude) SELECT n, 'S', 'City ' || n, 18.52, 73.86 + n FROM generate_series(10, 40) n`)
	c.exec(`INSERT INTO inventory SELECT n, 1, 1 FROM generate_series(10, 40) n`)
	c.exec(`INSERT INTO inventory VALUES (2, 1, 0)`)
	o := c.mustDecide(c.mustSave(1, want(1, 1)).ID)
	found := o.Reasons[0].Elsewhere
	if len(found) != order.MaxElsewhere || found[0].StoreID != 10 || found[4].StoreID != 14 {
		t.Errorf("elsewhere %+v", found)
	}
}

func TestDecideRejectsWhatIsNotSoldAnyMore(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.stock(1, 1, 5)
	c.stock(2, 1, 5)
	saved := c.mustSave(1, want(1, 1))
	c.exec(`UPDATE products SET active = false WHERE id = 1`)
	o := c.mustDecide(saved.ID)
	if o.Status != order.Rejected || o.Reasons[0].Code != order.NotCarried || len(o.Reasons[0].Elsewhere) != 0 || c.left(1, 1) != 5 {
		t.Errorf("decided %+v", o)
	}
}

func TestDecideKnowsNoSuchOrder(t *testing.T) {
	t.Parallel()
	if _, err := newCounter(t).Decide(t.Context(), 12345); !fault.Is(err, fault.NotFound) {
		t.Errorf("got %v", err)
	}
}

// TestDecidePendingJudgesEachOnItsOwn: of several orders in one transaction
// the lower id goes first, and one that is short does not spoil the others.
func TestDecidePendingJudgesEachOnItsOwn(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.stock(1, 1, 3)
	a, b, d := c.mustSave(1, want(1, 2)), c.mustSave(1, want(1, 2)), c.mustSave(1, want(1, 1))
	got, _, err := c.DecidePending(t.Context(), []int64{d.ID, b.ID, a.ID})
	if err != nil || len(got) != 3 {
		t.Fatalf("got %v %v", got, err)
	}
	if got[0].Status != order.Confirmed || got[1].Status != order.Rejected || got[1].Reasons[0].Available != 1 || got[2].Status != order.Confirmed {
		t.Errorf("got %s %s %s", got[0].Status, got[1].Status, got[2].Status)
	}
	if n := c.number(`SELECT count(DISTINCT reference) FROM stock_movements WHERE reason = 'order'`); n != 2 || c.left(1, 1) != 0 {
		t.Errorf("%d orders in the ledger, %d left", n, c.left(1, 1))
	}
}

func TestPending(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	a, b := c.mustSave(1, want(1, 1)), c.mustSave(1, want(1, 1))
	list, err := c.PendingOrders(t.Context(), 0, 0, 10)
	if err != nil || len(list) != 2 || list[0].ID != a.ID || list[0].Age <= 0 {
		t.Errorf("pending %+v %v", list, err)
	}
	if list, err := c.PendingOrders(t.Context(), 0, a.ID, 10); err != nil || len(list) != 1 || list[0].ID != b.ID {
		t.Errorf("pending after the first %+v %v", list, err)
	}
	if list, err := c.PendingOrders(t.Context(), 1<<40, 0, 10); err != nil || len(list) != 0 {
		t.Errorf("pending for long %+v %v", list, err)
	}
	c.mustDecide(a.ID)
	if list, err := c.PendingOrders(t.Context(), 0, 0, 10); err != nil || len(list) != 1 || list[0].ID != b.ID {
		t.Errorf("pending after a decision %+v %v", list, err)
	}
}
