//go:build integration

package main

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"aforro/pkg/testkit"
)

// mustAforro runs a command on the shop's services.
func (s *shop) mustAforro(args ...string) string {
	s.tb.Helper()
	out, err := command(s.tb, s.direct, args...)
	if err != nil {
		s.tb.Fatalf("aforro %v: %v\n%s", args, err, out)
	}
	return out
}

// mustEqual fails unless the index is what PostgreSQL says, at least so many
// documents of it.
func (s *shop) mustEqual(atLeast int64) {
	s.tb.Helper()
	var index string
	var compared, differences int64
	out := s.mustAforro("verify", "--full")
	if _, err := fmt.Sscanf(out, "%s %d documents compared with PostgreSQL, %d differences", &index, &compared, &differences); err != nil {
		s.tb.Fatalf("%v in %s", err, out)
	}
	if differences != 0 || compared < atLeast {
		s.tb.Errorf("the index is not what it should be, of %d documents: %s", atLeast, out)
	}
}

func TestSearchFindsAndSuggests(t *testing.T) {
	t.Parallel()
	s := open(t)
	laptops := s.search("q", "laptop", "in_stock", "true")
	notebooks := 0
	for _, r := range laptops.Results[:min(10, len(laptops.Results))] {
		if r.Category == "Notebooks" {
			notebooks++
		}
	}
	if notebooks == 0 {
		t.Errorf("no notebook among the first ten for laptop: %+v", laptops)
	}
	titles := read[[]string](s, suggestPath+"?q=can")
	if len(titles) == 0 || !strings.HasPrefix(titles[0], "Canon") {
		t.Errorf("no Canon for can: %q", titles)
	}
	rich := read[[]struct{ Type, Text, Price string }](s, suggestPath+"?format=rich&q=lap+hp&store_id=1")
	query, product := 0, 0
	for _, r := range rich {
		if r.Type == "query" && s.search("q", r.Text, "store_id", "1").Count > 0 {
			query++
		}
		if r.Type == "product" && r.Price != "" {
			product++
		}
	}
	if query == 0 || product == 0 {
		t.Errorf("lap hp suggests %+v", rich)
	}
	if n := s.number(`SELECT count(*) FROM products WHERE active`); s.search().Count != n {
		t.Errorf("the index has %d of %d products", s.search().Count, n)
	}
	s.mustEqual(s.search().Count)
}

func TestAnOrderLowersTheStockThatIsShown(t *testing.T) {
	t.Parallel()
	s := open(t)
	before := s.pieces()
	a, b := s.ware(1, 5, 0), s.ware(1, 5, 1)
	o := s.order(1, [2]int64{a.id, 2}, [2]int64{b.id, 1}, [2]int64{a.id, 1})
	if o.Status != "CONFIRMED" || len(o.Items) != 3 || o.Token == "" {
		t.Fatalf("got %+v", o)
	}
	if got := s.shown(1, a.id); got != a.quantity-3 {
		t.Errorf("the inventory list shows %d of %d after 3 were sold", got, a.quantity)
	}
	testkit.Eventually(t, patience, "the search shows what is left", func() bool {
		q, ok := s.search("q", a.title, "store_id", "1").has(a.id)
		return ok && q == a.quantity-3
	})
	opened := s.page(o)
	if opened.DecidedAt == nil || len(opened.History) != 2 || opened.History[1].Status != "CONFIRMED" || opened.Items[0].UnitPrice != a.price {
		t.Errorf("the order's page: %+v", opened)
	}
	if got := s.get(fmt.Sprintf("/orders/%d/?token=%s", o.ID, url.QueryEscape(o.Token+"x"))); got.status != http.StatusUnauthorized {
		t.Errorf("with another token: %d %s", got.status, got.body)
	}
	second := s.order(1, [2]int64{b.id, 1})
	list := read[[]struct {
		ID     int64
		Status string
		Items  int `json:"total_items"`
	}](s, "/stores/1/orders/")
	if len(list) != 2 || list[0].ID != second.ID || list[1].ID != o.ID || list[1].Items != 3 || list[1].Status != "CONFIRMED" {
		t.Errorf("the store's orders: %+v", list)
	}
	s.audit(before)
}

// shown is what the store's inventory list says of a product; -1: it does not.
func (s *shop) shown(store, product int64) int64 {
	s.tb.Helper()
	for _, l := range read[[]struct {
		Product  int64 `json:"product_id"`
		Quantity int64
	}](s, fmt.Sprintf("/stores/%d/inventory/?limit=5000", store)) {
		if l.Product == product {
			return l.Quantity
		}
	}
	return -1
}

func TestASoldOutProductIsNoLongerInStock(t *testing.T) {
	t.Parallel()
	s := open(t)
	w := s.ware(1, 3, 3)
	s.exec(`UPDATE inventory SET quantity = 0 WHERE product_id = $1 AND store_id <> 1`, w.id)
	if o := s.order(1, [2]int64{w.id, w.quantity}); o.Status != "CONFIRMED" {
		t.Fatalf("all that there is was not sold: %+v", o)
	}
	for _, filter := range [][]string{{"in_stock", "true"}, {"in_stock", "true", "store_id", "1"}} {
		testkit.Eventually(t, patience, fmt.Sprintf("it leaves %v", filter), func() bool {
			_, there := s.search(append(filter, "q", w.title)...).has(w.id)
			return !there
		})
	}
	if q, there := s.search("q", w.title, "store_id", "1").has(w.id); !there || q != 0 {
		t.Errorf("without in_stock it is found with 0 pieces: %d, %t", q, there)
	}
	again := s.order(1, [2]int64{w.id, 1})
	if again.Status != "REJECTED" || len(again.Reasons) != 1 || again.Reasons[0].Code != "insufficient_stock" || again.Reasons[0].Available != 0 {
		t.Errorf("one more: %+v", again)
	}
	stranger := s.number(`SELECT min(id) FROM products WHERE id NOT IN (SELECT product_id FROM inventory WHERE store_id = 1)`)
	if o := s.order(1, [2]int64{stranger, 1}); o.Status != "REJECTED" || o.Reasons[0].Code != "not_carried" {
		t.Errorf("what the store does not carry: %+v", o)
	}
	s.exec(`UPDATE inventory SET quantity = 1 WHERE product_id = $1 AND store_id = 1`, w.id)
	testkit.Eventually(t, patience, "it comes back", func() bool {
		q, there := s.search("in_stock", "true", "store_id", "1", "q", w.title).has(w.id)
		return there && q == 1
	})
}

// A page of results may come from the cache, and says how old it is.
func TestAnswersAreCached(t *testing.T) {
	t.Parallel()
	s := open(t)
	testkit.Eventually(t, 10*time.Second, "the second answer is the first", func() bool {
		first, second := s.get(searchPath+"?q=laptop"), s.get(searchPath+"?q=laptop")
		return first.body == second.body && second.header.Get("Age") != ""
	})
	if got := s.get(searchPath+"?q=laptop", fresh); got.header.Get("Age") != "" {
		t.Errorf("no-cache was answered from the cache: %v", got.header)
	}
}
