package api

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"aforro/pkg/order"
)

// bearable reports whether an odd request was answered as it may be: refused
// or served, never with a fault of ours.
func bearable(w *httptest.ResponseRecorder) bool {
	said := w.Header().Get("Content-Type")
	return w.Code < 500 && (w.Code < 400 || said == "application/problem+json" || said == "text/html; charset=utf-8")
}

func FuzzTargets(f *testing.F) {
	for _, path := range []string{searchPath, "/api/search/suggest/", "/stores/2/orders/", "/stores/2/inventory/", "/orders/1/", "/api/products/10/", "/", "/results/",
		"/products/10/", "/orders/1/page/", "/assets/1/store.css/", "*", ""} {
		for _, query := range []string{"", "q=laptop&page=last", "q=%00%ff", "q=a&q=b;c", "page=NaN&page_size=1e9", "min_price=Infinity", "limit=-0&before=+1",
			"after=AAAA", "store_id=99999999999999999999", "cursor=start", "&&=&=", "%", "token=🙂"} {
			f.Add(http.MethodGet, path, query)
		}
	}
	f.Add("BREW", "/stores/\x00/orders", "q")
	f.Add(http.MethodHead, "/orders/99999999999999999999", "token=x")
	server := mustServe(f, &shop{page: hits(25), titles: []string{"Canon"}, decided: order.Order{ID: 1, Status: order.Confirmed}})
	f.Fuzz(func(t *testing.T, method, path, query string) {
		if w := call(server, method, path+"?"+query, ""); !bearable(w) {
			t.Errorf("%q %q %q: %d %s", method, path, query, w.Code, w.Body)
		}
	})
}

func FuzzOrderBodies(f *testing.F) {
	for _, body := range []string{twoCables, `{}`, `[]`, `{"store_id": 2, "items": [{"product_id": 10, "quantity": 1e999}]}`, "\x00", "\xff", `{"items":[[[]]]}`,
		`{"store_id": -0, "items": [{"product_id": 10, "quantity": 01}]}`, `{"store_id": 2, "store_id": 3, "items": [null, 1, {}]}`} {
		f.Add(body)
	}
	server := mustServe(f, &shop{decided: order.Order{ID: 1, Status: order.Confirmed}})
	f.Fuzz(func(t *testing.T, body string) {
		if w := call(server, http.MethodPost, "/orders/", body); !bearable(w) {
			t.Errorf("%q: %d %s", body, w.Code, w.Body)
		}
	})
}
