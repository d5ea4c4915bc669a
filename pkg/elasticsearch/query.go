package elasticsearch

import (
	"strconv"
	"strings"

	"aforro/pkg/search"
)

// hitFields are what a result shows; nothing else of a document is read.
var hitFields = []string{"sku", "title", "description", "brand", "category", "price"}

// query is filters and, where there are words, relevance. Where results are
// sorted by something else the words still decide what is found.
func query(p search.Params, r reading) m { return queryWithin(filters(p), p, r) }

// queryWithin is the query for words within filters.
func queryWithin(filters []any, p search.Params, r reading) m {
	clauses := m{}
	if len(filters) > 0 {
		clauses["filter"] = filters
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
func order(p search.Params) []any {
	byID := m{"id": "asc"}
	switch p.Sort {
	case search.ByDistance:
		return []any{byDistance(p.Near, "asc"), m{"_score": "desc"}, byID}
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
func reversed(p search.Params) []any {
	byID := m{"id": "desc"}
	switch p.Sort {
	case search.ByDistance:
		return []any{byDistance(p.Near, "desc"), m{"_score": "asc"}, byID}
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
	if p.StoreID != 0 || p.Near != nil {
		fields = append(fields[:len(fields):len(fields)], "stock")
	}
	request := m{"query": query(p, r), "sort": order(p), "_source": fields, "track_total_hits": true}
	if p.Highlight && p.Query != "" {
		request["highlight"] = highlight(r.words)
	}
	if p.Explain {
		request["track_scores"] = true
	}
	if p.Collapse {
		collapse(request)
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
	for _, part := range []string{strings.ToLower(p.Query), p.Choice(), strconv.FormatInt(p.StoreID, 10)} {
		for i := range len(part) {
			h = (h ^ uint32(part[i])) * 16777619
		}
	}
	return "q" + strconv.FormatUint(uint64(h%64), 10)
}
