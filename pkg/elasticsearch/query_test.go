package elasticsearch

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"aforro/elastic"
	"aforro/pkg/catalog"
	"aforro/pkg/search"
)

func asJSON(tb testing.TB, v any) string {
	tb.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		tb.Fatal(err)
	}
	return string(text)
}

func TestFilters(t *testing.T) {
	t.Parallel()
	low, high, bottom, top := catalog.Price(100), catalog.Price(2795), 0.5, 2.0
	with := func(key string, least, most *float64, values ...string) search.Params {
		return search.Params{Attributes: []search.AttributeFilter{{Key: key, Values: values, Min: least, Max: most}}}
	}
	for _, c := range []struct {
		p    search.Params
		want string
	}{
		{search.Params{}, `{"match_all":{}}`},
		{search.Params{Categories: []string{"Toner & Ink"}}, `{"bool":{"filter":[{"term":{"category.key":"Toner \u0026 Ink"}}]}}`},
		{search.Params{MinPrice: &low}, `{"bool":{"filter":[{"range":{"price":{"gte":100}}}]}}`},
		{search.Params{MinPrice: &low, MaxPrice: &high}, `{"bool":{"filter":[{"range":{"price":{"gte":100,"lte":2795}}}]}}`},
		{search.Params{StoreID: 3}, `{"bool":{"filter":[{"term":{"stores":3}}]}}`},
		{search.Params{StoreID: 3, InStock: true}, `{"bool":{"filter":[{"term":{"stores_in_stock":3}}]}}`},
		{search.Params{InStock: true}, `{"bool":{"filter":[{"exists":{"field":"stores_in_stock"}}]}}`},
		{search.Params{Categories: []string{"a", "b"}, Brands: []string{"HP"}}, `{"bool":{"filter":[{"terms":{"category.key":["a","b"]}},{"term":{"brand.key":"HP"}}]}}`},
		{with("Colour", nil, nil, "red"), `{"bool":{"filter":[{"term":{"attribute_terms":"Colour=red"}}]}}`},
		{with("Product_Colour", nil, nil, "red", "blue"), `{"bool":{"filter":[{"terms":{"facets":["product_colour=red","product_colour=blue"]}}]}}`},
		{with("weight", &bottom, &top), `{"bool":{"filter":[{"range":{"numbers.weight":{"gte":0.5,"lte":2}}}]}}`},
		{with("weight", nil, &top, "1.50", "heavy"), `{"bool":{"filter":[{"bool":{"filter":[{"terms":{"numbers.weight":[1.5]}},{"range":{"numbers.weight":{"lte":2}}}]}}]}}`},
		{with("weight", nil, nil, "heavy"), `{"bool":{"filter":[{"match_none":{}}]}}`},
		{with("product_colour", nil, &top), `{"bool":{"filter":[{"match_none":{}}]}}`},
		{search.Params{Categories: []string{strings.Repeat("é", search.MaxAttributeKey+search.MaxFilterValue+2)}}, `{"bool":{"filter":[{"match_none":{}}]}}`},
	} {
		if got := asJSON(t, query(c.p, reading{})); got != c.want {
			t.Errorf("%+v:\n got %s\nwant %s", c.p, got, c.want)
		}
	}
}

func TestOrders(t *testing.T) {
	t.Parallel()
	for by, want := range map[search.Sort][2]string{
		search.ByRelevance: {`[{"_score":"desc"},{"id":"asc"}]`, `[{"_score":"asc"},{"id":"desc"}]`},
		search.ByPrice:     {`[{"price":"asc"},{"id":"asc"}]`, `[{"price":"desc"},{"id":"desc"}]`},
		search.ByPriceDesc: {`[{"price":"desc"},{"id":"asc"}]`, `[{"price":"asc"},{"id":"desc"}]`},
		search.ByNewest: {
			`[{"released_on":{"missing":"_last","order":"desc"}},{"id":"desc"}]`,
			`[{"released_on":{"missing":"_first","order":"asc"}},{"id":"asc"}]`,
		},
	} {
		if got := [2]string{asJSON(t, order(search.Params{Sort: by})), asJSON(t, reversed(search.Params{Sort: by}))}; got != want {
			t.Errorf("%s: %s", by, got)
		}
	}
}

// A page never reads what it does not show, and stock only for a store.
func TestWhatAPageReads(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		store int64
		want  string
	}{
		{0, `["sku","title","description","brand","category","price"]`},
		{4, `["sku","title","description","brand","category","price","stock"]`},
	} {
		if got := asJSON(t, body(search.Params{StoreID: c.store, Sort: search.ByPrice}, reading{})["_source"]); got != c.want {
			t.Errorf("store %d: %s", c.store, got)
		}
	}
	if len(hitFields) != 6 {
		t.Errorf("a request changed the shared list: %v", hitFields)
	}
}

func TestWordsAreLookedAtOneByOne(t *testing.T) {
	t.Parallel()
	for q, want := range map[string]string{
		"pritner": "pritner", "a b A  b": "a b", "  ": "", "x-1/2 (y)": "x-1/2 y", "cafe\u0301 o'neil": "cafe\u0301 o'neil", "- 15.6\"": "15.6",
	} {
		if got := strings.Join(splitWords(q, mostWords), " "); got != want {
			t.Errorf("%.20q: %q, want %q", q, got, want)
		}
	}
	if words := splitWords("a b c d", 3); len(words) != 3 {
		t.Errorf("%d words", len(words))
	}
}

// The index must allow for the window that pages are read in.
func TestTheWindowIsTheIndexs(t *testing.T) {
	t.Parallel()
	if got := elastic.Define().Settings["index"].(m)["max_result_window"]; got != float64(window) {
		t.Errorf("max_result_window is %v, window %d", got, window)
	}
	if window < stride {
		t.Error("a stride must fit into the window")
	}
}

// Every field of the mappings but those that are copied to is rendered, and none other: the
// mapping is strict, so another would have each document refused.
func TestWhatIsRenderedIsWhatIsMapped(t *testing.T) {
	t.Parallel()
	day := time.Date(2020, 2, 29, 0, 0, 0, 0, time.UTC)
	full := search.Document{
		ID: 1, SKU: "s", Title: "Brother toner cartridge", Description: "d", Brand: "b", Category: "c", Price: 1, GTIN: "1", ImageURL: "https://x",
		ReleasedOn: &day, Attributes: json.RawMessage(`{"weight": 5}`), Stock: []search.Stock{{StoreID: 1, Quantity: 1}},
	}
	mapped := map[search.Part]m{
		search.Products: elastic.Define().Mappings["properties"].(m), search.Titles: elastic.Define().Titles["properties"].(m),
	}
	for _, part := range search.Parts {
		rendered := mustRender[map[string]json.RawMessage](t, &full, part)
		if got, want := keys(rendered), slices.DeleteFunc(keys(mapped[part]), func(k string) bool { return k == "everything" || k == "typed" }); !slices.Equal(got, want) {
			t.Errorf("%s: rendered %v\nmapped   %v", part, got, want)
		}
	}
	rendered := mustRender[struct{ Attributes []map[string]any }](t, &full, search.Products)
	if got, want := keys(rendered.Attributes[0]), keys(mapped[search.Products]["attributes"].(m)["properties"].(m)); !slices.Equal(got, want) {
		t.Errorf("an attribute has %v, its mapping %v", got, want)
	}
}

func mustRender[T any](tb testing.TB, doc *search.Document, part search.Part) (rendered T) {
	tb.Helper()
	text, err := new(Client).Render(doc, part)
	if err != nil {
		tb.Fatal(err)
	}
	if err := json.Unmarshal(text, &rendered); err != nil {
		tb.Fatal(err)
	}
	return rendered
}

func keys[V any](of map[string]V) []string {
	var list []string
	for k := range of {
		list = append(list, k)
	}
	slices.Sort(list)
	return list
}

func TestOddAttributes(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		`{}`: `[]`, `{"a": null}`: `[]`, `{"a": true, "b": false}`: `[{"key":"a","value":"true"},{"key":"b","value":"false"}]`,
		`{"a": ""}`: `[{"key":"a","value":""}]`, `{"": "x"}`: `[{"key":"","value":"x"}]`,
		`{"a": {"b": [1, 2]}}`: `[{"key":"a","value":"{\"b\": [1, 2]}"}]`, `{"a": [1,"x"]}`: `[{"key":"a","value":"[1,\"x\"]"}]`,
		`{"a": 1e999}`: `[{"key":"a","value":"1e999"}]`, `{"a": 123456789012345678901234567890}`: `[{"key":"a","value":"123456789012345678901234567890","number":1.2345678901234568e+29}]`,
		`{"a": "5.5"}`: `[{"key":"a","value":"5.5","number":5.5}]`, `{"a": "NaN", "b": "Infinity", "c": "0x10"}`: `[{"key":"a","value":"NaN"},{"key":"b","value":"Infinity"},{"key":"c","value":"0x10"}]`,
		`{"a": "0x1p4"}`: `[{"key":"a","value":"0x1p4"}]`, `{"b": -0.5, "a": "1_000", "c": "1x0"}`: `[{"key":"b","value":"-0.5","number":-0.5},{"key":"a","value":"1_000"},{"key":"c","value":"1x0"}]`,
	} {
		list, err := attributes(json.RawMessage(raw))
		if err != nil {
			t.Fatal(err)
		}
		if got := string(appendList(nil, list, appendAttribute)); got != want {
			t.Errorf("%s:\n got %s\nwant %s", raw, got, want)
		}
	}
}

func TestBestTitlesFirst(t *testing.T) {
	t.Parallel()
	want := []string{"a", "B", "aa", "Äb", "bbb"}
	for range 50 {
		titles := []string{"bbb", "B", "b", "a", "aa", "AA", "Aa", "Äb", "known"}
		rand.Shuffle(len(titles), func(i, j int) { titles[i], titles[j] = titles[j], titles[i] })
		before := slices.Clone(titles)
		got := best(titles, "KNOWN")
		if !slices.EqualFunc(got, want, strings.EqualFold) || got[1] != "B" || got[2] != "AA" {
			t.Fatalf("%q, want %q", got, want)
		}
		if !slices.Equal(before, titles) {
			t.Fatal("the caller's list was changed")
		}
	}
}

// Searches for the same words go to the same copies of the shards, also when
// they are in other case, as they are the same to the index.
func TestPreferenceHangsOnTheSearch(t *testing.T) {
	t.Parallel()
	one := preference(search.Params{Query: "Laptop", Page: 1})
	if two := preference(search.Params{Query: "laptop", Page: 7}); one != two {
		t.Errorf("%s and %s", one, two)
	}
	seen := map[string]bool{}
	for i := range int64(200) {
		seen[preference(search.Params{StoreID: i})] = true
		seen[preference(search.Params{Brands: []string{strconv.FormatInt(i, 10)}})] = true
	}
	if len(seen) < 30 {
		t.Errorf("only %d preferences", len(seen))
	}
}
