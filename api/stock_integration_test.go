//go:build integration

package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
)

const asStaff = "Authorization: Bearer " + staffKey

func TestStockIsCorrectedThroughTheDatabase(t *testing.T) {
	t.Parallel()
	s := newService(t)
	const target = "/stores/1/inventory/adjustments/"
	body := `{"reason": "recount", "lines": [{"product_id": 1, "set": 8}, {"product_id": 2, "add": -2}]}`
	want := `{"lines":[{"product_id":1,"quantity":8,"held":0},{"product_id":2,"quantity":18,"held":0}]}`
	for i, replayed := range []string{"", "true"} {
		got := s.call(http.MethodPost, target, body, asStaff, "Idempotency-Key: k")
		if got.status != 200 || got.body != want || got.header.Get("Idempotent-Replayed") != replayed {
			t.Errorf("call %d: %d %s %v", i, got.status, got.body, got.header)
		}
	}
	if got := s.call(http.MethodPost, target, strings.Replace(body, "8", "9", 1), asStaff, "Idempotency-Key: k"); got.status != 422 || !strings.Contains(got.body, "header.Idempotency-Key") {
		t.Errorf("another body: %d %s", got.status, got.body)
	}
	if got := s.call(http.MethodPost, "/stores/2/inventory/adjustments/", body, asStaff, "Idempotency-Key: k"); got.status != 409 || !strings.Contains(got.body, "body.lines[1].add") {
		t.Errorf("the same key for another store, which has none: %d %s", got.status, got.body)
	}
	if got := s.call(http.MethodPatch, "/stores/2/inventory/3/", `{"quantity": 4}`, asStaff); got.status != 200 || got.body != `{"product_id":3,"quantity":4,"held":0}` {
		t.Errorf("a line of its own: %d %s", got.status, got.body)
	}
	for target, status := range map[string]int{
		"/stores/9/inventory/1/": 404, "/stores/1/inventory/99/": 404, "/stores/1/inventory/-1/": 404, "/stores/9223372036854775807/inventory/1/": 404,
	} {
		if got := s.call(http.MethodPatch, target, `{"quantity": 4}`, asStaff); got.status != status || !strings.Contains(got.body, `"location":"path.`) {
			t.Errorf("%s: %d %s", target, got.status, got.body)
		}
		if got := s.get(target+"movements/", asStaff); got.status != status || !strings.Contains(got.body, `"location":"path.`) {
			t.Errorf("%s: %d %s", target, got.status, got.body)
		}
	}
	got := s.get("/stores/1/inventory/1/movements/?limit=1", asStaff)
	if !strings.Contains(got.body, `"delta":-2,"reason":"recount","reference":"1"}]`) || !strings.Contains(got.header.Get("Link"), "before=") {
		t.Errorf("movements: %d %s %s", got.status, got.body, got.header.Get("Link"))
	}
	if got := s.get("/stores/1/inventory/?limit=1"); !strings.Contains(got.body, `"quantity":8,`) {
		t.Errorf("the list: %s", got.body)
	}
}

func TestStockIsReservedThroughTheDatabase(t *testing.T) {
	t.Parallel()
	s := newService(t)
	const body = `{"store_id": 1, "items": [{"product_id": 1, "quantity": 3}, {"product_id": 1, "quantity_requested": 1}], "seconds": 60}`
	// A key posted many times at once makes one reservation.
	answers := make([]answer, 20)
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() { answers[i] = s.call(http.MethodPost, "/reservations/", body, asStaff, "Idempotency-Key: k") })
	}
	all.Wait()
	first := 0
	for _, a := range answers {
		if a.status != 201 || a.body != answers[0].body {
			t.Errorf("got %d %s", a.status, a.body)
		}
		if a.header.Get("Idempotent-Replayed") == "" {
			first++
		}
	}
	if first != 1 {
		t.Errorf("%d answers are first ones", first)
	}
	shows := func(n int) {
		t.Helper()
		if got := s.get("/stores/1/inventory/?limit=1"); !strings.Contains(got.body, fmt.Sprintf(`"quantity":%d,`, n)) {
			t.Errorf("the list, want %d: %s", n, got.body)
		}
		if got := s.get("/api/products/1/"); !strings.Contains(got.body, fmt.Sprintf(`"quantity":%d}`, n)) {
			t.Errorf("the product, want %d: %s", n, got.body)
		}
	}
	shows(6)
	if got := s.call(http.MethodPost, "/stores/1/inventory/adjustments/", `{"reason": "recount", "lines": [{"product_id": 1, "set": 9}]}`, asStaff); !strings.Contains(got.body, `"quantity":5,"held":4`) {
		t.Errorf("a recount: %d %s", got.status, got.body)
	}
	shows(5)
	got := s.call(http.MethodPost, "/reservations/", `{"store_id": 1, "items": [{"product_id": 1, "quantity": 6}]}`, asStaff)
	if got.status != 409 || !strings.Contains(got.body, `"reasons":[{"product":1,"code":"insufficient_stock","requested":6,"available":5,"elsewhere":[]}]`) {
		t.Errorf("more than there is: %d %s", got.status, got.body)
	}
	target := "/reservations/" + answers[0].field(t, "id") + "/?token=" + answers[0].field(t, "token")
	for range 2 {
		if got := s.call(http.MethodDelete, target, ""); got.status != 204 || got.body != "" {
			t.Errorf("released: %d %s", got.status, got.body)
		}
	}
	shows(9)
	for body, status := range map[string]int{
		`{"store_id": 9, "items": [{"product_id": 1, "quantity": 1}]}`: 404, `{"store_id": 1, "items": [{"product_id": 99, "quantity": 1}]}`: 404,
		`{"store_id": 1, "items": [{"product_id": 9, "quantity": 1}]}`: 422,
	} {
		if got := s.call(http.MethodPost, "/reservations/", body, asStaff); got.status != status || !strings.Contains(got.body, `"location":"body.`) {
			t.Errorf("%s: %d %s", body, got.status, got.body)
		}
	}
}

func TestStockRoutesWhileTheDatabaseIsAway(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.database.Cut()
	for _, got := range []answer{
		s.call(http.MethodPost, "/stores/1/inventory/adjustments/", `{"reason": "recount", "lines": [{"product_id": 1, "set": 9}]}`, asStaff),
		s.call(http.MethodPost, "/reservations/", `{"store_id": 1, "items": [{"product_id": 1, "quantity": 6}]}`, asStaff, "Idempotency-Key: k"),
		s.call(http.MethodDelete, "/reservations/1/", "", asStaff),
		s.get("/stores/1/inventory/1/movements/", asStaff),
	} {
		if got.status != 503 || got.header.Get("Retry-After") == "" || strings.Contains(got.body, "127.0.0.1") {
			t.Errorf("got %d %s", got.status, got.body)
		}
	}
}
