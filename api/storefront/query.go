package storefront

import (
	"maps"
	"net/url"
	"slices"
	"strings"
)

// Names of parameters, as /api/search/products/ has them.
const (
	paramWords    = "q"
	paramCategory = "category"
	paramBrand    = "brand"
	paramStore    = "store_id"
	paramInStock  = "in_stock"
	paramLowest   = "min_price"
	paramHighest  = "max_price"
	paramNear     = "near"
	paramRadius   = "radius_km"
	paramSort     = "sort"
	paramPage     = "page"

	attributePrefix = "attr."
	lowestSuffix    = "_min"
	highestSuffix   = "_max"
)

// byDistance is an order that only a place has.
const byDistance = "distance"

var known = []string{paramWords, paramCategory, paramBrand, paramStore, paramInStock, paramLowest, paramHighest, paramNear, paramRadius, paramSort, paramPage}

// mostValues bounds how often one parameter counts; a search takes fewer.
const mostValues = 50

// Query is what a shopper asks for: the part of an address that pages keep.
type Query struct{ values url.Values }

// NewQuery keeps what is known of an address's parameters and says something. What
// would contradict something else is left out.
func NewQuery(all url.Values) Query {
	kept := url.Values{}
	for name, values := range all {
		if !slices.Contains(known, name) && !strings.HasPrefix(name, attributePrefix) {
			continue
		}
		for _, v := range values {
			if v != "" && len(kept[name]) < mostValues && !slices.Contains(kept[name], v) {
				kept.Add(name, v)
			}
		}
	}
	if kept.Get(paramStore) != "" {
		kept.Del(paramNear) // a store is nearer than a place
	}
	if kept.Get(paramNear) == "" {
		kept.Del(paramRadius)
		if kept.Get(paramSort) == byDistance {
			kept.Del(paramSort)
		}
	}
	return Query{kept}
}

func (q Query) get(name string) string { return q.values.Get(name) }

func (q Query) has(name, value string) bool {
	return slices.ContainsFunc(q.values[name], func(v string) bool { return strings.EqualFold(v, value) })
}

// with is the same query with a parameter set, on its first page; an empty value
// takes it away.
func (q Query) with(pairs ...string) Query {
	changed := url.Values{}
	for name, values := range q.values {
		if name != paramPage {
			changed[name] = slices.Clone(values)
		}
	}
	for i := 0; i < len(pairs); i += 2 {
		changed.Del(pairs[i])
		if pairs[i+1] != "" {
			changed.Set(pairs[i], pairs[i+1])
		}
	}
	return Query{changed}
}

// without is the same query without one value of a parameter.
func (q Query) without(name, value string) Query {
	changed := q.with()
	changed.values[name] = slices.DeleteFunc(changed.values[name], func(v string) bool { return strings.EqualFold(v, value) })
	if len(changed.values[name]) == 0 {
		changed.values.Del(name)
	}
	return changed
}

// Without is the same query without some parameters, on its first page.
func (q Query) Without(names ...string) Query {
	changed := q.with()
	for _, name := range names {
		changed.values.Del(name)
	}
	return changed
}

// WithoutAttributes is the same query without filters by attributes.
func (q Query) WithoutAttributes() Query {
	changed := q.with()
	maps.DeleteFunc(changed.values, func(name string, _ []string) bool { return strings.HasPrefix(name, attributePrefix) })
	return changed
}

// Address is where the results of the query are.
func (q Query) Address() string {
	if len(q.values) == 0 {
		return "/"
	}
	return "/?" + q.values.Encode()
}

// Words are what is looked for.
func (q Query) Words() string { return q.get(paramWords) }

// Near is the place around which is looked; empty: anywhere.
func (q Query) Near() string { return q.get(paramNear) }

// Radius is how far around it, in kilometres; empty: as usual.
func (q Query) Radius() string { return q.get(paramRadius) }

// InStock: only what is available.
func (q Query) InStock() bool { return q.has(paramInStock, "true") || q.has(paramInStock, "1") }

// Lowest is the lowest price asked for.
func (q Query) Lowest() string { return q.get(paramLowest) }

// Highest is the highest price asked for.
func (q Query) Highest() string { return q.get(paramHighest) }

// StoreID is the store asked for, as text.
func (q Query) StoreID() string { return q.get(paramStore) }

// ProductAddress is where a product's page is, for the shopper's store.
func (q Query) ProductAddress(id string) string {
	if q.StoreID() == "" {
		return "/products/" + id
	}
	return "/products/" + id + "?" + url.Values{paramStore: {q.StoreID()}}.Encode()
}

// Values are the query as parameters of an address.
func (q Query) Values() url.Values { return q.with(paramPage, q.get(paramPage)).values }
