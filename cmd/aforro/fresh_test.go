//go:build integration

package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"aforro/pkg/testkit"
)

// visible is how soon a change by plain SQL is to be seen by a search, as a
// rule; how often not is measured by `make bench`, on a machine that other
// tests do not keep busy.
const visible = 2 * time.Second

// arrives makes a change and returns how long it took until seen says so.
func (s *shop) arrives(what string, change func(), seen func() bool) time.Duration {
	s.tb.Helper()
	change()
	begun := time.Now()
	testkit.Eventually(s.tb, patience, what, seen)
	return time.Since(begun)
}

// What is counted is the index's, while prices and quantities are PostgreSQL's.
func TestASQLChangeIsSeenSoon(t *testing.T) {
	t.Parallel()
	s := open(t)
	var times []time.Duration
	for n := range int64(7) {
		w := s.ware(6, 1, 0)
		inStock := func() int64 { return s.search("q", w.title, "store_id", "6", "in_stock", "true").Count }
		before := inStock()
		times = append(times, s.arrives("it has left the stock", func() {
			s.exec(`UPDATE inventory SET quantity = 0 WHERE store_id = 6 AND product_id = $1`, w.id)
		}, func() bool { return inStock() == before-1 }))
		times = append(times, s.arrives("it is in stock again", func() {
			s.exec(`UPDATE inventory SET quantity = $1 WHERE store_id = 6 AND product_id = $2`, 1000+n, w.id)
		}, func() bool { return inStock() == before }))
	}
	slices.Sort(times)
	if times[len(times)/2] > visible {
		t.Errorf("a change was seen after %v, want %s", times, visible)
	}
}

func TestARenamedCategoryIsRenamedInEveryProduct(t *testing.T) {
	t.Parallel()
	s := open(t)
	before := s.search("category", "notebooks").Count
	if before < 10 {
		t.Fatalf("%d notebooks", before)
	}
	s.arrives("all are in the new category", func() {
		s.exec(`UPDATE categories SET name = 'Portable Computers' WHERE name = 'Notebooks'`)
	}, func() bool { return s.search("category", "portable computers").Count == before })
	if n := s.search("category", "Notebooks").Count; n != 0 {
		t.Errorf("%d products are in the old category", n)
	}
	s.mustEqual(before)
}

func TestAProductThatIsNotSoldAnyMoreIsNowhere(t *testing.T) {
	t.Parallel()
	for name, sql := range map[string]string{
		"inactive": `UPDATE products SET active = false WHERE id = $1`, "deleted": `DELETE FROM products WHERE id = $1`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			w := s.ware(7, 1, 0)
			title := "Zyxophone " + name
			s.exec(`UPDATE products SET title = $2 WHERE id = $1`, w.id, title)
			suggested := func() bool {
				return slices.Contains(read[[]string](s, suggestPath+"?"+query("q", "zyxo", "store_id", "7"), fresh), title)
			}
			found := func() bool { _, ok := s.search("q", "zyxophone").has(w.id); return ok }
			testkit.Eventually(t, patience, "the new title is found and suggested", func() bool { return found() && suggested() })
			if s.shown(7, w.id) != w.quantity {
				t.Errorf("the inventory list shows %d, want %d", s.shown(7, w.id), w.quantity)
			}
			s.arrives("it leaves search and suggestions", func() { s.exec(sql, w.id) }, func() bool { return !found() && !suggested() })
			if n := s.shown(7, w.id); n != -1 {
				t.Errorf("the inventory list still has it: %d", n)
			}
			if got := s.get(fmt.Sprintf("/api/products/%d/", w.id)); got.status != 404 {
				t.Errorf("its page: %d %s", got.status, got.body)
			}
			a, err := s.do("POST", "/orders/", orderOf(7, [2]int64{w.id, 1}))
			want := map[string]int{"inactive": 422, "deleted": 404}[name]
			if err != nil || a.status != want || !strings.Contains(a.body, "body.items") {
				t.Errorf("an order of it: %d %s %v, want %d", a.status, a.body, err, want)
			}
		})
	}
}
