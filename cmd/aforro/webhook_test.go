//go:build integration

package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"

	standard "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"aforro/pkg/testkit"
)

// hook is a webhook that came.
type hook struct {
	header http.Header
	body   string
}

// listenForHooks is a receiver on loopback that keeps what comes.
func listenForHooks(tb testing.TB) (url string, got func() []hook) {
	tb.Helper()
	var mu sync.Mutex
	var list []hook
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			tb.Error(err)
		}
		mu.Lock()
		defer mu.Unlock()
		list = append(list, hook{r.Header, string(body)})
	}))
	tb.Cleanup(srv.Close)
	return srv.URL, func() []hook {
		mu.Lock()
		defer mu.Unlock()
		return append([]hook(nil), list...)
	}
}

// mustBeSigned checks a webhook as a receiver does, with the specification's library.
func mustBeSigned(tb testing.TB, h hook, secret string) {
	tb.Helper()
	library, err := standard.NewWebhook(secret)
	if err == nil {
		err = library.Verify([]byte(h.body), h.header)
	}
	if err != nil {
		tb.Errorf("%v: %v", h.header, err)
	}
}

var printedSecret = regexp.MustCompile(`whsec_[A-Za-z0-9+/=]+`)

// The commands do what they say, and the secret is shown when it is made only.
func TestWebhookCommands(t *testing.T) {
	t.Parallel()
	url, got := listenForHooks(t)
	vars := map[string]string{postgresURL: testkit.Postgres(t), "AFORRO_WEBHOOK_ALLOW_PRIVATE": "true"}
	run := func(want string, args ...string) string {
		t.Helper()
		out, err := command(t, vars, append([]string{"webhook"}, args...)...)
		if err != nil || !strings.Contains(out, want) {
			t.Fatalf("aforro webhook %v: %v\n%s", args, err, out)
		}
		return out
	}
	refused := func(want string, args ...string) {
		t.Helper()
		if out, err := command(t, vars, append([]string{"webhook"}, args...)...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("aforro webhook %v: %v\n%s", args, err, out)
		}
	}
	secret := printedSecret.FindString(run("endpoint 1\nsecret   whsec_", "add", url, "--description", "the accounts"))
	if out := run("the accounts", "list"); !strings.Contains(out, url) || strings.Contains(out, "whsec_") {
		t.Errorf("the list:\n%s", out)
	}
	run("delivered: the endpoint answered 200", "ping", "1")
	mustBeSigned(t, got()[0], secret)
	if body := got()[0].body; !strings.HasPrefix(body, `{"type":"ping","timestamp":"2`) || !strings.HasSuffix(body, `,"data":{"webhook_id":1}}`) {
		t.Errorf("a ping is %s", body)
	}
	rotated := printedSecret.FindString(run("the one before signs too until 2", "rotate", "1"))
	run("delivered", "ping", "1")
	mustBeSigned(t, got()[1], secret)
	mustBeSigned(t, got()[1], rotated)
	run("MESSAGE", "deliveries", "1", "--state", "parked")
	run("0 deliveries are due again", "retry", "1")
	refused("there is no webhook endpoint 7", "ping", "7")
	refused("is no id of an endpoint", "rotate", "x")
	refused("--state must be", "deliveries", "1", "--state", "lost")
	refused("--limit must be", "deliveries", "1", "--limit", "0")
	refused("the URL must begin with https://", "add", "ftp://example.com/")
	vars["AFORRO_WEBHOOK_ALLOW_PRIVATE"] = "false"
	refused("the URL must begin with https://", "add", url)
	refused("not delivered: the URL must begin with https://", "ping", "1")
	run("", "remove", "1")
	refused("there is no webhook endpoint 1", "remove", "1")
}

// The worker tells the endpoints that the API was given.
func TestAnEndpointAddedByTheAPIIsToldByTheWorker(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.stock()
	url, got := listenForHooks(t)
	s.through["AFORRO_WEBHOOK_ALLOW_PRIVATE"] = "true"
	s.start(theAPI, theWorker)
	staff := "Authorization: Bearer " + s.direct["AFORRO_STAFF_KEY"]
	post := func(target, body string, status int) (a answer) {
		t.Helper()
		a, err := s.do(http.MethodPost, target, body, staff)
		if err != nil || a.status != status {
			t.Fatalf("POST %s: %d %s %v", target, a.status, a.body, err)
		}
		return a
	}
	secret := printedSecret.FindString(post("/webhooks/", `{"url": "`+url+`"}`, http.StatusCreated).body)
	if a := post("/webhooks/1/ping/", "", http.StatusOK); a.body != `{"delivered":true,"status":200,"detail":""}` {
		t.Errorf("a ping: %s", a.body)
	}
	w := s.ware(8, 1, 0)
	s.order(8, [2]int64{w.id, 1})
	testkit.Eventually(t, patience, "the endpoint is told", func() bool { return len(got()) == 2 })
	told := got()[1]
	mustBeSigned(t, told, secret)
	if told.header.Get("webhook-id") != "msg_1_2" || !strings.Contains(told.body, `"type":"order.confirmed"`) || !strings.Contains(told.body, `"status":"CONFIRMED"`) {
		t.Errorf("it was told %v %s", told.header, told.body)
	}
	var list []struct{ Message, State string }
	testkit.Eventually(t, patience, "it is listed", func() bool {
		list = read[[]struct{ Message, State string }](s, "/webhooks/1/deliveries/?state=delivered", staff)
		return len(list) == 1
	})
	if list[0].Message != "msg_1_2" || list[0].State != "delivered" {
		t.Errorf("listed are %+v", list)
	}
	if a := s.get("/webhooks/", staff); a.status != 200 || strings.Contains(a.body, "whsec_") {
		t.Errorf("the list: %d %s", a.status, a.body)
	}
}
