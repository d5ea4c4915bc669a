//go:build integration

package postgres_test

import (
	"maps"
	"testing"
	"time"

	"aforro/pkg/audit"
	"aforro/pkg/order"
)

// newBooks is a counter where something of each kind has happened: order 1 is
// CONFIRMED (3 of product 1 and 1 of product 2 in store 1), 2 REJECTED, 3
// CANCELLED (4 of product 1 in store 2), 4 PENDING (1 of product 1 in store 1)
// and 5 CONFIRMED (2 of product 1 in store 1). Reservation 1 holds 2 of product
// 1 in store 1, reservation 2 has been released, a key names order 1.
func newBooks(tb testing.TB) *counter {
	tb.Helper()
	c := newCounter(tb)
	c.stock(1, 1, 10)
	c.stock(1, 2, 5)
	c.stock(2, 1, 7)
	c.stock(3, 3, 0)
	for store, items := range [][]order.Item{{want(1, 2), want(2, 1), want(1, 1)}, {want(2, 50)}, {want(1, 4)}} {
		c.mustDecide(c.mustSave(int64(1+store/2), items...).ID)
	}
	c.mustSave(1, want(1, 1))
	c.mustDecide(c.mustSave(1, want(1, 2)).ID)
	if _, err := c.Cancel(tb.Context(), 3); err != nil {
		tb.Fatal(err)
	}
	c.mustReserve(1, time.Hour, want(1, 2))
	if err := c.Release(tb.Context(), c.mustReserve(1, time.Hour, want(1, 3)).ID); err != nil {
		tb.Fatal(err)
	}
	c.exec(`INSERT INTO idempotency_keys (route, key, fingerprint, order_id) VALUES ('POST /orders/', 'k', '', 1)`)
	return c
}

// meddle runs SQL with triggers and foreign keys switched off.
func (c *counter) meddle(statements ...string) {
	c.tb.Helper()
	c.exec(`SET session_replication_role = replica`)
	for _, sql := range statements {
		c.exec(sql)
	}
	c.exec(`SET session_replication_role = origin`)
}

func (c *counter) mustAudit() audit.Report {
	c.tb.Helper()
	r, err := c.Audit(c.tb.Context())
	if err != nil {
		c.tb.Fatal(err)
	}
	return r
}

// mustBeClean fails unless an audit finds nothing.
func (c *counter) mustBeClean() {
	c.tb.Helper()
	if r := c.mustAudit(); r.Found() != 0 {
		c.tb.Fatalf("the audit found %v: %q", counts(r), texts(r))
	}
}

func (c *counter) mustRepair() []audit.Repair {
	c.tb.Helper()
	done, err := c.RepairAudited(c.tb.Context())
	if err != nil {
		c.tb.Fatal(err)
	}
	return done
}

// counts are the findings of each check that has any.
func counts(r audit.Report) map[audit.Check]int64 {
	n := map[audit.Check]int64{}
	for _, c := range r.Results {
		if c.Found > 0 {
			n[c.Check] = c.Found
		}
	}
	return n
}

// texts are the first findings of all checks.
func texts(r audit.Report) []string {
	var list []string
	for _, c := range r.Results {
		for _, f := range c.First {
			list = append(list, f.Text)
		}
	}
	return list
}

// off is how many findings a case wants of which check.
type off map[audit.Check]int64

func (o off) equal(r audit.Report) bool { return maps.Equal(o, off(counts(r))) }
