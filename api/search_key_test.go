package api

import (
	"net/http"
	"reflect"
	"testing"

	"aforro/pkg/catalog"
	"aforro/pkg/search"
)

func TestRequestsThatMeanTheSameHaveOneKey(t *testing.T) {
	t.Parallel()
	s := &shop{page: hits(25)}
	server := mustServe(t, s)
	for _, same := range [][]string{
		{"q=a&min_price=10", "min_price=10.00&q=a", "q=+A++&min_price=10.0&page=1&page_size=10&sort=relevance&in_stock=0&store_id=", "q=a&colour=red&min_price=10"},
		{"q=dell+laptop", "q=Dell++LAPTOP", "q=dell%09laptop"},
		{"category=Notebooks&in_stock=true", "in_stock=1&category=NOTEBOOKS", "in_stock=TRUE&category=+notebooks"},
		{"", "sort=newest", "page=1"},
	} {
		s.kept, s.asked = map[string][]byte{}, nil
		for _, query := range same {
			call(server, http.MethodGet, searchPath+"?"+query, "")
		}
		if len(s.kept) != 1 || len(s.asked) != 1 {
			t.Errorf("%q: %d keys, %d searches", same, len(s.kept), len(s.asked))
		}
	}
}

// Whatever else a search is asked, the answer may be another one.
func TestEveryParameterIsInTheKey(t *testing.T) {
	t.Parallel()
	price, number := catalog.Price(5), 2.5
	values := map[string]any{
		"Query": "a", "Categories": []string{"c"}, "Brands": []string{"b"}, "MinPrice": &price, "MaxPrice": &price, "StoreID": int64(2), "InStock": true,
		"Sort": search.ByPrice, "Page": 2, "PageSize": 20, "Cursor": "c", "Near": &search.Near{Latitude: 1}, "Facets": []string{"brand"},
		"Attributes": []search.AttributeFilter{{Key: "k", Min: &number}}, "FacetWords": map[string]string{"brand": "h"},
		"Fields": []string{"title"}, "Highlight": true, "Explain": true, "Collapse": true,
	}
	seen := map[string]string{searchKey(search.Params{}): "nothing"}
	for i := range reflect.TypeFor[search.Params]().NumField() {
		var p search.Params
		name := reflect.TypeFor[search.Params]().Field(i).Name
		value, known := values[name]
		if !known {
			t.Errorf("give the new parameter %s a value here", name)
			continue
		}
		reflect.ValueOf(&p).Elem().Field(i).Set(reflect.ValueOf(value))
		key := searchKey(p)
		if other, taken := seen[key]; taken {
			t.Errorf("%s and %s have one key", name, other)
		}
		seen[key] = name
	}
}

func TestSetsHaveNoOrder(t *testing.T) {
	t.Parallel()
	a := search.Params{Brands: []string{"HP", "dell", "hp"}, Attributes: []search.AttributeFilter{{Key: "b", Values: []string{"2", "1"}}, {Key: "a", Values: []string{"X"}}}}
	b := search.Params{Brands: []string{"Dell", "HP"}, Attributes: []search.AttributeFilter{{Key: "a", Values: []string{"x"}}, {Key: "b", Values: []string{"1", "2"}}}}
	if searchKey(a) != searchKey(b) {
		t.Error("the order of a set's members makes another key")
	}
	if a.Brands[0] != "HP" || a.Attributes[0].Key != "b" || a.Attributes[0].Values[0] != "2" {
		t.Error("making a key changes the search")
	}
}
