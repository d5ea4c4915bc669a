package elasticsearch

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"aforro/elastic"
	"aforro/pkg/search"
)

// facetLabels are those of the facets that every catalogue has.
var facetLabels = map[string]string{
	search.FacetBrand: "Brand", search.FacetCategory: "Category", search.FacetPrice: "Price", search.FacetStore: "Store",
}

// choice is one value that the search has chosen of a facet, and the query that
// counts it.
type choice struct {
	value search.FacetValue
	query m
}

// chosen lists the values that the search has chosen of a facet.
func (c counting) chosen(field string) []choice {
	var list []choice
	term := func(on string, values []string) {
		for _, v := range values {
			list = append(list, choice{search.FacetValue{Value: v, Label: v, Selected: true}, anyOf(on, []string{v})})
		}
	}
	switch field {
	case search.FacetBrand:
		term("brand.key", c.p.Brands)
	case search.FacetCategory:
		term("category.key", c.p.Categories)
	case search.FacetStore:
		if c.p.StoreID != 0 {
			id := strconv.FormatInt(c.p.StoreID, 10)
			list = append(list, choice{search.FacetValue{Value: id, Label: id, Selected: true}, c.ownQuery(field)})
		}
	case search.FacetPrice:
		if low, high := inUnits(c.p.MinPrice), inUnits(c.p.MaxPrice); low != nil || high != nil {
			list = append(list, choice{ladderOf(nil).choice(low, high), c.ownQuery(field)})
		}
	default:
		for _, a := range c.p.Attributes {
			if field == search.AttributePrefix+strings.ToLower(a.Key) {
				list = append(list, chosenOf(a)...)
			}
		}
	}
	return list
}

// chosenOf lists what was chosen of one attribute.
func chosenOf(a search.AttributeFilter) (list []choice) {
	f := elastic.FacetOf(a.Key)
	if f == nil || !f.Number() {
		for _, v := range a.Values {
			one := search.AttributeFilter{Key: a.Key, Values: []string{v}}
			list = append(list, choice{search.FacetValue{Value: v, Label: v, Selected: true}, attributeQuery(one)})
		}
		return list
	}
	l := ladderOf(f)
	for _, v := range a.Values {
		if n, ok := number(v); ok {
			n = thousandths(n)
			list = append(list, choice{l.choice(&n, &n), attributeQuery(search.AttributeFilter{Key: a.Key, Min: &n, Max: &n})})
		}
	}
	if a.Min != nil || a.Max != nil {
		list = append(list, choice{l.choice(a.Min, a.Max), attributeQuery(search.AttributeFilter{Key: a.Key, Min: a.Min, Max: a.Max})})
	}
	return list
}

// ownQuery is all that a facet's choice keeps.
func (c counting) ownQuery(facet string) m {
	var list []any
	for _, o := range c.own {
		if o.facet == facet {
			list = append(list, o.query)
		}
	}
	return m{"bool": m{"filter": list}}
}

// facets reads what was counted; total is how many hits there are.
func (c counting) facets(all map[string]counted, total int64) []search.Facet {
	all = c.byField(all)
	list := make([]search.Facet, 0, len(c.p.Facets))
	for _, field := range c.p.Facets {
		if field != search.FacetAttributes {
			list = append(list, c.facet(field, all))
			continue
		}
		list = append(list, c.attributesThatMatter(all, total)...)
	}
	return list
}

func (c counting) facet(field string, all map[string]counted) search.Facet {
	f := c.described(field)
	buckets := all[field].inner().Buckets
	if f.Type == search.Range {
		f.Values = rangesOf(field, buckets)
	} else {
		f.Values = termsOf(field, buckets)
	}
	counts := all[field+chosenOnes].inner().Buckets
	for i, one := range c.chosen(field) {
		if i < len(counts) {
			one.value.Count = counts[i].Count
		}
		f.Values = mark(f.Values, one.value, f.Type)
	}
	return f
}

// described is a facet without its values.
func (c counting) described(field string) search.Facet {
	f := search.Facet{Field: field, Label: facetLabels[field], Type: search.Terms}
	if field == search.FacetPrice {
		f.Type = search.Range
	}
	key, ok := strings.CutPrefix(field, search.AttributePrefix)
	if !ok {
		return f
	}
	f.Label = readable(key)
	if entry := elastic.FacetOf(key); entry != nil {
		if f.Label = entry.Title(); entry.Number() {
			f.Type = search.Range
		}
	}
	return f
}

// readable makes a label of a key that the table does not have.
func readable(key string) string {
	words := strings.Join(strings.FieldsFunc(key, func(r rune) bool { return r == '_' || r == ' ' }), " ")
	if words == "" {
		return key
	}
	first, n := utf8.DecodeRuneInString(words)
	return string(unicode.ToUpper(first)) + words[n:]
}

func termsOf(field string, buckets []bucket) []search.FacetValue {
	skip := 0
	if key, ok := strings.CutPrefix(field, search.AttributePrefix); ok {
		skip = len(key) + len("=")
	}
	values := make([]search.FacetValue, 0, len(buckets))
	for _, b := range buckets {
		if b.Count > 0 && len(b.Key) > skip {
			value := string(b.Key)[skip:]
			values = append(values, search.FacetValue{Value: value, Label: value, Count: b.Count})
		}
	}
	if field == search.FacetStore { // ids are texts in the index: among equals 9 comes before 10
		slices.SortStableFunc(values, func(a, b search.FacetValue) int {
			return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(len(a.Value), len(b.Value)), cmp.Compare(a.Value, b.Value))
		})
	}
	return values
}

func rangesOf(field string, buckets []bucket) []search.FacetValue {
	entry := facetOf(field)
	l := ladderOf(entry)
	counts := make([]int64, len(l.steps)+1)
	for i, b := range buckets {
		if entry != nil {
			step, err := strconv.Atoi(string(b.Key)[len(entry.Key)+len("="):])
			if err != nil {
				continue
			}
			i = step
		}
		if i < len(counts) {
			counts[i] = b.Count
		}
	}
	return l.ranges(counts)
}

// mark says which value was chosen; one that is not there comes at the end.
func mark(values []search.FacetValue, chosen search.FacetValue, kind search.FacetType) []search.FacetValue {
	at := slices.IndexFunc(values, func(v search.FacetValue) bool {
		return kind == search.Range && sameRange(v, chosen) || kind == search.Terms && v.Value == strings.ToLower(chosen.Value)
	})
	if at < 0 {
		return append(values, chosen)
	}
	values[at].Selected = true
	return values
}
