package api

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"aforro/pkg/search"
)

func TestRelatedProducts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ path, query string }{{"similar", "like Cable"}, {"accessories", "for Cable"}} {
		s := &shop{page: search.Page{Hits: []search.Hit{{ID: 11, Title: "Cable <b>", Price: 100}}}}
		server := mustServe(t, s)
		got := call(server, http.MethodGet, "/api/products/10/"+c.path+"/?limit=3&store_id=2&in_stock=true", "")
		var body struct{ Results []map[string]any }
		if err := json.Unmarshal(got.Body.Bytes(), &body); err != nil || got.Code != http.StatusOK || len(body.Results) != 0 {
			// The shop's live reading says 0 in store 2: what has sold out is not shown.
			t.Errorf("%s: %d %s (%v)", c.path, got.Code, got.Body, err)
		}
		if p := s.asked[0]; p.Query != c.query || p.PageSize != 3 || p.StoreID != 2 || !p.InStock {
			t.Errorf("%s: the engine was asked %+v", c.path, p)
		}
		got = call(server, http.MethodGet, "/api/products/10/"+c.path+"/", "")
		if !strings.Contains(got.Body.String(), `"title":"Cable`) || !strings.Contains(got.Body.String(), `"price":"1.00"`) {
			t.Errorf("%s: %s", c.path, got.Body)
		}
		for path, status := range map[string]int{"/api/products/11/": 404, "/api/products/x/": 404, "/api/products/10/": 400} {
			if got := call(server, http.MethodGet, path+c.path+"/?limit=51", ""); got.Code != status && !(status == 404 && got.Code == 400) {
				t.Errorf("%s%s: %d, want %d", path, c.path, got.Code, status)
			}
		}
	}
}

func TestFieldsHighlightAndCollapseAreAsked(t *testing.T) {
	t.Parallel()
	s := &shop{page: search.Page{Count: 1, Hits: []search.Hit{{ID: 10, Title: "Cable", Price: 100, SKU: "x", Variants: 3, Highlight: map[string]string{"title": "<em>Cable</em>"}}}}}
	server := mustServe(t, s)
	got := call(server, http.MethodGet, "/api/search/products/?q=cable&fields=price,title&highlight=true&collapse=variants", "")
	want := `"results":[{"highlight":{"title":"<em>Cable</em>"},"id":10,"price":"1.00","title":"Cable","variants":3}]`
	if !strings.Contains(got.Body.String(), want) {
		t.Errorf("%s, want %s", got.Body, want)
	}
	if p := s.asked[0]; !p.Highlight || !p.Collapse || strings.Join(p.Fields, ",") != "title,price" {
		t.Errorf("the engine was asked %+v", p)
	}
	for _, query := range []string{"fields=colour", "fields=,", "highlight=maybe", "collapse=all", "collapse=variants&cursor=start"} {
		if got := call(server, http.MethodGet, "/api/search/products/?"+query, ""); got.Code != http.StatusBadRequest {
			t.Errorf("%s: %d", query, got.Code)
		}
	}
}
