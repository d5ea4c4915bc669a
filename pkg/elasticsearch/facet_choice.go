package elasticsearch

import (
	"cmp"
	"slices"
	"strings"

	"aforro/elastic"
	"aforro/pkg/search"
)

// weighed is a facet with what it tells of the hits.
type weighed struct {
	search.Facet
	weight float64
}

const (
	// mostAttributes is how many attributes are chosen unasked.
	mostAttributes = 8
	// leastCoverage is the share of the hits that must have an attribute.
	leastCoverage = .05
)

// attributesThatMatter are those with a choice, then those that most hits have,
// with different values: coverage times the chance that two products differ.
func (c counting) attributesThatMatter(all map[string]counted, total int64) []search.Facet {
	var list []search.Facet
	for _, field := range c.fields() {
		if facetOf(field) != nil && !slices.Contains(c.p.Facets, field) {
			list = append(list, c.facet(field, all))
		}
	}
	byKey := map[string][]bucket{}
	texts, numbers := all[search.FacetAttributes].inner().Buckets, all[search.FacetAttributes+stepsOfAll].inner().Buckets
	for _, b := range slices.Concat(texts, numbers) {
		key, _, _ := strings.Cut(string(b.Key), "=")
		byKey[key] = append(byKey[key], b)
	}
	var found []weighed
	for _, entry := range elastic.Facets() {
		field := search.AttributePrefix + entry.Key
		if _, counted := all[field]; !counted && len(byKey[entry.Key]) > 0 {
			found = append(found, c.weigh(field, byKey[entry.Key], total))
		}
	}
	slices.SortStableFunc(found, func(a, b weighed) int { return cmp.Compare(b.weight, a.weight) })
	for _, f := range found {
		if len(list) < mostAttributes && f.weight > 0 {
			list = append(list, f.Facet)
		}
	}
	return list
}

func (c counting) weigh(field string, buckets []bucket, total int64) weighed {
	f := weighed{Facet: c.facet(field, map[string]counted{field: {Buckets: buckets}})}
	var sum, squares float64
	for _, v := range f.Values {
		sum, squares = sum+float64(v.Count), squares+float64(v.Count)*float64(v.Count)
	}
	if coverage := sum / float64(max(1, total)); len(f.Values) > 1 && coverage >= leastCoverage {
		f.weight = coverage * (1 - squares/(sum*sum))
	}
	f.Values = f.Values[:min(len(f.Values), mostValues)]
	return f
}
