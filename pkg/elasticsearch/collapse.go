package elasticsearch

import (
	"context"

	"aforro/pkg/search"
)

// mostFamilies is how many families are counted exactly: Elasticsearch makes no
// more than 65,536 buckets by default (search.max_buckets), and facets want some of
// them. More are estimated.
const mostFamilies = 60_000

// grouped names what counts families.
const grouped = "grouped"

// collapse makes a request give one product of each family: the one that stands
// highest, and how many more match.
func collapse(request m) {
	request["collapse"] = m{"field": "family", "inner_hits": m{"name": "variants", "size": 0}}
	countFamilies(request, nil)
}

// countFamilies makes a request count the families of its hits: of what its query
// finds and, where that is not all, passes a filter.
func countFamilies(request m, within []any) {
	aggs, ok := request["aggs"].(m)
	if !ok {
		aggs = m{}
		request["aggs"] = aggs
	}
	filter := m{"match_all": m{}}
	if len(within) > 0 {
		filter = m{"bool": m{"filter": within}}
	}
	aggs[grouped] = m{"filter": filter, "aggs": m{
		"families": m{"terms": m{"field": "family", "size": mostFamilies}},
		"count":    m{"stats_bucket": m{"buckets_path": "families._count"}},
		"roughly":  m{"cardinality": m{"field": "family", "precision_threshold": 40_000}},
	}}
}

// count is how many products match, or families of them where they were collapsed.
func (a searchAnswer) count() int64 {
	switch families, ok := a.Aggregations[grouped]; {
	case !ok:
		return a.Hits.Total.Value
	case families.Count.Count < mostFamilies:
		return families.Count.Count
	default:
		return max(mostFamilies, families.Roughly.Value)
	}
}

// lastFamilies counts, then reads the last page by its number: from the other end
// another product would stand for each family.
func (c *Client) lastFamilies(ctx context.Context, p search.Params) (search.Page, error) {
	p.Page = 1
	first, err := c.page(ctx, p)
	size := int64(p.PageSize)
	if err != nil || first.Count <= size {
		return first, err
	}
	// Where the count is an estimate the last page may lie before.
	for p.Page = int(min((first.Count+size-1)/size, window/size)); ; p.Page-- {
		last, err := c.page(ctx, p)
		if err != nil || len(last.Hits) > 0 || p.Page == 1 || first.Count < mostFamilies {
			return last, err
		}
	}
}
