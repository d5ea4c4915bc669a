package api

import (
	"net/http"
	"testing"
	"time"

	"aforro/pkg/search"
)

const richPath = "/api/search/suggest/?format=rich&q=can"

// richShop offers one suggestion of each type.
func richShop() *shop {
	return &shop{rich: []search.Suggestion{
		{Type: search.SuggestQuery, Text: "canon lens", Completed: "can<em>on lens</em>"},
		{Type: search.SuggestBrand, Text: "Canon", Completed: "Can<em>on</em>"},
		{Type: search.SuggestProduct, Text: "Canon <EOS>", Completed: "Can<em>on &lt;EOS&gt;</em>", ID: 10},
	}, live: map[int64]search.Live{10: {Price: 2795, Carried: true, Quantity: 0, InStock: true}}}
}

const richNames = `[{"type":"query","text":"canon lens","completed":"can<em>on lens</em>","id":null,"price":null,"in_stock":null},` +
	`{"type":"brand","text":"Canon","completed":"Can<em>on</em>","id":null,"price":null,"in_stock":null}`

func richProduct(price, inStock string) string {
	return `,{"type":"product","text":"Canon <EOS>","completed":"Can<em>on &lt;EOS&gt;</em>","id":10,"price":"` + price + `","in_stock":` + inStock + `}`
}

func TestRichSuggestions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, query, want string
		live              map[int64]search.Live
	}{
		{"anywhere", "", richNames + richProduct("27.95", "true") + "]", nil},
		{"sold out there", "&store_id=2", richNames + richProduct("27.95", "false") + "]", nil},
		{"there", "&store_id=2", richNames + richProduct("1.00", "true") + "]", map[int64]search.Live{10: {Price: 100, Carried: true, Quantity: 1}}},
		{"not carried any more", "&store_id=2", richNames + "]", map[int64]search.Live{10: {Price: 100}}},
		{"not sold any more", "", richNames + "]", map[int64]search.Live{}},
	} {
		s := richShop()
		if c.live != nil {
			s.live = c.live
		}
		w := call(mustServe(t, s), http.MethodGet, richPath+c.query, "")
		if w.Code != 200 || w.Body.String() != c.want || w.Header().Get("Cache-Control") != "no-cache" || w.Header().Get("ETag") == "" {
			t.Errorf("%s: %d %s %v", c.name, w.Code, w.Body, w.Header())
		}
	}
	empty := call(mustServe(t, &shop{}), http.MethodGet, richPath, "")
	if empty.Code != 200 || empty.Body.String() != "[]" {
		t.Errorf("nothing: %d %s", empty.Code, empty.Body)
	}
	mustProblem(t, call(mustServe(t, &shop{}), http.MethodGet, "/api/search/suggest/?q=can&format=poor", ""), 400, "query.format")
}

// Without the database the index is believed, which is said and kept by nobody.
func TestRichSuggestionsWithoutTheDatabase(t *testing.T) {
	t.Parallel()
	s := richShop()
	s.liveErr, s.indexed = errAway, map[int64]search.Live{10: {Price: 999, InStock: true}}
	w := call(mustServe(t, s), http.MethodGet, richPath, "")
	if w.Body.String() != richNames+richProduct("9.99", "true")+"]" || w.Header().Get("X-Aforro-Stale") != "true" ||
		w.Header().Get("Cache-Control") != "no-store" || len(s.kept) != 0 {
		t.Errorf("%s %v, %d kept", w.Body, w.Header(), len(s.kept))
	}
}

// A kept answer goes as soon as a product on it changes, and is another one than
// that of titles.
func TestRichSuggestionsAreCached(t *testing.T) {
	t.Parallel()
	s := richShop()
	s.titles, s.age = []string{"Canon"}, 9*time.Second
	server := mustServe(t, s)
	s.hear(1, 5)
	for i, want := range []struct {
		target, header, age string
		asked               int
	}{
		{richPath, "X: y", "", 1}, {"/api/search/suggest/?format=rich&q=CAN+", "X: y", "9", 1}, {richPath, "Cache-Control: no-cache", "", 2},
		{richPath + "&store_id=2", "X: y", "", 3}, {"/api/search/suggest/?q=can", "X: y", "", 4},
	} {
		w := call(server, http.MethodGet, want.target, "", want.header)
		if w.Code != 200 || w.Header().Get("Age") != want.age || len(s.typed) != want.asked {
			t.Errorf("%d: %d %v, asked %d", i, w.Code, w.Header(), len(s.typed))
		}
	}
	s.hear(2, 6, 11)
	if w := call(server, http.MethodGet, richPath, ""); w.Header().Get("Age") != "9" {
		t.Errorf("another product changed: %v", w.Header())
	}
	s.hear(3, 7, 10)
	if w := call(server, http.MethodGet, richPath, ""); w.Header().Get("Age") != "" {
		t.Errorf("it is kept although a product changed: %v", w.Header())
	}
}
