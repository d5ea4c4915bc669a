package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"aforro/pkg/idempotency"
	"aforro/pkg/order"
)

const twoCables = `{"store_id": 2, "items": [{"product_id": 10, "quantity_requested": 2}]}`

func TestBadOrderBodies(t *testing.T) {
	t.Parallel()
	lines := func(n int) string {
		return `{"store_id": 2, "items": [` + strings.TrimSuffix(strings.Repeat(`{"product_id": 10, "quantity": 1},`, n), ",") + `]}`
	}
	item := func(fields string) string { return `{"store_id": 2, "items": [{` + fields + `}]}` }
	server := mustServe(t, &shop{decided: order.Order{ID: 1, Status: order.Confirmed}})
	for _, c := range []struct {
		name, body string
		status     int
		location   string
	}{
		{"broken", `{"store_id": 2, `, 400, "body"},
		{"trailing", twoCables + "x", 400, "body"},
		{"not a number", item(`"product_id": NaN, "quantity": 1`), 400, "body"},
		{"infinite", item(`"product_id": 10, "quantity": Infinity`), 400, "body"},
		{"a NUL", "\x00", 400, "body"},
		{"not UTF-8", item("\"product_id\": 10, \"quantity\": 1, \"note\": \"\xff\""), 400, "body"},
		{"deep", strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000), 400, "body"},
		{"too large", `{"x": "` + strings.Repeat("a", 1<<20) + `"}`, 413, "body"},
		{"a list", `[]`, 422, "body"},
		{"null", `null`, 422, "body"},
		{"a string", `"order"`, 422, "body"},
		{"empty object", `{}`, 422, "body.store_id"},
		{"store as text", `{"store_id": "2", "items": [{"product_id": 10, "quantity": 1}]}`, 422, "body.store_id"},
		{"store with a fraction", `{"store_id": 2.0, "items": [{"product_id": 10, "quantity": 1}]}`, 422, "body.store_id"},
		{"store null", `{"store_id": null, "items": [{"product_id": 10, "quantity": 1}]}`, 422, "body.store_id"},
		{"no items", `{"store_id": 2}`, 422, "body.items"},
		{"items null", `{"store_id": 2, "items": null}`, 422, "body.items"},
		{"items empty", `{"store_id": 2, "items": []}`, 422, "body.items"},
		{"items an object", `{"store_id": 2, "items": {}}`, 422, "body.items"},
		{"an item that is none", `{"store_id": 2, "items": [5]}`, 422, "body.items[0]"},
		{"an item null", `{"store_id": 2, "items": [null]}`, 422, "body.items[0]"},
		{"no product", item(`"quantity": 1`), 422, "body.items[0].product_id"},
		{"product a truth", item(`"product_id": true, "quantity": 1`), 422, "body.items[0].product_id"},
		{"no quantity", item(`"product_id": 10`), 422, "body.items[0].quantity_requested"},
		{"quantity null", item(`"product_id": 10, "quantity_requested": null`), 422, "body.items[0].quantity_requested"},
		{"quantity zero", item(`"product_id": 10, "quantity_requested": 0`), 422, "body.items[0].quantity_requested"},
		{"quantity negative", item(`"product_id": 10, "quantity": -1`), 422, "body.items[0].quantity"},
		{"quantity 2.0", item(`"product_id": 10, "quantity": 2.0`), 422, "body.items[0].quantity"},
		{"quantity 1e2", item(`"product_id": 10, "quantity": 1e2`), 422, "body.items[0].quantity"},
		{"quantity 1e400", item(`"product_id": 10, "quantity": 1e400`), 422, "body.items[0].quantity"},
		{"quantity as text", item(`"product_id": 10, "quantity": "2"`), 422, "body.items[0].quantity"},
		{"quantity past 32 bits", item(`"product_id": 10, "quantity": 2147483648`), 422, "body.items[0].quantity"},
		{"quantity past 64 bits", item(`"product_id": 10, "quantity": 99999999999999999999`), 422, "body.items[0].quantity"},
		{"sum past 32 bits", `{"store_id": 2, "items": [{"product_id": 10, "quantity": 2147483647}, {"product_id": 10, "quantity": 1}]}`, 422, "body.items[1].quantity_requested"},
		{"both and different", item(`"product_id": 10, "quantity": 1, "quantity_requested": 2`), 422, "body.items[0].quantity"},
		{"501 lines", lines(501), 422, "body.items"},
		{"inactive product", item(`"product_id": 11, "quantity": 1`), 422, "body.items[0].product_id"},
		{"a reservation that is none", `{"store_id": 2, "items": [{"product_id": 10, "quantity": 1}], "reservation": 5}`, 422, "body.reservation"},
		{"a reservation without a token", `{"store_id": 2, "items": [{"product_id": 10, "quantity": 1}], "reservation": {"id": 5}}`, 422, "body.reservation.token"},
		{"a reservation of another", `{"store_id": 2, "items": [{"product_id": 10, "quantity": 1}], "reservation": {"id": 5, "token": "x"}}`, 422, "body.reservation.token"},
		{"an e-mail with a name", `{"store_id": 2, "items": [{"product_id": 10, "quantity": 1}], "email": "A <a@b.example>"}`, 422, "body.email"},
		{"an e-mail with a line", `{"store_id": 2, "items": [{"product_id": 10, "quantity": 1}], "email": "a@b.example\nBcc: x@y.example"}`, 422, "body.email"},
		{"an e-mail that is none", `{"store_id": 2, "items": [{"product_id": 10, "quantity": 1}], "email": "a"}`, 422, "body.email"},
		{"unknown store", `{"store_id": 3, "items": [{"product_id": 10, "quantity": 1}]}`, 404, "body.store_id"},
		{"store past 64 bits", `{"store_id": 99999999999999999999, "items": [{"product_id": 10, "quantity": 1}]}`, 404, "body.store_id"},
		{"store negative", `{"store_id": -2, "items": [{"product_id": 10, "quantity": 1}]}`, 404, "body.store_id"},
		{"unknown product", item(`"product_id": 12, "quantity": 1`), 404, "body.items[0].product_id"},
		{"product past 64 bits", item(`"product_id": 99999999999999999999, "quantity": 1`), 404, "body.items[0].product_id"},
		{"500 lines", lines(500), 201, ""},
		{"the largest quantity", item(`"product_id": 10, "quantity": 2147483647`), 201, ""},
		{"both and the same", item(`"product_id": 10, "quantity": 2, "quantity_requested": 2`), 201, ""},
		{"unknown properties", `{"store_id": 2, "note": "🙂", "items": [{"product_id": 10, "quantity": 1, "gift": {}}]}`, 201, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := call(server, http.MethodPost, "/orders/", c.body)
			if c.status == http.StatusCreated {
				mustJSON[orderView](t, w, http.StatusCreated)
				return
			}
			mustProblem(t, w, c.status, c.location)
		})
	}
}

// UnmarshalJSON reads a timestamp back: only tests do.
func (t *timestamp) UnmarshalJSON(b []byte) error {
	at, err := time.Parse(`"`+time.RFC3339Nano+`"`, string(b))
	*t = timestamp(at)
	return err
}

func TestEveryWrongFieldIsNamed(t *testing.T) {
	t.Parallel()
	w := call(mustServe(t, &shop{}), http.MethodPost, "/orders/", `{"items": [{"quantity": 0}, {"product_id": 1}]}`)
	p := mustProblem(t, w, 422, "body.store_id")
	if len(p.Errors) != 4 {
		t.Errorf("want 4 fields, got %+v", p.Errors)
	}
}

func TestMediaTypes(t *testing.T) {
	t.Parallel()
	server := mustServe(t, &shop{decided: order.Order{ID: 1, Status: order.Confirmed}})
	for header, status := range map[string]int{
		"Content-Type: application/json":                  201,
		"Content-Type: Application/JSON; charset=UTF-8":   201,
		"Content-Type: ":                                  201,
		"Content-Type: text/plain":                        415,
		"Content-Type: application/x-www-form-urlencoded": 415,
		"Content-Type: application/json; charset=latin-1": 415,
		"Content-Type: ;;;":                               415,
		"Content-Encoding: gzip":                          415,
	} {
		w := call(server, http.MethodPost, "/orders/", twoCables, header)
		if status == 201 {
			mustJSON[orderView](t, w, 201)
		} else {
			mustProblem(t, w, status, "body")
		}
	}
	mustProblem(t, call(server, http.MethodPost, "/orders/", ""), 400, "body")
}

func TestAConfirmedOrderHasTheContractsShape(t *testing.T) {
	t.Parallel()
	s := &shop{decided: order.Order{ID: 1, Status: order.Confirmed, CreatedAt: made, Items: []order.Item{{ProductID: 10, Quantity: 2, UnitPrice: 2795}}, Total: 5590}}
	w := call(mustServe(t, s), http.MethodPost, "/orders", twoCables)
	got := mustJSON[map[string]any](t, w, 201)
	token, _ := got["token"].(string)
	delete(got, "token")
	want := `map[created_at:2026-11-22T16:26:32.28+00:00 id:1 items:[map[product:10 quantity_requested:2]] status:CONFIRMED total:55.90]`
	if fmt.Sprint(got) != want || len(token) != 43 {
		t.Errorf("got %v, token %q", got, token)
	}
}

func TestARejectedOrderSaysWhy(t *testing.T) {
	t.Parallel()
	s := &shop{decided: order.Order{ID: 1, Status: order.Rejected, Reasons: []order.Reason{{ProductID: 10, Code: order.InsufficientStock, Requested: 5, Available: 2,
		Elsewhere: []order.Elsewhere{{StoreID: 7, City: "Pune", Available: 9, DistanceKM: 12.4}}}, {ProductID: 12, Code: order.NotCarried}}}}
	got := mustJSON[map[string]json.RawMessage](t, call(mustServe(t, s), http.MethodPost, "/orders/", twoCables), 201)
	want := `[{"product":10,"code":"insufficient_stock","requested":5,"available":2,"elsewhere":[{"store_id":7,"city":"Pune","available":9,"distance_km":12.4}]},` +
		`{"product":12,"code":"not_carried","requested":0,"available":0,"elsewhere":[]}]`
	if string(got["reasons"]) != want {
		t.Errorf("got %s", got["reasons"])
	}
}

func TestAnUndecidedOrderIsAccepted(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		shop   *shop
		header string
	}{
		"slow worker":          {&shop{undecide: true}, "X: y"},
		"caller will not wait": {&shop{}, "Prefer: respond-async"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := mustServe(t, c.shop)
			w := call(server, http.MethodPost, "/orders/", twoCables, c.header)
			got := mustJSON[orderView](t, w, 202)
			if got.Status != order.Pending || w.Header().Get("Retry-After") == "" || w.Header().Get("Location") != "/orders/1/?token="+got.Token {
				t.Errorf("got %+v, %v", got, w.Header())
			}
			c.shop.decided = order.Order{ID: 1, Status: order.Pending}
			mustJSON[orderDetail](t, call(server, http.MethodGet, w.Header().Get("Location"), ""), 200)
		})
	}
}

func TestADraftCarriesWhatTheBodySays(t *testing.T) {
	t.Parallel()
	s := &shop{decided: order.Order{ID: 1, Status: order.Confirmed}}
	server := mustServe(t, s)
	body := `{"store_id": 2, "items": [{"product_id": 10, "quantity": 1}], "email": "a.b@c.example", "reservation": {"id": 5, "token": "` +
		server.o.Tokens.Make("reservation", 5) + `"}}`
	mustJSON[orderView](t, call(server, http.MethodPost, "/orders/", body, "Idempotency-Key: k-1"), 201)
	d := s.drafts[0]
	if d.Reservation != 5 || d.Email != "a.b@c.example" || d.Request != idempotency.New("orders", "k-1", []byte(body)) {
		t.Errorf("got %+v", d)
	}
}

func TestIdempotencyKeys(t *testing.T) {
	t.Parallel()
	s := &shop{decided: order.Order{ID: 1, Status: order.Confirmed}, replays: true}
	server := mustServe(t, s)
	if w := call(server, http.MethodPost, "/orders/", twoCables, "Idempotency-Key: "+strings.Repeat("ü", 255)); w.Code != 201 || w.Header().Get("Idempotent-Replayed") != "true" {
		t.Errorf("a repeat: %d %v", w.Code, w.Header())
	}
	for _, key := range []string{strings.Repeat("k", 256), "a\x00b", "a\tb", "\xff"} {
		mustProblem(t, call(server, http.MethodPost, "/orders/", twoCables, "Idempotency-Key: "+key), 400, "header.Idempotency-Key")
	}
	s.fails = idempotency.New("orders", "k", nil).Matches([]byte("another"))
	mustProblem(t, call(server, http.MethodPost, "/orders/", twoCables, "Idempotency-Key: k"), 422, "header.Idempotency-Key")
}

func TestHowLongAClientWaits(t *testing.T) {
	t.Parallel()
	for prefer, want := range map[string]struct {
		wait    time.Duration
		applied string
	}{
		"":                       {20 * time.Millisecond, ""},
		"return=minimal":         {20 * time.Millisecond, ""},
		"wait=5":                 {5 * time.Second, "wait=5"},
		"Wait = 3, x":            {3 * time.Second, "wait=3"},
		"wait=60":                {10 * time.Second, "wait=10"},
		"wait=70000":             {10 * time.Second, "wait=10"},
		"wait=0":                 {0, "wait=0"},
		"wait=-1":                {20 * time.Millisecond, ""},
		"wait=soon":              {20 * time.Millisecond, ""},
		"wait=5, Respond-Async":  {0, "respond-async"},
		"respond-async, wait=10": {0, "respond-async"},
	} {
		s := &shop{decided: order.Order{ID: 1, Status: order.Confirmed}}
		w := call(mustServe(t, s), http.MethodPost, "/orders/", twoCables, "Prefer: "+prefer)
		if s.waits[0] != want.wait || w.Header().Get("Preference-Applied") != want.applied {
			t.Errorf("%q: waits %s, applied %q", prefer, s.waits[0], w.Header().Get("Preference-Applied"))
		}
	}
}

func TestCancelling(t *testing.T) {
	t.Parallel()
	s := &shop{decided: order.Order{ID: 1, Status: order.Confirmed, CreatedAt: made}}
	server := mustServe(t, s)
	target := "/orders/1/cancel/?token=" + server.o.Tokens.Make("order", 1)
	for range 2 {
		if got := mustJSON[orderDetail](t, call(server, http.MethodPost, target, ""), 200); got.Status != order.Cancelled {
			t.Errorf("got %+v", got)
		}
	}
	s.decided.Status = order.Rejected
	mustProblem(t, call(server, http.MethodPost, target, ""), 409, "")
	mustProblem(t, call(server, http.MethodPost, "/orders/1/cancel/", ""), 401, "query.token")
	mustProblem(t, call(server, http.MethodPost, "/orders/9/cancel/", "", "Authorization: Bearer staff-key-of-a-test"), 404, "path.id")
}

func TestWhoMaySeeAnOrder(t *testing.T) {
	t.Parallel()
	at := made.Add(time.Second)
	s := &shop{decided: order.Order{ID: 1, Status: order.Confirmed, CreatedAt: made, DecidedAt: &at, Items: []order.Item{{ProductID: 10, Quantity: 2, UnitPrice: 2795}},
		History: []order.Event{{Status: order.Pending, At: made}, {Status: order.Confirmed, At: at}}}}
	server := mustServe(t, s)
	token := server.o.Tokens.Make("order", 1)
	got := mustJSON[orderDetail](t, call(server, http.MethodGet, "/orders/1/?token="+token, ""), 200)
	if got.Items[0].UnitPrice != "27.95" || len(got.History) != 2 || !time.Time(*got.DecidedAt).Equal(at) {
		t.Errorf("got %+v", got)
	}
	staff := "Authorization: Bearer staff-key-of-a-test"
	mustJSON[orderDetail](t, call(server, http.MethodGet, "/orders/1", "", staff), 200)
	mustProblem(t, call(server, http.MethodGet, "/orders/2/", "", staff), 404, "path.id")
	for _, target := range []string{"/orders/1/", "/orders/1/?token=", "/orders/1/?token=x", "/orders/2/?token=" + token, "/orders/2/"} {
		w := call(server, http.MethodGet, target, "")
		mustProblem(t, w, 401, "query.token")
		if w.Header().Get("WWW-Authenticate") != "Bearer" {
			t.Errorf("%s: no WWW-Authenticate", target)
		}
	}
	for _, id := range []string{"x", "99999999999999999999", "1.5", "%00", "🙂"} {
		mustProblem(t, call(server, http.MethodGet, "/orders/"+id+"/", ""), 404, "path.id")
	}
}
