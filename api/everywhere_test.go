package api

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
	"testing"
	"time"

	"aforro/pkg/inventory"
	"aforro/pkg/order"
	"aforro/pkg/search"
)

func TestPathsAnswerWithAndWithoutTheLastSlash(t *testing.T) {
	t.Parallel()
	server := mustServe(t, &shop{page: hits(1)})
	for _, path := range []string{searchPath, "/api/search/suggest/", "/api/products/10/", "/stores/2/orders/", "/stores/2/inventory/",
		"/healthz/", "/readyz/", "/openapi.json/", "/docs/"} {
		with, without := call(server, http.MethodGet, path, ""), call(server, http.MethodGet, strings.TrimSuffix(path, "/"), "")
		if with.Code != 200 || without.Code != 200 || with.Body.String() != without.Body.String() {
			t.Errorf("%s: %d and %d", path, with.Code, without.Code)
		}
	}
}

func TestMethods(t *testing.T) {
	t.Parallel()
	server := mustServe(t, &shop{page: hits(1)})
	for _, c := range []struct {
		method, path string
		status       int
		allow        string
	}{
		{"GET", "/orders/", 405, "POST, OPTIONS"},
		{"GET", "/orders", 405, "POST, OPTIONS"},
		{"HEAD", "/orders/", 405, "POST, OPTIONS"},
		{"DELETE", "/orders/1/", 405, "GET, HEAD, OPTIONS"},
		{"POST", searchPath, 405, "GET, HEAD, OPTIONS"},
		{"PUT", "/stores/2/inventory/", 405, "GET, HEAD, OPTIONS"},
		{"BREW", "/docs", 405, "GET, HEAD, OPTIONS"},
		{"OPTIONS", "/orders/", 204, "POST, OPTIONS"},
		{"OPTIONS", searchPath, 204, "GET, HEAD, OPTIONS"},
	} {
		w := call(server, c.method, c.path, "")
		if w.Code != c.status || w.Header().Get("Allow") != c.allow {
			t.Errorf("%s %s: %d, Allow %q", c.method, c.path, w.Code, w.Header().Get("Allow"))
		}
		if c.status == 405 {
			mustProblem(t, w, 405, "")
		}
	}
	for _, path := range []string{"/nothing", "/orders//", "//", "/stores/2", "/api", "/stores/2/inventory/3/x/"} {
		mustProblem(t, call(server, http.MethodGet, path, ""), 404, "")
	}
}

func TestHeadHasHeadersAndNoBody(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(mustServe(t, &shop{page: hits(1)}))
	t.Cleanup(srv.Close)
	resp, err := http.Head(srv.URL + searchPath)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := resp.Body.Close(); err != nil {
			t.Error(err)
		}
	})
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != 200 || len(body) != 0 || resp.Header.Get("Content-Type") != jsonUTF8 {
		t.Errorf("got %d %q %v, %v", resp.StatusCode, body, resp.Header, err)
	}
}

func TestIdsInPaths(t *testing.T) {
	t.Parallel()
	server := mustServe(t, &shop{})
	for _, id := range []string{"3", "0", "-1", "x", "2x", "1.0", "99999999999999999999", "\x00", "\xff", "🙂", " 2", strings.Repeat("9", 5000)} {
		for _, path := range []string{"/stores/" + id + "/orders/", "/stores/" + id + "/inventory/", "/api/products/" + id + "/"} {
			mustProblem(t, call(server, http.MethodGet, path, ""), 404, "path.id")
		}
	}
}

func TestProduct(t *testing.T) {
	t.Parallel()
	w := call(mustServe(t, &shop{}), http.MethodGet, "/api/products/10", "")
	want := `{"id":10,"title":"Cable","description":"","price":"27.95","category":"","brand":"","sku":"","gtin":"","image_url":"","released_on":"2026-11-22",` +
		`"attributes":{"length":2},"availability":[{"store_id":2,"city":"Pune","quantity":7}]}`
	if got := strings.TrimSpace(w.Body.String()); w.Code != 200 || got != want {
		t.Errorf("got %d %s", w.Code, got)
	}
}

func TestStoreLists(t *testing.T) {
	t.Parallel()
	s := &shop{
		list:  []order.Summary{{ID: 9, Status: order.Confirmed, CreatedAt: made, Lines: 3}, {ID: 8, Status: order.Pending, CreatedAt: made, Lines: 1}},
		lines: []inventory.Line{{ProductID: 1, Title: "A: ü", Price: 2795, Category: "Patch Cables", Quantity: 72, SKU: "x"}, {ProductID: 2, Title: "B"}, {ProductID: 3, Title: "C"}},
	}
	server := mustServe(t, s)
	for _, c := range []struct{ path, first, want string }{
		{"/stores/2/orders/", `{"id":9,"status":"CONFIRMED","created_at":"2026-11-22T16:26:32.28+00:00","total_items":3}`, "2 bodies in 2 pages"},
		{"/stores/2/inventory/", `{"product_title":"A: ü","price":"27.95","category":"Patch Cables","quantity":72,"product_id":1,"sku":"x"}`, "3 bodies in 3 pages"},
	} {
		w := call(server, http.MethodGet, c.path, "")
		if !strings.HasPrefix(w.Body.String(), "["+c.first+",") || w.Header().Get("Link") != "" {
			t.Errorf("%s: %s, Link %q", c.path, w.Body, w.Header().Get("Link"))
		}
		var all []any
		pages, target := 0, c.path+"?limit=1"
		for target != "" && pages < 5 {
			w := call(server, http.MethodGet, target, "")
			all = append(all, mustJSON[[]any](t, w, 200)...)
			pages, target = pages+1, mustNext(t, w)
		}
		if got := len(all); got != pages || !strings.HasPrefix(c.want, string(rune('0'+got))) {
			t.Errorf("%s: %d bodies in %d pages", c.path, got, pages)
		}
	}
	empty := mustServe(t, &shop{})
	for _, path := range []string{"/stores/2/orders/", "/stores/2/inventory/", "/stores/2/orders/?before=99999999999999999999"} {
		if w := call(empty, http.MethodGet, path, ""); w.Code != 200 || strings.TrimSpace(w.Body.String()) != "[]" {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
	for query, location := range map[string]string{
		"orders/?limit=0": "query.limit", "orders/?limit=1001": "query.limit", "orders/?limit=x": "query.limit", "orders/?before=x": "query.before",
		"inventory/?limit=5001": "query.limit", "inventory/?after=!": "query.after", "inventory/?after=eA": "query.after",
		"inventory/?after=" + encodePosition(inventory.Position{Title: "a\x00b", ProductID: 1}): "query.after",
		"inventory/?after=" + encodePosition(inventory.Position{Title: "\xff", ProductID: 1}):   "query.after",
	} {
		mustProblem(t, call(server, http.MethodGet, "/stores/2/"+query, ""), 400, location)
	}
}

// mustNext returns path and query of the Link header's next page, "" without.
func mustNext(tb testing.TB, w *httptest.ResponseRecorder) string {
	tb.Helper()
	header := w.Header().Get("Link")
	if header == "" {
		return ""
	}
	target, found := strings.CutSuffix(header, `>; rel="next"`)
	u, err := url.Parse(strings.TrimPrefix(target, "<"))
	if err != nil || !found || u.Host != "shop.test" {
		tb.Fatalf("Link: %s", header)
	}
	return u.RequestURI()
}

func TestDependenciesAway(t *testing.T) {
	t.Parallel()
	server := mustServe(t, &shop{fails: errAway})
	for _, target := range []string{searchPath, searchPath + "?store_id=2", "/api/products/10/", "/stores/2/orders/", "/stores/2/inventory/",
		"/orders/1/?token=" + server.o.Tokens.Make("order", 1)} {
		w := call(server, http.MethodGet, target, "")
		if p := mustProblem(t, w, 503, ""); strings.Contains(w.Body.String(), "secret") || p.Detail != "away" {
			t.Errorf("%s: %s", target, w.Body)
		}
	}
	mustProblem(t, call(server, http.MethodPost, "/orders/", twoCables), 503, "")
}

func TestAStoreSeenBeforeStandsInForTheDatabase(t *testing.T) {
	t.Parallel()
	s := &shop{}
	r := newStoreRegister(s)
	if err := r.check(t.Context(), 2, "query.store_id"); err != nil {
		t.Fatal(err)
	}
	s.fails = errAway
	r.seen[2] = time.Now().Add(-time.Hour)
	if err := r.check(t.Context(), 2, "query.store_id"); err != nil {
		t.Errorf("a known store: %v", err)
	}
	if err := r.check(t.Context(), 3, "query.store_id"); !errors.Is(err, errAway) {
		t.Errorf("an unknown store: %v", err)
	}
}

func TestRateLimit(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		headers []string
		who     string
	}{
		{"a stranger", []string{"Remote: 192.0.2.7:1"}, "192.0.2.7"},
		{"loopback", []string{"Remote: 127.0.0.1:1"}, ""},
		{"loopback, IPv6", []string{"Remote: [::1]:1"}, ""},
		{"IPv6 by network", []string{"Remote: [2001:db8:1:2:3::4]:1"}, "2001:db8:1:2::"},
		{"IPv4 in IPv6", []string{"Remote: [::ffff:192.0.2.7]:1"}, "192.0.2.7"},
		{"a forged header", []string{"Remote: 192.0.2.7:1", "X-Forwarded-For: 127.0.0.1"}, "192.0.2.7"},
		{"another forged header", []string{"Remote: 192.0.2.7:1", "X-Real-Ip: 127.0.0.1"}, "192.0.2.7"},
		{"through our proxy", []string{"Remote: 10.0.0.1:1", "X-Forwarded-For: 127.0.0.1, 198.51.100.9"}, "198.51.100.9"},
	} {
		s := &shop{refuse: 1500 * time.Millisecond}
		server := mustServe(t, s, func(o *Options) { o.TrustedProxies = []string{"10.0.0.0/8"} })
		w := call(server, http.MethodGet, "/api/search/suggest/", "", c.headers...)
		if got := strings.Join(s.who, " "); got != c.who {
			t.Errorf("%s: counted %q", c.name, got)
		}
		if c.who == "" {
			continue
		}
		mustProblem(t, w, 429, "")
		if w.Header().Get("Retry-After") != "2" {
			t.Errorf("%s: Retry-After %s", c.name, w.Header().Get("Retry-After"))
		}
		if w := call(server, http.MethodGet, "/healthz", "", c.headers...); w.Code != 200 {
			t.Errorf("%s: /healthz %d", c.name, w.Code)
		}
	}
	s := &shop{refuse: time.Second}
	if w := call(mustServe(t, s, func(o *Options) { o.RateLimit = 0 }), http.MethodGet, "/api/search/suggest/", "", "Remote: 192.0.2.7:1"); w.Code != 200 {
		t.Errorf("turned off: %d", w.Code)
	}
}

func TestLinksBehindAProxy(t *testing.T) {
	t.Parallel()
	server := mustServe(t, &shop{page: hits(11)}, func(o *Options) { o.TrustedProxies = []string{"192.168.0.0/16", " 10.0.0.0/8"} })
	for remote, scheme := range map[string]string{"10.0.0.1:1": "https", "192.0.2.7:1": "http"} {
		got := mustJSON[searchView](t, call(server, http.MethodGet, searchPath, "", "Remote: "+remote, "X-Forwarded-Proto: https"), 200)
		if !strings.HasPrefix(orEmpty(got.Next), scheme+"://shop.test/") {
			t.Errorf("from %s: %s", remote, orEmpty(got.Next))
		}
	}
}

func TestReadinessSaysWhatIsAwaited(t *testing.T) {
	t.Parallel()
	s := &shop{ready: errors.New("index building, 43 %")}
	server := mustServe(t, s)
	if p := mustProblem(t, call(server, http.MethodGet, "/readyz", ""), 503, ""); p.Detail != "waiting: index building, 43 %" {
		t.Errorf("got %q", p.Detail)
	}
	s.ready = errAway
	if p := mustProblem(t, call(server, http.MethodGet, "/readyz", ""), 503, ""); p.Detail != "waiting: away" {
		t.Errorf("got %q", p.Detail)
	}
	s.ready = nil
	if w := call(server, http.MethodGet, "/readyz", ""); w.Code != 200 {
		t.Errorf("ready: %d", w.Code)
	}
}

func TestEveryAnswerHasItsHeaders(t *testing.T) {
	t.Parallel()
	server := mustServe(t, &shop{})
	for _, target := range []string{searchPath, "/nothing", "/docs", "/orders/1/"} {
		h := call(server, http.MethodGet, target, "", "X-Request-Id: mine-1").Header()
		if h.Get("X-Request-Id") != "mine-1" || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Cache-Control") == "" {
			t.Errorf("%s: %v", target, h)
		}
	}
	for _, id := range []string{"", "a b", strings.Repeat("x", 65), "<script>"} {
		if got := call(server, http.MethodGet, "/healthz", "", "X-Request-Id: "+id).Header().Get("X-Request-Id"); got == id || got == "" {
			t.Errorf("id %q was answered with %q", id, got)
		}
	}
}

type panics struct{ *shop }

func (panics) SuggestRich(context.Context, string, int64) ([]search.Suggestion, error) {
	panic("a bug: secret")
}

func (panics) Indexed(context.Context, []int64, int64) (map[int64]search.Live, error) {
	panic("a bug: secret")
}

func (panics) Suggest(context.Context, string, int64) ([]string, error) { panic("a bug: secret") }

func TestAPanicIsA500ThatTellsNothing(t *testing.T) {
	t.Parallel()
	s := &shop{}
	server := mustServe(t, s, func(o *Options) { o.Engine = panics{s} })
	w := call(server, http.MethodGet, "/api/search/suggest/?q=can", "")
	mustProblem(t, w, 500, "")
	if strings.Contains(w.Body.String(), "secret") || len(server.gate.slots) != 0 {
		t.Errorf("got %s, %d slots are still taken", w.Body, len(server.gate.slots))
	}
}

func TestTheGateSendsCallersAway(t *testing.T) {
	t.Parallel()
	g := newGate(1, 1)
	if err := g.enter(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	second := make(chan error)
	go func() { second <- g.enter(ctx) }()
	for g.waiting.Load() == 0 {
		runtime.Gosched()
	}
	if p := problemOf(g.enter(ctx)); p.Status != 503 || p.header.Get("Retry-After") != "1" {
		t.Errorf("the third: %+v", p)
	}
	cancel()
	if err := <-second; problemOf(err).Status != 503 {
		t.Errorf("the second: %v", err)
	}
	g.leave()
	if err := g.enter(t.Context()); err != nil {
		t.Errorf("after leave: %v", err)
	}
}
