//go:build integration

package postgres_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"aforro/pkg/audit"
	"aforro/pkg/testkit"
)

func TestAuditOfRightBooksIsClean(t *testing.T) {
	t.Parallel()
	c := newBooks(t)
	r := c.mustAudit()
	if r.Found() != 0 || len(r.Results) != len(audit.Checks()) || time.Since(r.At).Abs() > time.Minute {
		t.Errorf("found %v: %q; %d results at %s", counts(r), texts(r), len(r.Results), r.At)
	}
	for i, check := range audit.Checks() {
		if r.Results[i].Check != check {
			t.Errorf("result %d is of %s, want %s", i, r.Results[i].Check, check)
		}
	}
	for _, c := range r.Results {
		checked := map[string]int64{"stock lines": 4, "orders": 5, "movements": 8, "reservations": 1, "keys": 1}[c.Of]
		if c.Checked != checked {
			t.Errorf("%s looked at %d %s, want %d", c.Check, c.Checked, c.Of, checked)
		}
	}
	// The saving may be told.
	c.exec(`INSERT INTO order_events (order_id, sequence, status) SELECT id, 1, 'PENDING' FROM orders`)
	// More is held than a recount found.
	c.exec(`UPDATE inventory SET quantity = 1 WHERE store_id = 1 AND product_id = 1`)
	r = c.mustAudit()
	if r.Found() != 0 || len(r.Notes) != 1 || r.Notes[0].Found != 1 || r.Notes[0].First[0].Text != "product 1 in store 1: held 2 of 1" {
		t.Errorf("found %q, notes %+v", texts(r), r.Notes)
	}
	if done := c.mustRepair(); len(done) != 0 {
		t.Errorf("a repair of what is right did %q", done)
	}
}

// corruption is a wrong done by hand, what an audit says of it, and what is left
// after a repair that says what it did.
type corruption struct {
	name     string
	sql      []string // with triggers and foreign keys switched off
	plain    []string // as anybody may do it
	found    off
	says     string
	repaired string
	left     off
}

var corruptions = []corruption{
	{name: "quantity past the trigger", sql: []string{`UPDATE inventory SET quantity = 9 WHERE store_id = 1 AND product_id = 1`},
		found: off{audit.Stock: 1}, says: "product 1 in store 1: quantity 9, its movements sum to 5",
		repaired: "product 1 in store 1: a movement +4 balances the ledger"},
	{name: "line gone past the trigger", sql: []string{`DELETE FROM inventory WHERE store_id = 1 AND product_id = 2`},
		found: off{audit.Stock: 1}, says: "product 2 is not in store 1 any more, its movements sum to 4",
		repaired: "product 2 in store 1: a movement -4 balances the ledger"},
	{name: "line made past the trigger", sql: []string{`INSERT INTO inventory VALUES (3, 1, 6)`},
		found: off{audit.Stock: 1}, says: "product 1 in store 3: quantity 6, its movements sum to 0",
		repaired: "product 1 in store 3: a movement +6 balances the ledger"},
	{name: "opening movement lost", sql: []string{`DELETE FROM stock_movements WHERE reason = 'sql' AND store_id = 2`},
		found: off{audit.Stock: 1}, says: "product 1 in store 2: quantity 7, its movements sum to 0",
		repaired: "product 1 in store 2: a movement +7 balances the ledger"},
	{name: "negative quantity", plain: []string{`ALTER TABLE inventory DROP CONSTRAINT inventory_quantity_check`,
		`UPDATE inventory SET quantity = -1 WHERE store_id = 1 AND product_id = 2`},
		found: off{audit.Negative: 1}, says: "product 2 in store 1: quantity -1, held 0", left: off{audit.Negative: 1}},
	{name: "negative held", plain: []string{`ALTER TABLE inventory DROP CONSTRAINT inventory_held_check`,
		`UPDATE inventory SET held = -3 WHERE store_id = 1 AND product_id = 2`},
		found: off{audit.Negative: 1, audit.Held: 1}, says: "product 2 in store 1: held -3, live reservations hold 0",
		repaired: "product 2 in store 1: held is 0"},

	{name: "movement of an order lost", sql: []string{`DELETE FROM stock_movements WHERE reason = 'order' AND reference = '5'`},
		found:    off{audit.Stock: 1, audit.Movements: 1},
		says:     "order 5 (CONFIRMED), product 1 in store 1: asked for 2, taken 0 by 0 movements, given back 0 by 0",
		repaired: "product 1 in store 1: the movement -2 of order 5 (order) is written again"},
	{name: "movements of two orders of one line lost", sql: []string{`DELETE FROM stock_movements WHERE reason = 'order' AND product_id = 1 AND store_id = 1`},
		found: off{audit.Stock: 1, audit.Movements: 2}, says: "product 1 in store 1: quantity 5, its movements sum to 10",
		repaired: "product 1 in store 1: the movement -3 of order 1 (order) is written again"},
	{name: "movement of a cancellation lost", sql: []string{`DELETE FROM stock_movements WHERE reason = 'cancel'`},
		found:    off{audit.Stock: 1, audit.Movements: 1},
		says:     "order 3 (CANCELLED), product 1 in store 2: asked for 4, taken 4 by 1 movements, given back 0 by 0",
		repaired: "product 1 in store 2: the movement +4 of order 3 (cancel) is written again"},
	{name: "movement lost and quantity changed", sql: []string{`DELETE FROM stock_movements WHERE reason = 'order' AND reference = '5'`,
		`UPDATE inventory SET quantity = 4 WHERE store_id = 1 AND product_id = 1`},
		found: off{audit.Stock: 1, audit.Movements: 1}, says: "quantity 4, its movements sum to 7",
		left: off{audit.Stock: 1, audit.Movements: 1}},
	{name: "movement doubled", sql: []string{`INSERT INTO stock_movements (store_id, product_id, delta, reason, reference) VALUES (1, 1, -2, 'order', '5')`},
		found: off{audit.Stock: 1, audit.Movements: 1}, says: "order 5 (CONFIRMED), product 1 in store 1: asked for 2, taken 4 by 2 movements",
		left: off{audit.Stock: 1, audit.Movements: 1}},
	{name: "movement split in two", sql: []string{`UPDATE stock_movements SET delta = -1 WHERE reason = 'order' AND reference = '5'`,
		`INSERT INTO stock_movements (store_id, product_id, delta, reason, reference) VALUES (1, 1, -1, 'order', '5')`},
		found: off{audit.Movements: 1}, says: "taken 2 by 2 movements", left: off{audit.Movements: 1}},
	{name: "movement of another amount", sql: []string{`UPDATE stock_movements SET delta = -1 WHERE reason = 'order' AND reference = '5'`},
		found: off{audit.Stock: 1, audit.Movements: 1}, says: "asked for 2, taken 1 by 1 movements", left: off{audit.Stock: 1, audit.Movements: 1}},
	{name: "movement in another store", sql: []string{`UPDATE stock_movements SET store_id = 3 WHERE reason = 'order' AND reference = '5'`},
		found: off{audit.Stock: 2, audit.Movements: 2}, says: "order 5 (CONFIRMED), product 1 in store 3: asked for 0, taken 2 by 1 movements",
		// What is missing in store 1 is proven; what is too much in store 3 is not.
		repaired: "product 1 in store 1: the movement -2 of order 5 (order) is written again", left: off{audit.Stock: 1, audit.Movements: 1}},
	{name: "sold but REJECTED", plain: []string{`UPDATE orders SET status = 'REJECTED' WHERE id = 5`},
		found: off{audit.Movements: 1, audit.Events: 1}, says: "order 5 (REJECTED), product 1 in store 1: asked for 0, taken 2 by 1 movements",
		left: off{audit.Movements: 1, audit.Events: 1}},
	{name: "CONFIRMED but not sold", plain: []string{`UPDATE orders SET status = 'CONFIRMED' WHERE id = 2`},
		found: off{audit.Movements: 1, audit.Events: 1}, says: "order 2 is CONFIRMED; its events say: decision REJECTED, cancellation none",
		left: off{audit.Movements: 1, audit.Events: 1}},
	{name: "cancelled twice", plain: []string{`BEGIN`, `SELECT set_config('aforro.reason', 'cancel', true), set_config('aforro.reference', '3', true)`,
		`UPDATE inventory SET quantity = quantity + 4 WHERE store_id = 2`, `COMMIT`},
		found: off{audit.Movements: 1}, says: "order 3 (CANCELLED), product 1 in store 2: asked for 4, taken 4 by 1 movements, given back 8 by 2",
		left: off{audit.Movements: 1}},
	{name: "CANCELLED and nothing given back", plain: []string{`UPDATE orders SET status = 'CANCELLED' WHERE id = 5`,
		`INSERT INTO order_events (order_id, sequence, status) VALUES (5, 3, 'CANCELLED')`},
		found: off{audit.Movements: 1}, says: "order 5 (CANCELLED), product 1 in store 1: asked for 2, taken 2 by 1 movements, given back 0 by 0",
		left: off{audit.Movements: 1}},
	{name: "given back without being CANCELLED", plain: []string{`UPDATE orders SET status = 'CONFIRMED' WHERE id = 3`, `DELETE FROM order_events WHERE order_id = 3 AND sequence = 3`},
		found: off{audit.Movements: 1}, says: "order 3 (CONFIRMED), product 1 in store 2: asked for 4, taken 4 by 1 movements, given back 4 by 1",
		left: off{audit.Movements: 1}},
	{name: "a line of a sold order lost", plain: []string{`DELETE FROM order_items WHERE order_id = 1 AND line = 2`},
		found: off{audit.Movements: 1, audit.Totals: 1}, says: "order 1: total 42.00, its lines sum to 31.50",
		left: off{audit.Movements: 1, audit.Totals: 1}},

	{name: "sold for no order", plain: []string{`BEGIN`, `SELECT set_config('aforro.reason', 'order', true)`,
		`UPDATE inventory SET quantity = quantity - 1 WHERE store_id = 2`, `COMMIT`},
		found: off{audit.Orphans: 1}, says: `-1 of product 1 in store 2, reason "order", is of no order (reference "")`, left: off{audit.Orphans: 1}},
	{name: "sold for an order that does not exist", plain: []string{`BEGIN`, `SELECT set_config('aforro.reason', 'order', true), set_config('aforro.reference', '99', true)`,
		`UPDATE inventory SET quantity = quantity - 1 WHERE store_id = 2`, `COMMIT`},
		found: off{audit.Orphans: 1}, says: `is of no order (reference "99")`, left: off{audit.Orphans: 1}},
	{name: "an orphan that is too much", sql: []string{`INSERT INTO stock_movements (store_id, product_id, delta, reason, reference) VALUES (2, 1, -2, 'order', 'x')`},
		found: off{audit.Orphans: 1, audit.Stock: 1}, says: `(reference "x")`, left: off{audit.Orphans: 1, audit.Stock: 1}},

	{name: "undecided", plain: []string{`UPDATE orders SET created_at = now() - interval '2 minutes' WHERE id = 4`},
		found: off{audit.Pending: 1}, says: "order 4 has been PENDING for 2m0s", repaired: "order 4 is decided: CONFIRMED"},
	{name: "PENDING again after it was sold", plain: []string{`UPDATE orders SET status = 'PENDING', decided_at = NULL, created_at = now() - interval '2 minutes' WHERE id = 5`},
		found: off{audit.Pending: 1, audit.Movements: 1, audit.Events: 1}, says: "order 5 is PENDING; its events say: decision CONFIRMED at another time",
		left: off{audit.Pending: 1, audit.Movements: 1, audit.Events: 1}},

	{name: "held for nobody", plain: []string{`UPDATE inventory SET held = 5 WHERE store_id = 1`},
		found: off{audit.Held: 2}, says: "product 1 in store 1: held 5, live reservations hold 2", repaired: "product 1 in store 1: held is 2"},
	{name: "reserved and not held", plain: []string{`UPDATE inventory SET held = 0`},
		found: off{audit.Held: 1}, says: "product 1 in store 1: held 0, live reservations hold 2", repaired: "product 1 in store 1: held is 2"},
	{name: "reserved and not there", plain: []string{`DELETE FROM inventory WHERE store_id = 1 AND product_id = 1`},
		found: off{audit.Held: 1}, says: "product 1 is not in store 1 any more, live reservations hold 2", left: off{audit.Held: 1}},
	{name: "a reservation outlived its end", plain: []string{`UPDATE reservations SET expires_at = now() - interval '2 minutes' WHERE id = 1`},
		found: off{audit.Reservations: 1}, says: "reservation 1 is live 2m0s after its end", repaired: "reservation 1 is expired"},

	{name: "wrong total", plain: []string{`UPDATE orders SET total = 1 WHERE id IN (1, 4)`},
		found: off{audit.Totals: 2}, says: "order 4: total 1.00, its lines sum to 10.50", repaired: "order 1: the total is 42.00"},
	{name: "no lines", plain: []string{`DELETE FROM order_items WHERE order_id = 2`},
		found: off{audit.Lines: 1}, says: "order 2 has no lines", left: off{audit.Lines: 1}},
	{name: "order lost", sql: []string{`DELETE FROM orders WHERE id = 5`},
		found: off{audit.Lines: 1, audit.Events: 1, audit.Orphans: 1}, says: "there are lines of order 5, which does not exist",
		left: off{audit.Lines: 1, audit.Events: 1, audit.Orphans: 1}},

	{name: "decision not told", plain: []string{`DELETE FROM order_events WHERE sequence = 2`},
		found: off{audit.Events: 4}, says: "order 3 is CANCELLED; its events say: decision none, cancellation CANCELLED",
		repaired: "order 3: the decision CONFIRMED is told"},
	{name: "decision told otherwise", plain: []string{`UPDATE order_events SET status = 'REJECTED' WHERE order_id = 1 AND sequence = 2`},
		found: off{audit.Events: 1}, says: "order 1 is CONFIRMED; its events say: decision REJECTED, cancellation none", left: off{audit.Events: 1}},
	{name: "decision told at another time", plain: []string{`UPDATE order_events SET at = at + interval '1 second' WHERE order_id = 1 AND sequence = 2`},
		found: off{audit.Events: 1}, says: "decision CONFIRMED at another time", left: off{audit.Events: 1}},
	{name: "decision told of a PENDING order", plain: []string{`INSERT INTO order_events (order_id, sequence, status) VALUES (4, 2, 'CONFIRMED')`},
		found: off{audit.Events: 1}, says: "order 4 is PENDING; its events say: decision CONFIRMED", left: off{audit.Events: 1}},
	{name: "cancellation not told", plain: []string{`DELETE FROM order_events WHERE sequence = 3`},
		found: off{audit.Events: 1}, says: "order 3 is CANCELLED; its events say: decision CONFIRMED, cancellation none", left: off{audit.Events: 1}},
	{name: "more is told", plain: []string{`INSERT INTO order_events (order_id, sequence, status) VALUES (1, 4, 'CANCELLED')`},
		found: off{audit.Events: 1}, says: "cancellation none, and 1 beyond", left: off{audit.Events: 1}},
	{name: "saving told otherwise", plain: []string{`INSERT INTO order_events (order_id, sequence, status) VALUES (4, 1, 'CONFIRMED')`},
		found: off{audit.Events: 1}, says: "the first is not the saving", left: off{audit.Events: 1}},
	{name: "key of no order", plain: []string{`UPDATE idempotency_keys SET order_id = 99`},
		found: off{audit.Keys: 1}, says: "a key of POST /orders/ names order 99, which does not exist", left: off{audit.Keys: 1}},
}

// TestAuditFindsEveryCorruption: whatever is done to the books by hand is found
// and named; a repair does what can be derived, says so, and nothing else: no
// quantity changes but by deciding an order.
func TestAuditFindsEveryCorruption(t *testing.T) {
	t.Parallel()
	seen := map[audit.Check]bool{}
	for _, k := range corruptions {
		for check := range k.found {
			seen[check] = true
		}
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			k.try(t)
		})
	}
	for _, check := range audit.Checks() {
		if !seen[check] {
			t.Errorf("no corruption is found by the check %s", check)
		}
	}
}

func (k corruption) try(t *testing.T) {
	c := newBooks(t)
	c.meddle(k.sql...)
	for _, sql := range k.plain {
		c.exec(sql)
	}
	r := c.mustAudit()
	if !k.found.equal(r) || !slices.ContainsFunc(texts(r), func(s string) bool { return strings.Contains(s, k.says) }) {
		t.Fatalf("found %v: %q; want %v, %q", counts(r), texts(r), k.found, k.says)
	}
	const pieces = `SELECT sum(quantity) + sum(store_id * 1000000 * quantity) FROM inventory WHERE product_id > 1 OR store_id > 1`
	before, left := c.number(pieces), c.number(`SELECT coalesce(sum(quantity), 0) FROM inventory WHERE product_id = 1 AND store_id = 1`)
	done := c.mustRepair()
	if k.repaired == "" && len(done) > 0 {
		t.Errorf("the repair did %q, want nothing", done)
	}
	if k.repaired != "" && !slices.ContainsFunc(done, func(r audit.Repair) bool { return r.Text == k.repaired }) {
		t.Errorf("the repair did %q, want %q", done, k.repaired)
	}
	if r = c.mustAudit(); !k.left.equal(r) {
		t.Errorf("after the repair %v: %q; want %v", counts(r), texts(r), k.left)
	}
	decided := c.number(`SELECT count(*) FROM orders WHERE id = 4 AND status = 'CONFIRMED'`)
	if c.number(pieces) != before || c.number(`SELECT coalesce(sum(quantity), 0) FROM inventory WHERE product_id = 1 AND store_id = 1`) != left-decided {
		t.Error("the repair changed a quantity")
	}
	if again := c.mustRepair(); len(again) > 0 && len(k.left) == 0 {
		t.Errorf("a second repair did %q", again)
	}
}

// TestAuditIsOfOneMoment: what is committed after its beginning is not seen,
// however long it takes.
func TestAuditIsOfOneMoment(t *testing.T) {
	t.Parallel()
	c := newBooks(t)
	holder := testkit.Conn(t, c.url)
	mustExec(t, holder, `BEGIN`)
	mustExec(t, holder, `LOCK TABLE idempotency_keys`)
	found := make(chan int64, 1)
	go func() {
		r, err := c.Audit(t.Context())
		if err != nil {
			t.Error(err)
		}
		found <- r.Found()
	}()
	testkit.Eventually(t, 10*time.Second, "the audit waits", func() bool {
		return c.number(`SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`) == 1
	})
	c.meddle(`UPDATE inventory SET quantity = 9`)
	mustExec(t, holder, `COMMIT`)
	if n := <-found; n != 0 {
		t.Errorf("%d findings of what came after its beginning", n)
	}
	if n := c.mustAudit().Found(); n != 4 {
		t.Errorf("the next audit has %d findings, want 4", n)
	}
}

// TestAuditNamesTheFirstAndCountsAll: and a repair puts all of them right.
func TestAuditNamesTheFirstAndCountsAll(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.exec(`INSERT INTO products (id, sku, title, category_id, price) SELECT n, 'S', 'P', 1, 1 FROM generate_series(100, 199) n`)
	c.meddle(`INSERT INTO inventory SELECT 1, n, n FROM generate_series(100, 199) n`)
	r := c.mustAudit()
	stock := r.Results[0]
	if r.Found() != 100 || r.Off() != 1 || stock.Found != 100 || len(stock.First) != audit.MostNamed || stock.First[1].Product != 101 {
		t.Errorf("found %d, %+v", r.Found(), stock)
	}
	if done := c.mustRepair(); len(done) != 100 {
		t.Errorf("%d repairs", len(done))
	}
	c.mustBeClean()
}

// TestOneScheduledAuditAtATime: the second does not wait, it leaves.
func TestOneScheduledAuditAtATime(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.exec(`BEGIN`)
	c.exec(`SELECT pg_advisory_xact_lock(x'61666f727261'::bigint)`)
	if r, ok, err := c.TryAudit(t.Context()); ok || err != nil || len(r.Results) != 0 {
		t.Errorf("while another runs: %v %v", ok, err)
	}
	c.exec(`COMMIT`)
	for range 2 {
		if r, ok, err := c.TryAudit(t.Context()); !ok || err != nil || len(r.Results) != len(audit.Checks()) {
			t.Errorf("alone: %v %v", ok, err)
		}
	}
}
