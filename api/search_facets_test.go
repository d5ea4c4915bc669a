package api

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"aforro/pkg/search"
)

func TestBadFacetsAndPlaces(t *testing.T) {
	t.Parallel()
	server := mustServe(t, &shop{page: hits(25)})
	for query, location := range map[string]string{
		"facets=colour": "query.facets", "facets=attr.": "query.facets", "facets=attr.a" + strings.Join(numbers(21), ",attr."): "query.facets",
		"facet_q.brand=d":                                        "query.facet_q.brand",
		"facets=price&facet_q.price=1":                           "query.facet_q.price",
		"facets=attr.weight&facet_q.attr.weight=1":               "query.facet_q.attr.weight",
		"facets=brand&facet_q.brand=" + strings.Repeat("x", 101): "query.facet_q.brand",
		"near=here": "query.near", "near=91,0": "query.near", "near=0,181": "query.near", "near=NaN,0": "query.near", "near=1": "query.near", "near=1,2,3": "query.near",
		"near=1,2&radius_km=0": "query.radius_km", "near=1,2&radius_km=1001": "query.radius_km", "near=1,2&radius_km=NaN": "query.radius_km", "radius_km=5": "query.radius_km",
		"sort=distance": "query.sort", "near=1,2&store_id=2": "query.near",
	} {
		mustProblem(t, call(server, http.MethodGet, searchPath+"?"+query, ""), 400, location)
	}
}

func TestWhatIsCounted(t *testing.T) {
	t.Parallel()
	s := &shop{page: hits(25)}
	server := mustServe(t, s)
	for _, query := range []string{"facets=attr.b,price&facets=BRAND,,attr.a,price&facet_q.Brand=De", "facets=brand,price,attr.a,attr.b&facet_q.brand=de"} {
		if w := call(server, http.MethodGet, searchPath+"?"+query, ""); w.Code != 200 {
			t.Fatalf("%s: %s", query, w.Body)
		}
	}
	if len(s.asked) != 1 {
		t.Fatalf("the same facets in another order are another search: %+v", s.asked)
	}
	if p := s.asked[0]; !slices.Equal(p.Facets, []string{"brand", "price", "attr.a", "attr.b"}) || p.FacetWords["brand"] != "de" || len(p.FacetWords) != 1 {
		t.Errorf("asked for %q, %q", p.Facets, p.FacetWords)
	}
}

func TestFacetsInTheAnswer(t *testing.T) {
	t.Parallel()
	low, high := 10.0, 19.99
	page := hits(1)
	page.Facets = []search.Facet{
		{Field: "brand", Label: "Brand", Type: search.Terms, Values: []search.FacetValue{{Value: "H&P", Label: "H&P", Count: 3, Selected: true}}},
		{Field: "price", Label: "Price", Type: search.Range, Values: []search.FacetValue{{Label: "10 – 20", Min: &low, Max: &high, Count: 2}, {Label: "from 10", Min: &low}}},
		{Field: "store", Label: "Store", Type: search.Terms, Values: []search.FacetValue{{Value: "2", Label: "2", Count: 1}, {Value: "3", Label: "3", Count: 1}}},
	}
	const want = `,"facets":[{"field":"brand","label":"Brand","type":"terms","values":[{"value":"H&P","label":"H&P","count":3,"selected":true}]},` +
		`{"field":"price","label":"Price","type":"range","values":[{"value":[10,19.99],"label":"10 – 20","count":2,"selected":false},{"value":[10,null],"label":"from 10","count":0,"selected":false}]},` +
		`{"field":"store","label":"Store","type":"terms","values":[{"value":"2","label":"A, Delhi","count":1,"selected":false}]}]}`
	s := &shop{page: page}
	server := mustServe(t, s)
	const target = searchPath + "?facets=brand,price,store&facet_q.store=del"
	for range 2 { // made, then from the cache
		if w := call(server, http.MethodGet, target, ""); !strings.HasSuffix(w.Body.String(), want) {
			t.Errorf("got %s", w.Body)
		}
	}
	if s.age = facetsFresh + time.Second; call(server, http.MethodGet, target, "").Code != 200 || len(s.asked) != 2 {
		t.Errorf("counts of %s ago are shown: the engine was asked %d times", s.age, len(s.asked))
	}
	s.page = hits(1)
	for range 2 {
		call(server, http.MethodGet, searchPath, "")
	}
	if len(s.asked) != 3 {
		t.Errorf("a page without counts is asked for anew: the engine was asked %d times", len(s.asked))
	}
}

func TestNear(t *testing.T) {
	t.Parallel()
	s := &shop{page: hits(1)}
	server := mustServe(t, s)
	w := call(server, http.MethodGet, searchPath+"?near=18.51999,+73.85701&radius_km=5&sort=distance", "")
	if w.Code != 200 || !strings.Contains(w.Body.String(), `"nearest":{"store_id":2,"city":"Delhi","distance_km":0,"quantity":1}`) {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	n := s.asked[0].Near
	if n.Latitude != 18.52 || n.Longitude != 73.857 || n.RadiusKM != 5 || !slices.Equal(n.IDs(), []int64{2}) || s.asked[0].Sort != search.ByDistance {
		t.Errorf("%+v", n)
	}
	call(server, http.MethodGet, searchPath+"?near=18.52,73.857&radius_km=5.0&sort=distance", "")
	call(server, http.MethodGet, searchPath+"?near=18.52,73.857&radius_km=6&sort=distance", "")
	if len(s.asked) != 2 {
		t.Errorf("the engine was asked %d times", len(s.asked))
	}
}

func TestWordsOfStores(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{"Shop, Pune": true, "Pune": true, "(pune)": true, "Impune": false, "": false} {
		if hasWord(text, "pun") != want {
			t.Errorf("%q: %t", text, !want)
		}
	}
}
