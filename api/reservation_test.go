package api

import (
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestAReservationIsMade(t *testing.T) {
	t.Parallel()
	s := &shop{}
	server := mustServe(t, s)
	body := `{"store_id": 2, "items": [{"product_id": 10, "quantity_requested": 2}, {"product_id": 10, "quantity": 1}], "seconds": 90}`
	w := call(server, http.MethodPost, "/reservations/", body, staff, "Idempotency-Key: k")
	want := fmt.Sprintf(`{"id":5,"token":"%s","expires_at":"2026-11-22T16:28:02.28+00:00","items":[{"product":10,"quantity_requested":2},{"product":10,"quantity_requested":1}]}`,
		server.o.Tokens.Make("reservation", 5))
	if got := strings.TrimSpace(w.Body.String()); w.Code != 201 || got != want || w.Header().Get("Idempotent-Replayed") != "" {
		t.Errorf("got %d %s", w.Code, got)
	}
	if k := s.till.keys[0]; k.Route != "reservations" || k.Key != "k" {
		t.Errorf("the key is %+v", k)
	}
	s.till.replayed = true
	w = call(server, http.MethodPost, "/reservations", twoCables, staff)
	mustJSON[reservationView](t, w, 201)
	if w.Header().Get("Idempotent-Replayed") != "true" {
		t.Errorf("a repeat is not marked: %v", w.Header())
	}
	if !reflect.DeepEqual(s.till.held, []time.Duration{90 * time.Second, 10 * time.Minute}) {
		t.Errorf("held for %v", s.till.held)
	}
}

func TestBadReservationBodies(t *testing.T) {
	t.Parallel()
	seconds := func(n string) string {
		return `{"store_id": 2, "items": [{"product_id": 10, "quantity": 1}], "seconds": ` + n + `}`
	}
	server := mustServe(t, &shop{})
	for _, c := range []struct {
		name, body string
		status     int
		location   string
	}{
		{"broken", `{`, 400, "body"},
		{"empty", `{}`, 422, "body.store_id"},
		{"no items", `{"store_id": 2}`, 422, "body.items"},
		{"quantity zero", `{"store_id": 2, "items": [{"product_id": 10, "quantity": 0}]}`, 422, "body.items[0].quantity"},
		{"no time", seconds("0"), 422, "body.seconds"},
		{"less than no time", seconds("-1"), 422, "body.seconds"},
		{"too long", seconds("3601"), 422, "body.seconds"},
		{"half a second", seconds("0.5"), 422, "body.seconds"},
		{"time as text", seconds(`"60"`), 422, "body.seconds"},
		{"past 64 bits", seconds("99999999999999999999"), 422, "body.seconds"},
		{"a store that cannot be", `{"store_id": -2, "items": [{"product_id": 10, "quantity": 1}]}`, 404, "body.store_id"},
		{"a product that cannot be", `{"store_id": 2, "items": [{"product_id": -1, "quantity": 1}]}`, 404, "body.items[0].product_id"},
		{"an hour", seconds("3600"), 201, ""},
		{"a second", seconds("1"), 201, ""},
		{"null is unsaid", seconds("null"), 201, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := call(server, http.MethodPost, "/reservations/", c.body, staff)
			if c.status == http.StatusCreated {
				mustJSON[reservationView](t, w, http.StatusCreated)
				return
			}
			mustProblem(t, w, c.status, c.location)
		})
	}
}

func TestAReservationOfTooMuchExplainsItself(t *testing.T) {
	t.Parallel()
	w := call(mustServe(t, &shop{}), http.MethodPost, "/reservations/", `{"store_id": 2, "items": [{"product_id": 10, "quantity": 101}]}`, staff)
	mustProblem(t, w, 409, "body.items[0].quantity_requested")
	want := `"reasons":[{"product":10,"code":"insufficient_stock","requested":101,"available":100,"elsewhere":[{"store_id":7,"city":"Pune","available":9,"distance_km":12.4}]}]`
	if !strings.Contains(w.Body.String(), want) {
		t.Errorf("got %s", w.Body)
	}
	if w := call(mustServe(t, &shop{}), http.MethodPost, "/reservations/", `{}`, staff); strings.Contains(w.Body.String(), "reasons") {
		t.Errorf("another refusal has reasons: %s", w.Body)
	}
}

func TestAReservationIsReleasedByItsTokenOrStaff(t *testing.T) {
	t.Parallel()
	s := &shop{}
	server := mustServe(t, s)
	token := server.o.Tokens.Make("reservation", 5)
	for _, c := range []struct{ target, header string }{
		{"/reservations/5/?token=" + token, "X: none"}, {"/reservations/5?token=" + token, "X: none"}, {"/reservations/5/", staff},
	} {
		if w := call(server, http.MethodDelete, c.target, "", c.header); w.Code != 204 || w.Body.Len() != 0 {
			t.Errorf("%s: %d %s", c.target, w.Code, w.Body)
		}
	}
	for _, target := range []string{"/reservations/5/", "/reservations/5/?token=x", "/reservations/6/?token=" + token, "/reservations/6/",
		"/reservations/5/?token=" + server.o.Tokens.Make("order", 5)} {
		mustProblem(t, call(server, http.MethodDelete, target, ""), 401, "query.token")
	}
	mustProblem(t, call(server, http.MethodDelete, "/reservations/6/", "", staff), 404, "path.id")
	mustProblem(t, call(server, http.MethodDelete, "/reservations/x/", "", staff), 404, "path.id")
	mustProblem(t, call(server, http.MethodGet, "/reservations/5/", "", staff), 405, "")
	if len(s.till.released) != 3 {
		t.Errorf("released %v", s.till.released)
	}
}
