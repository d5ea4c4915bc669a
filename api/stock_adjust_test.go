package api

import (
	"crypto/sha256"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"aforro/pkg/inventory"
)

const (
	staff       = "Authorization: Bearer staff-key-of-a-test"
	adjustments = "/stores/2/inventory/adjustments/"
	oneLine     = `{"reason": "recount", "lines": [{"product_id": 10, "set": 10}]}`
)

func TestAdjustmentBodies(t *testing.T) {
	t.Parallel()
	lines := func(n int) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(`,{"product_id": ` + strconv.Itoa(i+100) + `, "add": 1}`)
		}
		return `{"reason": "r", "lines": [` + strings.TrimPrefix(b.String(), ",") + `]}`
	}
	line := func(fields string) string { return `{"reason": "recount", "lines": [{` + fields + `}]}` }
	server := mustServe(t, &shop{})
	for _, c := range []struct {
		name, body string
		status     int
		location   string
	}{
		{"broken", `{"reason": `, 400, "body"},
		{"a list", `[]`, 422, "body"},
		{"empty", `{}`, 422, "body.lines"},
		{"no reason", `{"lines": [{"product_id": 10, "set": 1}]}`, 422, "body.reason"},
		{"a reserved reason", `{"reason": "order", "lines": [{"product_id": 10, "set": 1}]}`, 422, "body.reason"},
		{"a reason that is a number", `{"reason": 5, "lines": [{"product_id": 10, "set": 1}]}`, 422, "body.reason"},
		{"a reason of many words", `{"reason": "it fell", "lines": [{"product_id": 10, "set": 1}]}`, 422, "body.reason"},
		{"a long note", `{"reason": "r", "note": "` + strings.Repeat("n", 1001) + `", "lines": [{"product_id": 10, "set": 1}]}`, 422, "body.note"},
		{"a NUL in the note", `{"reason": "r", "note": "\u0000", "lines": [{"product_id": 10, "set": 1}]}`, 422, "body.note"},
		{"no lines", `{"reason": "r"}`, 422, "body.lines"},
		{"lines null", `{"reason": "r", "lines": null}`, 422, "body.lines"},
		{"lines empty", `{"reason": "r", "lines": []}`, 422, "body.lines"},
		{"501 lines", lines(501), 422, "body.lines"},
		{"a line that is none", `{"reason": "r", "lines": [5]}`, 422, "body.lines[0]"},
		{"neither set nor add", line(`"product_id": 10`), 422, "body.lines[0]"},
		{"both", line(`"product_id": 10, "set": 1, "add": 1`), 422, "body.lines[0]"},
		{"no product", line(`"set": 1`), 422, "body.lines[0].product_id"},
		{"product as text", line(`"product_id": "10", "set": 1`), 422, "body.lines[0].product_id"},
		{"set below none", line(`"product_id": 10, "set": -1`), 422, "body.lines[0].set"},
		{"set 1.5", line(`"product_id": 10, "set": 1.5`), 422, "body.lines[0].set"},
		{"set past 32 bits", line(`"product_id": 10, "set": 2147483648`), 422, "body.lines[0].set"},
		{"set past 64 bits", line(`"product_id": 10, "set": 99999999999999999999`), 422, "body.lines[0].set"},
		{"add past 32 bits", line(`"product_id": 10, "add": -2147483648`), 422, "body.lines[0].add"},
		{"add as text", line(`"product_id": 10, "add": "1"`), 422, "body.lines[0].add"},
		{"one product twice", `{"reason": "r", "lines": [{"product_id": 10, "set": 1}, {"product_id": 10, "add": 1}]}`, 422, "body.lines[1].product_id"},
		{"an unknown product", line(`"product_id": 12, "set": 1`), 404, "body.lines[0].product_id"},
		{"a product past 64 bits", line(`"product_id": 99999999999999999999, "set": 1`), 404, "body.lines[0].product_id"},
		{"less than none", line(`"product_id": 10, "add": -11`), 409, "body.lines[0].add"},
		{"500 lines", lines(500), 200, ""},
		{"the largest", line(`"product_id": 10, "set": 2147483647`), 200, ""},
		{"one absent by null", line(`"product_id": 10, "set": 0, "add": null`), 200, ""},
		{"a note and what nobody knows", `{"reason": "r-2_b", "note": "🙂\n", "by": "x", "lines": [{"product_id": 10, "add": -2}]}`, 200, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := call(server, http.MethodPost, adjustments, c.body, staff)
			if c.status == http.StatusOK {
				mustJSON[adjustmentView](t, w, http.StatusOK)
				return
			}
			mustProblem(t, w, c.status, c.location)
		})
	}
	w := call(server, http.MethodPost, adjustments, `{"reason": 5, "note": 6, "lines": [{"product_id": 10, "set": 1}, {"product_id": 10}, 7]}`, staff)
	if p := mustProblem(t, w, 422, "body.reason"); len(p.Errors) != 5 {
		t.Errorf("want 5 fields, got %+v", p.Errors)
	}
}

func TestAnAdjustmentIsAnswered(t *testing.T) {
	t.Parallel()
	s := &shop{}
	server := mustServe(t, s)
	body := `{"reason": "recount", "note": "shelf 4", "lines": [{"product_id": 10, "set": 10}, {"product_id": 11, "add": -2}]}`
	w := call(server, http.MethodPost, adjustments, body, staff, "Idempotency-Key: k-1")
	want := `{"lines":[{"product_id":10,"quantity":7,"held":3},{"product_id":11,"quantity":0,"held":3}]}`
	if got := strings.TrimSpace(w.Body.String()); w.Code != 200 || got != want || w.Header().Get("Idempotent-Replayed") != "" {
		t.Errorf("got %d %s %v", w.Code, got, w.Header())
	}
	asked := inventory.Adjustment{Reason: "recount", Note: "shelf 4", Lines: []inventory.AdjustmentLine{
		{ProductID: 10, Change: inventory.Set, Pieces: 10}, {ProductID: 11, Change: inventory.Add, Pieces: -2}}}
	if !reflect.DeepEqual(s.till.adjusted[0], asked) {
		t.Errorf("got %+v", s.till.adjusted[0])
	}
	if k := s.till.keys[0]; k.Route != "stores/2/adjustments" || k.Key != "k-1" || k.Fingerprint != sha256.Sum256([]byte(body)) {
		t.Errorf("the key is %+v", k)
	}
	s.till.replayed = true
	if w := call(server, http.MethodPost, adjustments, body, staff, "Idempotency-Key: k-1"); w.Code != 200 || w.Header().Get("Idempotent-Replayed") != "true" {
		t.Errorf("a repeat: %d %v", w.Code, w.Header())
	}
	mustProblem(t, call(server, http.MethodPost, adjustments, body, staff, "Idempotency-Key: "+strings.Repeat("k", 256)), 400, "header.Idempotency-Key")
	mustProblem(t, call(server, http.MethodPost, "/stores/3/inventory/adjustments/", body, staff), 404, "path.id")
	mustProblem(t, call(server, http.MethodPost, "/stores/x/inventory/adjustments/", body, staff), 404, "path.id")
}

func TestOneLineIsSet(t *testing.T) {
	t.Parallel()
	s := &shop{}
	server := mustServe(t, s)
	w := call(server, http.MethodPatch, "/stores/2/inventory/10", `{"quantity": 10}`, staff)
	if got := strings.TrimSpace(w.Body.String()); w.Code != 200 || got != `{"product_id":10,"quantity":7,"held":3}` {
		t.Errorf("got %d %s", w.Code, got)
	}
	mustJSON[lineView](t, call(server, http.MethodPatch, "/stores/2/inventory/10/", `{"quantity": 0, "reason": "damaged", "note": "fell"}`, staff), 200)
	for i, want := range []inventory.Adjustment{
		{Reason: "manual", Lines: []inventory.AdjustmentLine{{ProductID: 10, Change: inventory.Set, Pieces: 10}}},
		{Reason: "damaged", Note: "fell", Lines: []inventory.AdjustmentLine{{ProductID: 10, Change: inventory.Set}}},
	} {
		if !reflect.DeepEqual(s.till.adjusted[i], want) || s.till.keys[i].Keyed() {
			t.Errorf("got %+v", s.till.adjusted[i])
		}
	}
	for _, c := range []struct {
		path, body string
		status     int
		location   string
	}{
		{"2/inventory/10/", `{`, 400, "body"},
		{"2/inventory/10/", `{}`, 422, "body.quantity"},
		{"2/inventory/10/", `{"quantity": -1}`, 422, "body.quantity"},
		{"2/inventory/10/", `{"quantity": 2147483648}`, 422, "body.quantity"},
		{"2/inventory/10/", `{"quantity": "1"}`, 422, "body.quantity"},
		{"2/inventory/10/", `{"quantity": 1, "reason": "sql"}`, 422, "body.reason"},
		{"2/inventory/10/", `{"quantity": 1, "note": 1}`, 422, "body.note"},
		{"3/inventory/10/", `{"quantity": 1}`, 404, "path.id"},
		{"x/inventory/10/", `{"quantity": 1}`, 404, "path.id"},
		{"2/inventory/12/", `{"quantity": 1}`, 404, "path.product_id"},
		{"2/inventory/x/", `{"quantity": 1}`, 404, "path.product_id"},
		{"2/inventory/99999999999999999999/", `{"quantity": 1}`, 404, "path.product_id"},
	} {
		mustProblem(t, call(server, http.MethodPatch, "/stores/"+c.path, c.body, staff), c.status, c.location)
	}
	mustProblem(t, call(server, http.MethodPatch, "/stores/2/inventory/10/", `quantity=1`, staff, "Content-Type: text/plain"), 415, "body")
}

func TestMovementsAreListed(t *testing.T) {
	t.Parallel()
	s := &shop{till: till{movements: []inventory.Movement{
		{ID: 9, At: made, Delta: -2, Reason: "order", Reference: "1"}, {ID: 4, At: made, Delta: 7, Reason: "recount", Reference: "2"}, {ID: 1, At: made, Delta: 5, Reason: "sql"}}}}
	server := mustServe(t, s)
	const path = "/stores/2/inventory/10/movements/"
	w := call(server, http.MethodGet, path, "", staff)
	want := `[{"id":9,"at":"2026-11-22T16:26:32.28+00:00","delta":-2,"reason":"order","reference":"1"},`
	if !strings.HasPrefix(w.Body.String(), want) || w.Code != 200 || w.Header().Get("Link") != "" {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	var ids []int64
	target := path + "?limit=2"
	for target != "" && len(ids) < 9 {
		w := call(server, http.MethodGet, target, "", staff)
		for _, m := range mustJSON[[]movementView](t, w, 200) {
			ids = append(ids, m.ID)
		}
		target = mustNext(t, w)
	}
	if !reflect.DeepEqual(ids, []int64{9, 4, 1}) {
		t.Errorf("got %v", ids)
	}
	if w := call(server, http.MethodGet, path+"?before=-5", "", staff); w.Code != 200 || strings.TrimSpace(w.Body.String()) != "[]" {
		t.Errorf("before an id that cannot be: %d %s", w.Code, w.Body)
	}
	for target, location := range map[string]string{
		path + "?limit=0": "query.limit", path + "?limit=1001": "query.limit", path + "?before=x": "query.before"} {
		mustProblem(t, call(server, http.MethodGet, target, "", staff), 400, location)
	}
	mustProblem(t, call(server, http.MethodGet, "/stores/3/inventory/10/movements/", "", staff), 404, "path.id")
	mustProblem(t, call(server, http.MethodGet, "/stores/2/inventory/x/movements/", "", staff), 404, "path.product_id")
}

// A stranger is turned away before his body is read or his ids are looked at.
func TestStockIsForStaff(t *testing.T) {
	t.Parallel()
	s := &shop{}
	server := mustServe(t, s)
	for _, c := range []struct{ method, path, body string }{
		{http.MethodPost, adjustments, oneLine},
		{http.MethodPost, adjustments, `{`},
		{http.MethodPost, "/stores/x/inventory/adjustments/", oneLine},
		{http.MethodPatch, "/stores/2/inventory/10/", `{"quantity": 1}`},
		{http.MethodGet, "/stores/2/inventory/10/movements/", ""},
		{http.MethodPost, "/reservations/", twoCables},
	} {
		for _, header := range []string{"X: none", "Authorization: Bearer wrong", "Authorization: Basic staff-key-of-a-test"} {
			w := call(server, c.method, c.path, c.body, header)
			mustProblem(t, w, 401, "")
			if w.Header().Get("WWW-Authenticate") != "Bearer" {
				t.Errorf("%s %s: no WWW-Authenticate", c.method, c.path)
			}
		}
	}
	if len(s.till.adjusted) != 0 {
		t.Errorf("strangers adjusted %+v", s.till.adjusted)
	}
}

func TestStockRoutesWithoutTheDatabase(t *testing.T) {
	t.Parallel()
	server := mustServe(t, &shop{fails: errAway})
	mustProblem(t, call(server, http.MethodPost, adjustments, oneLine, staff), 503, "")
	mustProblem(t, call(server, http.MethodPatch, "/stores/2/inventory/10/", `{"quantity": 1}`, staff), 503, "")
	mustProblem(t, call(server, http.MethodGet, "/stores/2/inventory/10/movements/", "", staff), 503, "")
	mustProblem(t, call(server, http.MethodPost, "/reservations/", twoCables, staff), 503, "")
	mustProblem(t, call(server, http.MethodDelete, "/reservations/5/", "", staff), 503, "")
}
