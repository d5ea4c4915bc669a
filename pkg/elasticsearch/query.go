package elasticsearch

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"aforro/pkg/catalog"
	"aforro/pkg/search"
)

// hitFields are what a result shows; nothing else of a document is read.
var hitFields = []string{"sku", "title", "description", "brand", "category", "price"}

// filters are the clauses that keep or drop products without scoring them.
func filters(p search.Params) []any {
	var list []any
	if utf8.RuneCountInString(p.Category) > catalog.MaxCategory {
		// No category is that long, and Elasticsearch refuses endless terms.
		return []any{m{"match_none": m{}}}
	}
	if p.Category != "" {
		list = append(list, m{"term": m{"category.key": p.Category}})
	}
	if p.MinPrice != nil || p.MaxPrice != nil {
		bounds := m{}
		if p.MinPrice != nil {
			bounds["gte"] = int64(*p.MinPrice)
		}
		if p.MaxPrice != nil {
			bounds["lte"] = int64(*p.MaxPrice)
		}
		list = append(list, m{"range": m{"price": bounds}})
	}
	if p.StoreID != 0 {
		list = append(list, m{"term": m{"stores": p.StoreID}})
	}
	switch {
	case p.InStock && p.StoreID != 0:
		list = append(list, m{"term": m{"stores_in_stock": p.StoreID}})
	case p.InStock:
		list = append(list, m{"exists": m{"field": "stores_in_stock"}})
	}
	return list
}

// query is filters and, where there are words, relevance. Where results are
// sorted by something else the words still decide what is found.
func query(p search.Params, r reading) m {
	clauses := m{}
	if list := filters(p); len(list) > 0 {
		clauses["filter"] = list
	}
	if p.Query != "" {
		clauses["must"] = []any{relevance(r, p.Explain)}
	}
	if len(clauses) == 0 {
		return m{"match_all": m{}}
	}
	return m{"bool": clauses}
}

// order is the sort of a search. Every order ends with the id, so that pages
// neither repeat nor skip.
func order(s search.Sort) []any {
	byID := m{"id": "asc"}
	switch s {
	case search.ByPrice:
		return []any{m{"price": "asc"}, byID}
	case search.ByPriceDesc:
		return []any{m{"price": "desc"}, byID}
	case search.ByNewest:
		return []any{m{"released_on": m{"order": "desc", "missing": "_last"}}, m{"id": "desc"}}
	}
	return []any{m{"_score": "desc"}, byID}
}

// reversed is order from the other end.
func reversed(s search.Sort) []any {
	byID := m{"id": "desc"}
	switch s {
	case search.ByPrice:
		return []any{m{"price": "desc"}, byID}
	case search.ByPriceDesc:
		return []any{m{"price": "asc"}, byID}
	case search.ByNewest:
		return []any{m{"released_on": m{"order": "asc", "missing": "_first"}}, m{"id": "asc"}}
	}
	return []any{m{"_score": "asc"}, byID}
}

// body is a whole search request without its place in the list of results.
func body(p search.Params, r reading) m {
	fields := hitFields
	if p.StoreID != 0 {
		fields = append(fields[:len(fields):len(fields)], "stock")
	}
	request := m{"query": query(p, r), "sort": order(p.Sort), "_source": fields, "track_total_hits": true}
	if p.Explain {
		request["track_scores"] = true
	}
	return request
}

// covered asks whether coverage finds anything under the filters.
func covered(p search.Params) m {
	all := append(filters(p), everywhere(p.Query))
	return m{"query": m{"bool": m{"filter": all}}, "size": 0, "terminate_after": 1, "track_total_hits": 1}
}

// preference keeps the pages of one query on the same copy of each shard, whose
// scores differ slightly between copies. When the node of that copy dies the same
// preference leads all to another one.
func preference(p search.Params) string {
	var h uint32 = 2166136261 // FNV-1a
	for _, part := range []string{strings.ToLower(p.Query), p.Category, strconv.FormatInt(p.StoreID, 10)} {
		for i := range len(part) {
			h = (h ^ uint32(part[i])) * 16777619
		}
	}
	return "q" + strconv.FormatUint(uint64(h%64), 10)
}
