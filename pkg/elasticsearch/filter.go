package elasticsearch

import (
	"strings"
	"unicode/utf8"

	"aforro/elastic"
	"aforro/pkg/search"
)

// condition keeps or drops products without scoring them.
type condition struct {
	// facet is the one whose choice it is; empty: none's.
	facet string
	query m
}

// conditions are all that a search keeps products by.
func conditions(p search.Params) []condition {
	var list []condition
	add := func(facet string, query m) { list = append(list, condition{facet, query}) }
	if len(p.Categories) > 0 {
		add(search.FacetCategory, anyOf("category.key", p.Categories))
	}
	if p.MinPrice != nil || p.MaxPrice != nil {
		bounds := m{}
		if p.MinPrice != nil {
			bounds["gte"] = int64(*p.MinPrice)
		}
		if p.MaxPrice != nil {
			bounds["lte"] = int64(*p.MaxPrice)
		}
		add(search.FacetPrice, m{"range": m{"price": bounds}})
	}
	switch {
	case p.InStock && p.StoreID != 0: // what a store has it carries
		add(search.FacetStore, m{"term": m{"stores_in_stock": p.StoreID}})
	case p.StoreID != 0:
		add(search.FacetStore, m{"term": m{"stores": p.StoreID}})
	case p.InStock:
		add("", m{"exists": m{"field": "stores_in_stock"}})
	}
	if p.Near != nil {
		add("", nearQuery(p.Near))
	}
	if len(p.Brands) > 0 {
		add(search.FacetBrand, anyOf("brand.key", p.Brands))
	}
	for _, a := range p.Attributes {
		add(search.AttributePrefix+strings.ToLower(a.Key), attributeQuery(a))
	}
	return list
}

// filters are the queries of all conditions.
func filters(p search.Params) []any {
	var list []any
	for _, c := range conditions(p) {
		list = append(list, c.query)
	}
	return list
}

// anyOf keeps what has one of the values. What is longer than any value is no
// value, and Elasticsearch refuses endless terms.
func anyOf(field string, values []string) m {
	var terms []string
	for _, v := range values {
		if utf8.RuneCountInString(v) <= search.MaxAttributeKey+1+search.MaxFilterValue {
			terms = append(terms, v)
		}
	}
	switch len(terms) {
	case 0:
		return m{"match_none": m{}}
	case 1:
		return m{"term": m{field: terms[0]}}
	}
	return m{"terms": m{field: terms}}
}

// attributeQuery keeps products by an attribute: one of the values, and within
// the bounds. Only numbers of the table have bounds.
func attributeQuery(a search.AttributeFilter) m {
	facet := elastic.FacetOf(a.Key)
	var all []any
	if len(a.Values) > 0 {
		all = append(all, hasValue(facet, a))
	}
	if a.Min != nil || a.Max != nil {
		all = append(all, withinBounds(facet, a))
	}
	if len(all) == 1 {
		return all[0].(m)
	}
	return m{"bool": m{"filter": all}}
}

func hasValue(facet *elastic.Facet, a search.AttributeFilter) m {
	field, key := "attribute_terms", a.Key
	switch {
	case facet != nil && facet.Number():
		return hasNumber(facet, a.Values)
	case facet != nil:
		field, key = "facets", facet.Key
	}
	terms := make([]string, len(a.Values))
	for i, v := range a.Values {
		terms[i] = key + "=" + v
	}
	return anyOf(field, terms)
}

// hasNumber compares values as numbers: 15.60 is 15.6.
func hasNumber(facet *elastic.Facet, values []string) m {
	var numbers []float64
	for _, v := range values {
		if n, ok := number(v); ok {
			numbers = append(numbers, thousandths(n))
		}
	}
	if len(numbers) == 0 {
		return m{"match_none": m{}}
	}
	return m{"terms": m{"numbers." + facet.Key: numbers}}
}

func withinBounds(facet *elastic.Facet, a search.AttributeFilter) m {
	if facet == nil || !facet.Number() {
		return m{"match_none": m{}}
	}
	bounds := m{}
	if a.Min != nil {
		bounds["gte"] = *a.Min
	}
	if a.Max != nil {
		bounds["lte"] = *a.Max
	}
	return m{"range": m{"numbers." + facet.Key: bounds}}
}
