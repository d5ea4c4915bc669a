package api

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"aforro/pkg/order"
	"aforro/pkg/search"
)

// mustPage holds a page against what every page has, and gives its HTML.
func mustPage(tb testing.TB, w *httptest.ResponseRecorder, status int) string {
	tb.Helper()
	if w.Code != status || w.Header().Get("Content-Type") != "text/html; charset=utf-8" {
		tb.Fatalf("want a page of status %d, got %d %s: %s", status, w.Code, w.Header().Get("Content-Type"), w.Body)
	}
	policy := w.Header().Get("Content-Security-Policy")
	if !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
		tb.Errorf("policy %q", policy)
	}
	if w.Header().Get("Cache-Control") != "no-store" {
		tb.Errorf("the page may be kept: %q", w.Header().Get("Cache-Control"))
	}
	return w.Body.String()
}

func mustHold(tb testing.TB, page string, wanted ...string) {
	tb.Helper()
	for _, want := range wanted {
		if !strings.Contains(page, want) {
			tb.Errorf("the page does not hold %s:\n%s", want, page)
		}
	}
}

func TestTheStorefrontShowsResults(t *testing.T) {
	t.Parallel()
	s, five := &shop{page: hits(60)}, int64(5)
	s.page.Hits[0].Quantity = &five
	server := mustServe(t, s)
	page := mustPage(t, call(server, http.MethodGet, "/?q=cable&store_id=2&in_stock=true&page=2&page_size=1&cursor=start", ""), 200)
	mustHold(t, page, "<!doctype html>", "Results for “cable”", "60 products, page 2 of 3", "A &lt;b&gt; &amp; &#34;c&#34;", ">20.95<", `href="/products/1?store_id=2"`,
		`<option value="2" selected>Delhi`, "Pune &amp; &lt;b&gt;", "Only 5 left in Delhi", `rel="prev"`, `rel="next"`, "Store: Delhi")
	if p := s.asked[0]; p.Query != "cable" || p.StoreID != 2 || !p.InStock || p.Page != 2 || p.PageSize != 24 || p.Cursor != "" {
		t.Errorf("the engine was asked for %+v", p)
	}
	fragment := mustPage(t, call(server, http.MethodGet, "/results/?q=cable&store_id=2&in_stock=true&page=2", ""), 200)
	if strings.Contains(fragment, "<html") || !strings.Contains(page, fragment[:200]) {
		t.Errorf("the fragment is not the part of the page:\n%s", fragment)
	}
	if len(s.asked) != 1 {
		t.Errorf("the fragment did not come from the cache: the engine was asked %d times", len(s.asked))
	}
}

// Whatever the data hold is text on the pages, in every place.
func TestOddDataAreText(t *testing.T) {
	t.Parallel()
	const odd = `"><script>alert('1')</script>` + "\u202e&amp;\n"
	s := &shop{page: search.Page{Count: 1, Hits: []search.Hit{{ID: 1, Title: odd, Brand: odd, Category: odd, SKU: odd}}}}
	server := mustServe(t, s)
	for _, target := range []string{"/", "/?q=" + url.QueryEscape(odd), "/?category=" + url.QueryEscape(odd), "/?attr." + url.QueryEscape(odd) + "=" + url.QueryEscape(odd),
		"/?near=" + url.QueryEscape(odd), "/?sort=" + url.QueryEscape(odd), "/?min_price=" + url.QueryEscape(odd), "/products/10/?quantity=" + url.QueryEscape(odd) + "&store_id=" + url.QueryEscape(odd)} {
		w := call(server, http.MethodGet, target, "")
		if page := mustPage(t, w, w.Code); w.Code >= 500 || strings.Contains(page, "<script>") || strings.Contains(page, "\"><") && strings.Contains(page, `alert('1')`) {
			t.Errorf("%s: %d\n%s", target, w.Code, page)
		}
	}
}

func TestRefusalsOfPagesArePages(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		target string
		fails  error
		status int
		wants  []string
	}{
		{"/?q=a&min_price=cheap&brand=HP", nil, 400, []string{"This cannot be done", "Min_price must be a decimal", `href="/?brand=HP&amp;q=a"`}},
		{"/?page=0", nil, 404, []string{"This is not here", "Invalid page.", `href="/"`}},
		{"/?page=9", nil, 404, []string{"Invalid page."}},
		{"/?store_id=3&q=a", nil, 404, []string{"There is no such store.", `href="/?q=a"`}},
		{"/?q=%ff", nil, 400, []string{"percent-encoded"}},
		{"/?q=a", errAway, 503, []string{"Back in a moment", "Away.", `href="/?q=a">Try again`}},
		{"/results/?q=a", errAway, 503, []string{`role="alert"`, `href="/?q=a">Try again`}},
		{"/products/11/", nil, 404, []string{"There is no such product."}},
		{"/products/x/", nil, 404, []string{"There is no such product."}},
		{"/products/10/", errAway, 503, []string{`href="/products/10/">Try again`}},
		{"/orders/1/page/?token=x", nil, 401, []string{"This does not open"}},
	} {
		w := call(mustServe(t, &shop{page: hits(25), fails: c.fails}), http.MethodGet, c.target, "")
		page := mustPage(t, w, c.status)
		mustHold(t, page, append(c.wants, `role="alert"`)...)
		if c.status == 503 && w.Header().Get("Retry-After") == "" || strings.Contains(page, "secret-host") {
			t.Errorf("%s: %v\n%s", c.target, w.Header(), page)
		}
	}
	w := call(mustServe(t, &shop{refuse: 1e9}), http.MethodGet, "/", "", "Remote: 9.9.9.9:1")
	mustHold(t, mustPage(t, w, 429), "Too many requests", "Try again")
	mustProblem(t, call(mustServe(t, &shop{}), http.MethodGet, "/", "", "Accept: application/json"), 404, "")
}

func TestTheProductPage(t *testing.T) {
	t.Parallel()
	page := mustPage(t, call(mustServe(t, &shop{}), http.MethodGet, "/products/10?store_id=2&quantity=3", ""), 200)
	mustHold(t, page, "<h1>Cable</h1>", ">27.95<", "<dt>Length</dt><dd>2</dd>", "22 November 2026", `action="/products/10/order" method="post"`,
		`value="3"`, `<option value="2" selected>Pune: 7 in stock`, `<th scope="row"><a href="/products/10?store_id=2" aria-current="true">Pune`)
}

func order1(status order.Status) order.Order {
	return order.Order{ID: 1, StoreID: 2, Status: status, CreatedAt: made, Total: 5590, Items: []order.Item{{ProductID: 10, Quantity: 2, UnitPrice: 2795}},
		History: []order.Event{{Status: order.Pending, At: made}}}
}

// send posts an order form as a browser does.
func send(server *Server, form string, headers ...string) *httptest.ResponseRecorder {
	return call(server, http.MethodPost, "/products/10/order", form, append([]string{"Content-Type: application/x-www-form-urlencoded"}, headers...)...)
}

func TestAnOrderIsPlacedByForm(t *testing.T) {
	t.Parallel()
	s := &shop{decided: order1(order.Confirmed)}
	server := mustServe(t, s)
	w := send(server, "key=K&store_id=2&quantity=2", "Sec-Fetch-Site: same-origin")
	where := w.Header().Get("Location")
	if w.Code != 303 || !strings.HasPrefix(where, "/orders/1/page?token=") {
		t.Fatalf("got %d %v %s", w.Code, w.Header(), w.Body)
	}
	d := s.drafts[0]
	if d.StoreID != 2 || len(d.Items) != 1 || d.Items[0].ProductID != 10 || d.Items[0].Quantity != 2 || !d.Request.Keyed() || d.Request.Route != "storefront" {
		t.Errorf("placed %+v", d)
	}
	mustHold(t, mustPage(t, call(server, http.MethodGet, where, ""), 200), "Order 1 is confirmed", "Cable", "55.90", "Delhi", `data-events=""`)
	send(server, "key=K&store_id=2&quantity=2")
	send(server, "key=K&store_id=2&quantity=3")
	if again, other := s.drafts[1].Request, s.drafts[2].Request; again != d.Request || other.Key == d.Request.Key {
		t.Errorf("the same form is %+v, another one %+v", again, other)
	}
}

func TestAnOrderThatIsNotDecidedIsFollowed(t *testing.T) {
	t.Parallel()
	server := mustServe(t, &shop{decided: order1(order.Pending)})
	token := url.QueryEscape(server.o.Tokens.Make(orderScope, 1))
	page := mustPage(t, call(server, http.MethodGet, "/orders/1/page?token="+token, ""), 200)
	mustHold(t, page, "Order 1 is being checked", `data-events="/orders/1/events/?token=`, `<noscript><meta http-equiv="refresh" content="2"></noscript>`)
}

func TestARefusedOrderOffersOtherStores(t *testing.T) {
	t.Parallel()
	o := order1(order.Rejected)
	o.Reasons = []order.Reason{{ProductID: 10, Code: order.InsufficientStock, Requested: 5, Available: 2,
		Elsewhere: []order.Elsewhere{{StoreID: 7, City: "Pune", Available: 9, DistanceKM: 12.4}, {StoreID: 8, City: "Goa", Available: 3, DistanceKM: 400}}}}
	server := mustServe(t, &shop{decided: o})
	token := url.QueryEscape(server.o.Tokens.Make(orderScope, 1))
	page := mustPage(t, call(server, http.MethodGet, "/orders/1/page?token="+token, ""), 200)
	mustHold(t, page, "Order 1 is not possible", "You asked for 5; Delhi has 2.", "12 km", "9 in stock", `href="/products/10?quantity=5&amp;store_id=7#order"`, `href="/products/10?quantity=3&amp;store_id=8#order"`)
}

func TestBadOrderForms(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		form, header string
		status       int
		want         string
	}{
		{"key=K&quantity=1", "", 422, "Please choose a store."},
		{"key=K&store_id=2&quantity=0", "", 422, "a whole number from 1 to 9999"},
		{"key=K&store_id=2&quantity=two", "", 422, "a whole number from 1 to 9999"},
		{"store_id=2&quantity=1", "", 422, "not complete"},
		{"key=" + strings.Repeat("k", 65) + "&store_id=2&quantity=1", "", 422, "not complete"},
		{"key=%00&store_id=2&quantity=1", "", 400, "control characters"},
		{"key=K&store_id=3&quantity=1", "", 404, "There is no such store."},
		{"key=K&store_id=-3&quantity=1", "", 404, "There is no such store."},
		{"key=K&store_id=2&quantity=1&x=" + strings.Repeat("x", maxForm), "", 400, "no form of ours"},
		{"%zz", "", 400, "no form of ours"},
		{"key=K&store_id=2&quantity=1", "Sec-Fetch-Site: cross-site", 403, "own pages only"},
		{"key=K&store_id=2&quantity=1", "Origin: https://elsewhere.test", 403, "own pages only"},
	} {
		s := &shop{decided: order1(order.Confirmed)}
		headers := []string{"X-Nothing: 1"}
		if c.header != "" {
			headers = append(headers, c.header)
		}
		mustHold(t, mustPage(t, send(mustServe(t, s), c.form, headers...), c.status), c.want)
		if c.status != 404 && len(s.drafts) > 0 {
			t.Errorf("%s was placed", c.form)
		}
	}
	public := mustServe(t, &shop{decided: order1(order.Confirmed)}, func(o *Options) { o.PublicURL = "https://shop.example.com/" })
	if w := send(public, "key=K&store_id=2&quantity=1", "Origin: https://shop.example.com"); w.Code != 303 {
		t.Errorf("the form of the public address: %d %s", w.Code, w.Body)
	}
}

// Pages name only files that are there, and those stay as long as they are the same.
func TestPagesFetchNothingFromElsewhere(t *testing.T) {
	t.Parallel()
	server := mustServe(t, &shop{page: hits(1)})
	page := mustPage(t, call(server, http.MethodGet, "/", ""), 200)
	for _, bad := range []string{"<script>", " style=", "<style", " onclick", "http://", "https://", "javascript:"} {
		if strings.Contains(page, bad) {
			t.Errorf("the page holds %s", bad)
		}
	}
	for _, name := range []string{"store.css", "store.js", "icon.svg"} {
		path := page[strings.LastIndex(page[:strings.Index(page, name)], `"`)+1 : strings.Index(page, name)+len(name)]
		w := call(server, http.MethodGet, path, "")
		if w.Code != 200 || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") || w.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %d %v", path, w.Code, w.Header())
		}
		if body := w.Body.String(); strings.Contains(body, "@import") || strings.Contains(body, "url(") || strings.Contains(body, "https:") {
			t.Errorf("%s fetches from elsewhere", path)
		}
		if old := call(server, http.MethodGet, strings.Replace(path, "/assets/", "/assets/0", 1), ""); old.Code != 200 || old.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s of another version: %d %v", name, old.Code, old.Header())
		}
	}
	mustPage(t, call(server, http.MethodGet, "/assets/1/secret", ""), 404)
}
