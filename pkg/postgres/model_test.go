//go:build integration

package postgres_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"aforro/pkg/catalog"
	"aforro/pkg/testkit"
)

// modelDatabases is how many databases are tried side by side, with a hundred
// runs of some thirty steps each.
const modelDatabases = 3

// TestModel does random things to a shop: orders are saved and decided in
// batches, repeated under their keys, cancelled; stock is adjusted by hand and by
// plain SQL, held, given back and expired; prices change and products are taken
// out of the catalogue. After each step the database is what the plain model is,
// and after each run an audit is clean. The runs of a database have stores and
// products of their own.
func TestModel(t *testing.T) {
	t.Parallel()
	seen := make([]map[string]int, modelDatabases)
	t.Cleanup(func() { mustHaveSeen(t, seen) })
	for n := range seen {
		seen[n] = map[string]int{}
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			testModel(t, seen[n])
		})
	}
}

func testModel(t *testing.T, seen map[string]int) {
	url := testkit.Postgres(t)
	db, conn := testkit.Open(t, url), testkit.Conn(t, url)
	mustExec(t, conn, `INSERT INTO categories (id, name) VALUES (1, 'Mice')`)
	rapid.Check(t, func(t *rapid.T) {
		m := newModel(&modelDriver{t, db, conn}, seen)
		t.Repeat(map[string]func(*rapid.T){
			"save": m.save, "save more": m.save, "decide": m.decide, "decide again": m.decide, "cancel": m.cancel,
			"reserve": m.reserve, "buy what is held": m.buyHeld, "release": m.release, "expire": m.expire, "adjust": m.adjust,
			"reprice": m.reprice, "discontinue": m.discontinue, "change by SQL": m.changeBySQL, "": m.check,
		})
		if r := m.audit(); r.Found() != 0 {
			t.Fatalf("the audit found %v: %q", counts(r), texts(r))
		}
	})
}

// mustHaveSeen fails when the steps did not lead to everything that they should
// show to be right.
func mustHaveSeen(t *testing.T, seen []map[string]int) {
	t.Helper()
	all := map[string]int{}
	for _, of := range seen {
		for what, n := range of {
			all[what] += n
		}
	}
	t.Logf("seen: %v", all)
	for _, what := range []string{
		"step", "saved", "not_found", "invalid", "unprocessable", "replayed", "CONFIRMED", "REJECTED", "decided in a batch", "decided already",
		"CANCELLED", "not to be cancelled", "reserved", "not reserved", "released", "expired", "consumed", "adjusted", "not adjusted", "carried no more",
	} {
		if all[what] == 0 && !t.Failed() {
			t.Errorf("never seen: %s", what)
		}
	}
}

// model is the model and the database side by side.
type model struct {
	*modelDriver
	*modelShop
	seen map[string]int
}

// newModel opens two stores with five products, most of which they carry.
func newModel(d *modelDriver, seen map[string]int) *model {
	m := &model{d, &modelShop{price: map[int64]catalog.Price{}, inactive: map[int64]bool{}, shelves: map[modelLine]modelShelf{},
		orders: map[int64]*modelOrder{}, holds: map[int64]*modelHold{}, keys: map[string]modelUse{}}, seen}
	m.stores = d.ids(`INSERT INTO stores (name, city, latitude, longitude) VALUES ('A', 'Pune', 18.52, 73.86), ('B', 'Mumbai', 19.08, 72.88) RETURNING id`)
	m.products = d.ids(`INSERT INTO products (sku, title, category_id, price) SELECT 's', 't', 1, 1.25 FROM generate_series(1, 5) RETURNING id`)
	for _, product := range m.products {
		m.price[product] = 125
		for _, store := range m.stores {
			if n := rapid.SampledFrom([]int64{-1, 0, 3, 12, 12, 12}).Draw(d.t, "opening stock"); n >= 0 {
				m.shelves[modelLine{store, product}] = modelShelf{onHand: n}
				d.exec(`INSERT INTO inventory VALUES ($1, $2, $3)`, store, product, n)
			}
		}
	}
	return m
}
