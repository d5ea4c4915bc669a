package elasticsearch

import (
	"slices"
	"strings"
	"testing"

	"aforro/elastic"
	"aforro/pkg/catalog"
	"aforro/pkg/search"
)

// bodyWith is a whole request as it is sent.
func bodyWith(p search.Params) m {
	ranking, err := elastic.FindRanking("")
	if err != nil {
		panic(err)
	}
	typed := reading{ranking: &ranking, words: p.Query}
	request := body(p, typed)
	if len(p.Facets) > 0 {
		newCounting(p, 0).add(request, typed)
	}
	return request
}

// A facet's own choice holds back hits and the other facets, never the facet.
func TestEachFacetIsCountedWithoutItsOwnChoice(t *testing.T) {
	t.Parallel()
	most := catalog.Price(1000)
	p := search.Params{Sort: search.ByPrice, Brands: []string{"hp"}, Categories: []string{"ink"}, MaxPrice: &most, Facets: []string{"brand", "price", "category"}}
	p.Categories = nil
	request := bodyWith(p)
	const brand, price = `{"term":{"brand.key":"hp"}}`, `{"range":{"price":{"lte":1000}}}`
	if got := asJSON(t, request["query"]); got != `{"match_all":{}}` {
		t.Errorf("the query holds back what facets are to count: %s", got)
	}
	if got := asJSON(t, request["post_filter"]); got != `{"bool":{"filter":[`+price+`,`+brand+`]}}` {
		t.Errorf("hits pass %s", got)
	}
	aggs := request["aggs"].(m)
	for name, within := range map[string]string{"0": price, "0+": price, "1": brand, "1+": brand, "2": price + "," + brand} {
		if got := asJSON(t, aggs[name].(m)["filter"]); got != `{"bool":{"filter":[`+within+`]}}` {
			t.Errorf("facet %s is counted within %s", name, got)
		}
	}
	if aggs["2+"] != nil {
		t.Error("nothing is chosen of the category")
	}
}

// What has chosen nothing that is counted stays in the query.
func TestOtherFiltersStayInTheQuery(t *testing.T) {
	t.Parallel()
	p := search.Params{Sort: search.ByPrice, StoreID: 4, InStock: true, Facets: []string{"brand"},
		Attributes: []search.AttributeFilter{{Key: "type", Values: []string{"hdd"}}}}
	request := bodyWith(p)
	if request["post_filter"] != nil || asJSON(t, request["query"]) != asJSON(t, query(p, reading{})) {
		t.Errorf("%s", asJSON(t, request))
	}
	p.Facets = []string{search.FacetAttributes}
	if got := asJSON(t, bodyWith(p)["post_filter"]); got != `{"bool":{"filter":[{"term":{"facets":"type=hdd"}}]}}` {
		t.Errorf("with the attributes that matter hits pass %s", got)
	}
}

func TestASearchWithoutFacetsSendsNothingForThem(t *testing.T) {
	t.Parallel()
	got := keys(bodyWith(search.Params{Query: "a", Brands: []string{"hp"}, Sort: search.ByRelevance}))
	if !slices.Equal(got, []string{"_source", "query", "sort", "track_total_hits"}) {
		t.Errorf("%q", got)
	}
}

func TestWordsWithinAFacet(t *testing.T) {
	t.Parallel()
	for want, got := range map[string]m{
		`{"terms":{"field":"brand.key","include":"` + strings.ReplaceAll(wordStart, `\`, `\\`) + `d\\.e.*","size":20}}`: newCounting(
			search.Params{FacetWords: map[string]string{"brand": "d.E"}}, 0).values("brand"),
		`{"terms":{"field":"attribute_terms","include":"a\\.b\\=.*","shard_size":10000,"size":20}}`: newCounting(
			search.Params{}, 10_000).values("attr.a.b"),
	} {
		if text := asJSON(t, got); text != want {
			t.Errorf("got  %s\nwant %s", text, want)
		}
	}
}

// Ranges are few, in order, with about as many products each, and hold every one.
func TestRanges(t *testing.T) {
	t.Parallel()
	l := ladder{steps: []float64{1, 2, 5, 10, 20, 50, 100}, least: .001, unit: "kg"}
	for _, c := range []struct {
		counts []int64
		want   string
	}{
		{[]int64{0, 0, 0, 0, 0, 0, 0, 0}, ""},
		{[]int64{3, 0, 0, 0, 0, 0, 0, 0}, "under 1 kg 3"},
		{[]int64{0, 2, 0, 4, 0, 0, 0, 5}, "1 – 2 kg 2; 5 – 10 kg 4; from 100 kg 5"},
		{[]int64{1, 1, 9, 9, 9, 9, 1, 2}, "under 2 kg 2; 2 – 5 kg 9; 5 – 10 kg 9; 10 – 20 kg 9; 20 – 50 kg 9; from 50 kg 3"},
	} {
		var said []string
		for _, v := range l.ranges(c.counts) {
			said = append(said, v.Label+" "+plainNumber(float64(v.Count)))
		}
		if got := strings.Join(said, "; "); got != c.want {
			t.Errorf("%v: %s", c.counts, got)
		}
	}
	v := l.ranges([]int64{0, 1, 1, 0, 0, 0, 0, 0})[1]
	if *v.Min != 2 || *v.Max != 4.999 {
		t.Errorf("bounds %v to %v", *v.Min, *v.Max)
	}
}

// A choice that is none of the values is shown all the same.
func TestChosenValuesAreShown(t *testing.T) {
	t.Parallel()
	low := catalog.Price(1000)
	p := search.Params{Brands: []string{"hp", "none"}, MinPrice: &low, Facets: []string{"brand", "price"}}
	answer := map[string]counted{
		"0": {In: &counted{Buckets: []bucket{{"dell", 5}, {"hp", 3}}}}, "0+": {In: &counted{Buckets: []bucket{{"", 3}, {"", 0}}}},
		"1": {Buckets: make([]bucket, len(priceSteps)+1)}, "1+": {Buckets: []bucket{{"", 2}}},
	}
	answer["1"].Buckets[2].Count = 7
	facets := newCounting(p, 0).facets(answer, 9)
	if len(facets) != 2 {
		t.Fatalf("%+v", facets)
	}
	want := []search.FacetValue{{Value: "dell", Label: "dell", Count: 5}, {Value: "hp", Label: "hp", Count: 3, Selected: true}, {Value: "none", Label: "none", Selected: true}}
	if !slices.Equal(facets[0].Values, want) {
		t.Errorf("brands %+v", facets[0].Values)
	}
	if v := facets[1].Values; len(v) != 2 || v[0].Selected || v[0].Count != 7 || !v[1].Selected || v[1].Count != 2 || v[1].Label != "from 10" {
		t.Errorf("prices %+v", v)
	}
}

// What most hits have, and differ in, matters; what all share does not.
func TestAttributesThatMatter(t *testing.T) {
	t.Parallel()
	p := search.Params{Facets: []string{search.FacetAttributes}}
	facets := newCounting(p, 0).facets(map[string]counted{"0": {Buckets: []bucket{
		{"touchscreen=no", 100}, {"material=paper", 50}, {"material=wood", 50}, {"type=a", 30}, {"type=b", 30}, {"shape=round", 2}, {"shape=flat", 1},
	}}, "0#": {Buckets: []bucket{{"weight=1", 10}, {"weight=2", 10}}}}, 100)
	var fields []string
	for _, f := range facets {
		fields = append(fields, f.Field)
	}
	if !slices.Equal(fields, []string{"attr.material", "attr.type", "attr.weight"}) || facets[2].Label != elastic.FacetOf("weight").Title() || facets[2].Type != search.Range {
		t.Errorf("%+v", facets)
	}
}

func TestSpelling(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		of    spelt
		among []string
		want  string
	}{
		{spelt{"brand", "hp"}, []string{"HP"}, "HP"}, {spelt{"facets", "type=hdd"}, []string{"x=y", "type=HDD"}, "HDD"},
		{spelt{"attribute_terms", "a=b=c"}, []string{"A=B=C"}, "B=C"}, {spelt{"facets", "type=hdd"}, nil, "hdd"},
	} {
		if got := spelling(c.of, c.among); got != c.want {
			t.Errorf("%+v: %q", c.of, got)
		}
	}
}

func TestKeysOfCounts(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bucketKey{`"a=b"`: "a=b", `"5\" \u00e4"`: `5" ä`, `12`: "12", `""`: ""} {
		var k bucketKey
		if err := k.UnmarshalJSON([]byte(text)); err != nil || k != want {
			t.Errorf("%s: %q, %v", text, k, err)
		}
	}
}
