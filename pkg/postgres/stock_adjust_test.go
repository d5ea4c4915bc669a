//go:build integration

package postgres_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"aforro/pkg/fault"
	"aforro/pkg/idempotency"
	"aforro/pkg/importer"
	"aforro/pkg/inventory"
	"aforro/pkg/order"
	"aforro/pkg/postgres"
)

// noKey is a request without an idempotency key.
var noKey idempotency.Request

func set(product, n int64) inventory.AdjustmentLine {
	return inventory.AdjustmentLine{ProductID: product, Change: inventory.Set, Pieces: n}
}

func add(product, n int64) inventory.AdjustmentLine {
	return inventory.AdjustmentLine{ProductID: product, Change: inventory.Add, Pieces: n}
}

func recount(lines ...inventory.AdjustmentLine) inventory.Adjustment {
	return inventory.Adjustment{Reason: "recount", Lines: lines}
}

func (c *counter) mustAdjust(store int64, lines ...inventory.AdjustmentLine) []inventory.Stock {
	c.tb.Helper()
	after, _, err := c.Adjust(c.tb.Context(), store, recount(lines...), noKey)
	if err != nil {
		c.tb.Fatal(err)
	}
	return after
}

// column asks for one column of text.
func (c *counter) column(sql string) []string {
	c.tb.Helper()
	rows, err := c.conn.Query(c.tb.Context(), sql)
	if err != nil {
		c.tb.Fatalf("%s: %v", sql, err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		c.tb.Fatalf("%s: %v", sql, err)
	}
	return list
}

// lines lists all stock as "store/product on hand/held".
func (c *counter) lines() []string {
	c.tb.Helper()
	return c.column(`SELECT format('%s/%s %s/%s', store_id, product_id, quantity, held) FROM inventory ORDER BY store_id, product_id`)
}

// mustAddUp holds each line against its ledger, and what is held against what
// the ACTIVE reservations say.
func (c *counter) mustAddUp() {
	c.tb.Helper()
	if off := c.column(`SELECT format('%s/%s', store_id, product_id)
		FROM (SELECT store_id, product_id, sum(delta) AS moved FROM stock_movements GROUP BY 1, 2) m
		FULL JOIN inventory i USING (store_id, product_id) WHERE coalesce(moved, 0) <> coalesce(quantity, 0)`); len(off) != 0 {
		c.tb.Errorf("movements do not add up to the stock of %v", off)
	}
	if off := c.column(`SELECT format('%s/%s', store_id, product_id)
		FROM (SELECT r.store_id, t.product_id, sum(t.quantity) AS live FROM reservations r JOIN reservation_items t ON t.reservation_id = r.id
			WHERE r.status = 'ACTIVE' GROUP BY 1, 2) r
		FULL JOIN inventory i USING (store_id, product_id) WHERE coalesce(live, 0) <> coalesce(held, 0)`); len(off) != 0 {
		c.tb.Errorf("reservations do not add up to what is held of %v", off)
	}
}

func TestAnAdjustmentIsAppliedAndRecorded(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.stock(1, 1, 10)
	c.stock(1, 2, 20)
	c.stock(2, 1, 7)
	c.exec(`UPDATE inventory SET held = 3 WHERE store_id = 1 AND product_id = 1`)
	c.exec(`UPDATE products SET active = false WHERE id = 5`) // its stock can be corrected all the same
	after, replayed, err := c.Adjust(t.Context(), 1, inventory.Adjustment{Reason: "delivery", Note: "van 🚚\nno. 4",
		Lines: []inventory.AdjustmentLine{add(2, -5), set(1, 2), set(4, 6), add(5, 1), add(3, 0)}}, noKey)
	want := []inventory.Stock{{ProductID: 2, OnHand: 15}, {ProductID: 1, OnHand: 2, Held: 3}, {ProductID: 4, OnHand: 6}, {ProductID: 5, OnHand: 1}, {ProductID: 3}}
	if err != nil || replayed || !reflect.DeepEqual(after, want) {
		t.Fatalf("got %+v %t %v", after, replayed, err)
	}
	if after[1].Available() != 0 {
		t.Errorf("2 on hand and 3 held leave %d", after[1].Available())
	}
	if got := c.lines(); !slices.Equal(got, []string{"1/1 2/3", "1/2 15/0", "1/3 0/0", "1/4 6/0", "1/5 1/0", "2/1 7/0"}) {
		t.Errorf("stock is %q", got)
	}
	id := c.number(`SELECT id FROM stock_adjustments WHERE store_id = 1 AND reason = 'delivery' AND note = E'van 🚚\nno. 4'`)
	recorded := c.column(`SELECT format('%s/%s %s %s %s', store_id, product_id, delta, reason, reference) FROM stock_movements WHERE reason <> 'sql' ORDER BY product_id`)
	var told []string
	for _, m := range []string{"1/1 -8", "1/2 -5", "1/4 6", "1/5 1"} {
		told = append(told, fmt.Sprintf("%s delivery %d", m, id))
	}
	if !slices.Equal(recorded, told) {
		t.Errorf("the ledger holds %q, want %q", recorded, told)
	}
	c.exec(`UPDATE inventory SET quantity = 1 WHERE store_id = 2`)
	if n := c.number(`SELECT count(*) FROM stock_movements WHERE store_id = 2 AND reason = 'sql' AND reference = ''`); n != 2 {
		t.Errorf("the reason outlives its transaction: %d movements of plain SQL", n)
	}
	c.exec(`UPDATE inventory SET held = 0`)
	c.mustAddUp()
}

func TestAnAdjustmentIsAppliedWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.stock(1, 1, 10)
	c.stock(1, 2, inventory.MaxQuantity)
	for name, a := range map[string]struct {
		store int64
		lines []inventory.AdjustmentLine
		code  fault.Code
		at    []string
	}{
		"an unknown store":     {9, []inventory.AdjustmentLine{set(1, 1)}, fault.NotFound, []string{"path.id"}},
		"unknown products":     {1, []inventory.AdjustmentLine{set(99, 1), set(1, 1), set(-1, 1)}, fault.NotFound, []string{"body.lines[0].product_id", "body.lines[2].product_id"}},
		"less than none":       {1, []inventory.AdjustmentLine{set(3, 5), add(1, -11)}, fault.Conflict, []string{"body.lines[1].add"}},
		"less than no line":    {1, []inventory.AdjustmentLine{add(3, -1)}, fault.Conflict, []string{"body.lines[0].add"}},
		"more than fits":       {1, []inventory.AdjustmentLine{set(1, 1), add(2, 1)}, fault.Conflict, []string{"body.lines[1].add"}},
		"several, all named":   {1, []inventory.AdjustmentLine{add(2, 1), add(1, -11)}, fault.Conflict, []string{"body.lines[0].add", "body.lines[1].add"}},
		"no adjustment at all": {1, nil, fault.Invalid, []string{"body.lines"}},
	} {
		_, _, err := c.Adjust(t.Context(), a.store, recount(a.lines...), idempotency.New("adjust", "k", []byte(name)))
		var f *fault.Error
		if !errors.As(err, &f) || f.Code != a.code || !slices.Equal(locations(f), a.at) {
			t.Errorf("%s: %v %v", name, err, f)
		}
	}
	if got := c.lines(); !slices.Equal(got, []string{"1/1 10/0", "1/2 2147483647/0"}) {
		t.Errorf("stock is %q", got)
	}
	if n := c.number(`SELECT (SELECT count(*) FROM stock_adjustments) + (SELECT count(*) FROM idempotency_keys)`); n != 0 {
		t.Errorf("%d adjustments and keys were kept", n)
	}
}

func locations(f *fault.Error) (at []string) {
	for _, field := range f.Fields {
		at = append(at, field.Location)
	}
	return at
}

func TestARecountThatFindsWhatWasExpectedIsRecorded(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.stock(1, 1, 10)
	c.mustAdjust(1, set(1, 10), add(2, 0))
	if n := c.number(`SELECT count(*) FROM stock_adjustments`); n != 1 {
		t.Errorf("%d adjustments", n)
	}
	if n := c.number(`SELECT count(*) FROM stock_movements WHERE reason = 'recount'`); n != 0 {
		t.Errorf("%d movements of nothing", n)
	}
}

// Adjustments, reservations and decisions take the same lines, each in an order
// of its own: only locks in one order keep them from deadlock and lost changes.
func TestAdjustmentsReservationsAndOrdersTogether(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	const rounds = 40
	for product := range int64(4) {
		c.stock(1, product+1, 1000)
	}
	var g errgroup.Group
	for i := range int64(rounds) {
		a, b := 1+i%4, 1+(i+1+i%3)%4
		placed := c.mustSave(1, want(a, 1), want(b, 1))
		g.Go(func() error {
			_, _, err := c.Adjust(t.Context(), 1, recount(add(a, 2), add(b, -1), add(5, 1)), noKey)
			return err
		})
		g.Go(func() error {
			_, _, err := c.Reserve(t.Context(), 1, []order.Item{want(b, 1), want(a, 1)}, time.Minute, noKey)
			return err
		})
		g.Go(func() error {
			_, err := c.Decide(t.Context(), placed.ID)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	// Each round: +2 −1 +1 by hand, −2 by the order, 2 held.
	if n := c.number(`SELECT sum(quantity) FROM inventory`); n != 4000 {
		t.Errorf("%d pieces, want 4000", n)
	}
	if n := c.number(`SELECT sum(held) FROM inventory`); n != 2*rounds {
		t.Errorf("%d held", n)
	}
	if n := c.left(1, 5); n != rounds {
		t.Errorf("a line that all made at once has %d, want %d", n, rounds)
	}
	c.mustAddUp()
}

// A line is locked by an adjustment although nothing is written to it yet.
func TestAnAdjustmentWaitsForALockedLine(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.stock(1, 1, 10)
	impatient, err := postgres.Open(t.Context(), c.url, postgres.Options{StatementTimeout: 100 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(impatient.Close)
	c.exec(`BEGIN`)
	c.exec(`SELECT FROM inventory FOR UPDATE`)
	if _, _, err := impatient.Adjust(t.Context(), 1, recount(set(1, 10)), noKey); !fault.Is(err, fault.Unavailable) {
		t.Errorf("got %v", err)
	}
	c.exec(`COMMIT`)
	if _, _, err := impatient.Adjust(t.Context(), 1, recount(set(1, 9)), noKey); err != nil || c.left(1, 1) != 9 {
		t.Errorf("then %v, %d left", err, c.left(1, 1))
	}
}

func TestMovements(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.stock(1, 1, 10)
	c.stock(1, 2, 5)
	c.mustAdjust(1, add(1, -1), add(2, -1))
	c.mustDecide(c.mustSave(1, want(1, 2)).ID)
	page := func(beforeID int64, limit int) (told []string, last int64) {
		t.Helper()
		list, err := c.Movements(t.Context(), 1, 1, beforeID, limit)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range list {
			told, last = append(told, fmt.Sprintf("%d %s %s", m.Delta, m.Reason, m.Reference)), m.ID
			if m.StoreID != 1 || m.ProductID != 1 || time.Since(m.At) > time.Minute {
				t.Errorf("got %+v", m)
			}
		}
		return told, last
	}
	first, last := page(0, 2)
	rest, _ := page(last, 2)
	if got := strings.Join(append(first, rest...), ", "); got != "-2 order 1, -1 recount 1, 10 sql " {
		t.Errorf("got %s", got)
	}
	if list, err := c.Movements(t.Context(), 1, 3, 0, 10); err != nil || list == nil || len(list) != 0 {
		t.Errorf("a line that never was: %v %v", list, err)
	}
	for _, id := range [][2]int64{{9, 1}, {1, 99}, {-1, -1}} {
		if _, err := c.Movements(t.Context(), id[0], id[1], 0, 10); !fault.Is(err, fault.NotFound) {
			t.Errorf("%v: %v", id, err)
		}
	}
	// A movement outlives its product.
	c.exec(`DELETE FROM order_items`)
	c.exec(`DELETE FROM products WHERE id = 1`)
	if got, _ := page(0, 10); len(got) != 4 || got[0] != "-7 sql " {
		t.Errorf("of a product that is gone: %q", got)
	}
}

func TestAnImportLeavesWhatIsHeld(t *testing.T) {
	t.Parallel()
	in := newStockIntake(t)
	mustExec(t, in.conn, `INSERT INTO inventory VALUES (1, 1, 10, 4)`)
	sum, refused, err := in.stock("store_id,product_id,quantity\n1,1,3\n1,2,8\n")
	in.want(sum, refused, err, importer.Summary{New: 1, Changed: 1})
	in.column(`SELECT format('%s/%s %s/%s', store_id, product_id, quantity, held) FROM inventory ORDER BY product_id`, "1/1 3/4", "1/2 8/0")
}
