package api

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"aforro/pkg/fault"
	"aforro/pkg/notify"
)

// hooks fulfils Webhooks and WebhookTools from memory: one endpoint (1).
type hooks struct {
	change notify.Change
	asked  []any
	list   []notify.Record
	fails  error
}

const shownSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

func (h *hooks) known(id int64) error {
	if id != 1 {
		return fault.New(fault.NotFound, "there is no webhook endpoint %d", id)
	}
	return h.fails
}

func hook() notify.Endpoint {
	return notify.Endpoint{ID: 1, URL: "https://a.example/", Description: "d", CreatedAt: made}
}

func (h *hooks) Endpoints(context.Context) ([]notify.Endpoint, error) {
	return []notify.Endpoint{hook()}, h.fails
}

func (h *hooks) Endpoint(_ context.Context, id int64) (notify.Endpoint, error) {
	return hook(), h.known(id)
}

func (h *hooks) AddEndpoint(_ context.Context, url, description string) (notify.Endpoint, notify.Secret, error) {
	if err := notify.CheckURL(url, false); err != nil {
		return notify.Endpoint{}, notify.Secret{}, err
	}
	e := hook()
	e.URL, e.Description = url, description
	secret, err := notify.ParseSecret(shownSecret)
	if err != nil {
		return e, secret, err
	}
	return e, secret, h.fails
}

func (h *hooks) ChangeEndpoint(_ context.Context, id int64, c notify.Change) (notify.Endpoint, error) {
	h.change = c
	return hook(), h.known(id)
}

func (h *hooks) RemoveEndpoint(_ context.Context, id int64) error { return h.known(id) }

func (h *hooks) RotateSecret(_ context.Context, id int64) (notify.Secret, time.Time, error) {
	secret, err := notify.ParseSecret(shownSecret)
	if err != nil {
		return secret, made, err
	}
	return secret, made, h.known(id)
}

func (h *hooks) Ping(ctx context.Context, id int64) (notify.Result, error) {
	_, bounded := ctx.Deadline()
	h.asked = append(h.asked, bounded)
	return notify.Result{Status: 500, Detail: "the endpoint answered 500"}, h.known(id)
}

func (h *hooks) Deliveries(_ context.Context, id int64, in notify.State, before int64, limit int) ([]notify.Record, error) {
	h.asked = append(h.asked, in, before, limit)
	return h.list[:min(limit, len(h.list))], h.known(id)
}

func (h *hooks) RetryParked(_ context.Context, id int64) (int64, error) { return 7, h.known(id) }

const staffKey = "Authorization: Bearer staff-key-of-a-test"

func mustServeHooks(tb testing.TB, h *hooks) *Server {
	tb.Helper()
	return mustServe(tb, &shop{}, func(o *Options) { o.Webhooks, o.WebhookTools = h, h })
}

func TestWebhookRoutes(t *testing.T) {
	t.Parallel()
	const one = `{"id":1,"url":"https://a.example/","description":"d","created_at":"2026-11-22T16:26:32.28+00:00","previous_until":null`
	for _, c := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"GET", "/webhooks/", "", 200, `[` + one + `}]`},
		{"GET", "/webhooks/1/", "", 200, one + `}`},
		{"POST", "/webhooks/", `{"url": "https://b.example/"}`, 201,
			`{"id":1,"url":"https://b.example/","description":"","created_at":"2026-11-22T16:26:32.28+00:00","previous_until":null,"secret":"` + shownSecret + `"}`},
		{"PATCH", "/webhooks/1/", `{"description": "x"}`, 200, one + `}`},
		{"DELETE", "/webhooks/1/", "", 204, ``},
		{"POST", "/webhooks/1/rotate/", "", 200, `{"secret":"` + shownSecret + `","previous_until":"2026-11-22T16:26:32.28+00:00"}`},
		{"POST", "/webhooks/1/ping/", "", 200, `{"delivered":false,"status":500,"detail":"the endpoint answered 500"}`},
		{"POST", "/webhooks/1/retry/", "", 200, `{"retried":7}`},
		{"GET", "/webhooks/1/deliveries/", "", 200, `[]`},
	} {
		h := &hooks{}
		server := mustServeHooks(t, h)
		w := call(server, c.method, c.path, c.body, staffKey)
		if w.Code != c.status || strings.TrimSpace(w.Body.String()) != c.want {
			t.Errorf("%s %s: %d %s", c.method, c.path, w.Code, w.Body)
		}
		mustProblem(t, call(server, c.method, c.path, c.body), 401, "")
		mustProblem(t, call(server, c.method, c.path, c.body, "Authorization: Bearer other"), 401, "")
		if strings.Contains(c.path, "1") {
			for _, id := range []string{"2", "-1", "x", "99999999999999999999"} {
				mustProblem(t, call(server, c.method, strings.Replace(c.path, "1", id, 1), c.body, staffKey), 404, "path.id")
			}
		}
		h.fails = errAway
		mustProblem(t, call(server, c.method, c.path, c.body, staffKey), 503, "")
		if c.path == "/webhooks/1/ping/" && h.asked[0] != true {
			t.Error("a ping is not bounded")
		}
	}
}

func TestWebhookBodies(t *testing.T) {
	t.Parallel()
	server := mustServeHooks(t, &hooks{})
	for _, c := range []struct {
		body     string
		status   int
		location string
	}{
		{`{"url": `, 400, "body"}, {`[]`, 422, "body"}, {`{}`, 422, "body.url"}, {`{"url": null}`, 422, "body.url"}, {`{"url": 5}`, 422, "body.url"},
		{`{"url": "http://a.example/"}`, 422, "body.url"}, {`{"url": "https://127.0.0.1/"}`, 422, "body.url"}, {`{"url": "https://a:b@c.example/"}`, 422, "body.url"},
		{`{"url": "https://a.example/", "description": []}`, 422, "body.description"},
	} {
		mustProblem(t, call(server, http.MethodPost, "/webhooks/", c.body, staffKey), c.status, c.location)
	}
	if w := call(server, http.MethodPost, "/webhooks/", `{"url": "https://a.example/", "other": 1}`, staffKey); w.Code != 201 || w.Header().Get("Location") != "/webhooks/1/" {
		t.Errorf("got %d %v", w.Code, w.Header())
	}
	h := &hooks{}
	call(mustServeHooks(t, h), http.MethodPatch, "/webhooks/1/", `{"url": "https://b.example/"}`, staffKey)
	if h.change.URL == nil || *h.change.URL != "https://b.example/" || h.change.Description != nil {
		t.Errorf("the change is %+v", h.change)
	}
}

func TestDeliveriesArePaged(t *testing.T) {
	t.Parallel()
	h := &hooks{list: []notify.Record{
		{ID: 30, OrderID: 12, Sequence: 2, Type: notify.OrderConfirmed, State: notify.Due, Attempts: 1, QueuedAt: made, NextAt: &made, LastError: "away"},
		{ID: 20, OrderID: 11, Sequence: 2, Type: notify.OrderRejected, State: notify.Due, QueuedAt: made, NextAt: &made},
	}}
	server := mustServeHooks(t, h)
	w := call(server, http.MethodGet, "/webhooks/1/deliveries/?state=due&limit=1&before=40", "", staffKey)
	const want = `[{"message":"msg_12_2","type":"order.confirmed","order":12,"state":"due","attempts":1,"queued_at":"2026-11-22T16:26:32.28+00:00",` +
		`"next_at":"2026-11-22T16:26:32.28+00:00","delivered_at":null,"parked_at":null,"last_error":"away"}]`
	if w.Code != 200 || strings.TrimSpace(w.Body.String()) != want {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	if link := w.Header().Get("Link"); link != `<http://shop.test/webhooks/1/deliveries/?before=30&limit=1&state=due>; rel="next"` {
		t.Errorf("Link: %s", link)
	}
	if h.asked[0] != notify.Due || h.asked[1] != int64(40) || h.asked[2] != 2 {
		t.Errorf("asked for %v", h.asked)
	}
	for query, location := range map[string]string{"state=lost": "query.state", "limit=0": "query.limit", "limit=1001": "query.limit", "before=x": "query.before"} {
		mustProblem(t, call(server, http.MethodGet, "/webhooks/1/deliveries/?"+query, "", staffKey), 400, location)
	}
}
