//go:build integration

package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"aforro/pkg/testkit"
)

// theStaff is the header of staff of a shop.
var theStaff = "Authorization: Bearer " + strings.Repeat("k", 16)

// must sends a request that must be answered so.
func (s *shop) must(status int, method, target, body string, headers ...string) answer {
	s.tb.Helper()
	a, err := s.do(method, target, body, headers...)
	if err != nil || a.status != status {
		s.tb.Fatalf("%s %s: %d %s %v, want %d", method, target, a.status, a.body, err, status)
	}
	return a
}

// onPage is how many pieces the product's page says that the store has.
func (s *shop) onPage(store, product int64) int64 {
	s.tb.Helper()
	page := read[struct {
		Availability []struct {
			StoreID  int64 `json:"store_id"`
			Quantity int64
		}
	}](s, fmt.Sprintf("/api/products/%d/", product))
	for _, a := range page.Availability {
		if a.StoreID == store {
			return a.Quantity
		}
	}
	return -1
}

func (s *shop) mustShow(w ware, quantity int64) {
	s.tb.Helper()
	if list, page := s.shown(1, w.id), s.onPage(1, w.id); list != quantity || page != quantity {
		s.tb.Errorf("the list shows %d and the product's page %d, want %d", list, page, quantity)
	}
	testkit.Eventually(s.tb, patience, fmt.Sprintf("the search shows %d", quantity), func() bool {
		q, ok := s.search("q", w.title, "store_id", "1").has(w.id)
		_, sold := s.search("q", w.title, "in_stock", "true").has(w.id)
		return ok && q == quantity && sold == (quantity > 0)
	})
	s.mustEqual(1)
}

// TestReservedStockIsNotForOthers holds all that there is of a product, in
// every place where stock is shown, until it comes back.
func TestReservedStockIsNotForOthers(t *testing.T) {
	t.Parallel()
	s := open(t)
	w := s.ware(1, 3, 3)
	s.exec(`UPDATE inventory SET quantity = 0 WHERE product_id = $1 AND store_id <> 1`, w.id)
	cart := strings.Replace(orderOf(1, [2]int64{w.id, w.quantity}), "{", `{"seconds": 3600, `, 1)
	staff := "Authorization: Bearer " + s.direct["AFORRO_STAFF_KEY"]
	var first, again struct {
		ID    int64
		Token string
	}
	decode(t, s.must(201, http.MethodPost, "/reservations/", cart, staff, "Idempotency-Key: cart-1"), &first)
	decode(t, s.must(201, http.MethodPost, "/reservations/", cart, staff, "Idempotency-Key: cart-1"), &again)
	if again != first {
		t.Errorf("a repeat made %+v beside %+v", again, first)
	}
	s.mustShow(w, 0)
	if a := s.must(409, http.MethodPost, "/reservations/", cart, staff); !strings.Contains(a.body, `"code":"insufficient_stock"`) {
		t.Errorf("another cart: %s", a.body)
	}

	s.must(204, http.MethodDelete, fmt.Sprintf("/reservations/%d/?token=%s", first.ID, first.Token), "")
	s.mustShow(w, w.quantity)

	s.must(201, http.MethodPost, "/reservations/", cart, staff)
	s.mustShow(w, 0)
	begun := time.Now()
	s.exec(`UPDATE reservations SET expires_at = now() WHERE status = 'ACTIVE'`)
	testkit.Eventually(t, patience, "the list shows it again", func() bool { return s.shown(1, w.id) == w.quantity })
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("it came back after %s", took)
	}
	s.mustShow(w, w.quantity)
}

// TestStockIsCorrectedByHand goes through the staff's routes and finds all of
// it in the ledger.
func TestStockIsCorrectedByHand(t *testing.T) {
	t.Parallel()
	s := open(t)
	w := s.ware(1, 3, 5)
	line := fmt.Sprintf("/stores/1/inventory/%d/", w.id)
	s.must(401, http.MethodPatch, line, `{"quantity": 41}`)
	s.must(200, http.MethodPatch, line, `{"quantity": 41}`, theStaff)
	s.must(200, http.MethodPost, "/stores/1/inventory/adjustments/", fmt.Sprintf(`{"reason": "damaged", "lines": [{"product_id": %d, "add": -2}]}`, w.id), theStaff)
	if o := s.order(1, [2]int64{w.id, 9}); o.Status != "CONFIRMED" {
		t.Fatalf("got %+v", o)
	}
	s.mustShow(w, 30)
	var told []string
	for _, m := range read[[]struct {
		Delta             int64
		Reason, Reference string
	}](s, line+"movements/", theStaff) {
		told = append(told, fmt.Sprintf("%d %s", m.Delta, m.Reason))
	}
	if want := fmt.Sprintf("-9 order, -2 damaged, %d manual, %d import", 41-w.quantity, w.quantity); strings.Join(told, ", ") != want {
		t.Errorf("the ledger tells %q, want %s", told, want)
	}
}
