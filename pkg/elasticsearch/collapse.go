package elasticsearch

import (
	"context"

	"aforro/pkg/search"
)

// mostFamilies is how many families are counted exactly: Elasticsearch makes no
// more buckets (search.max_buckets is 65,536 by default). More are estimated.
const mostFamilies = 65_000

// families counts them in an answer.
type families struct {
	Count *struct {
		Count int64 `json:"count"`
	} `json:"count"`
	Roughly struct {
		Value int64 `json:"value"`
	} `json:"roughly"`
}

// collapse makes a request give one product of each family: the one that stands
// highest, and how many more match.
func collapse(request m) {
	request["collapse"] = m{"field": "family", "inner_hits": m{"name": "variants", "size": 0}}
	request["aggs"] = m{
		"families": m{"terms": m{"field": "family", "size": mostFamilies}},
		"count":    m{"stats_bucket": m{"buckets_path": "families._count"}},
		"roughly":  m{"cardinality": m{"field": "family", "precision_threshold": 40_000}},
	}
}

// count is how many products match, or families of them where they were collapsed.
func (a searchAnswer) count() int64 {
	switch n := a.Aggregations.Count; {
	case n == nil:
		return a.Hits.Total.Value
	case n.Count < mostFamilies:
		return n.Count
	}
	return max(mostFamilies, a.Aggregations.Roughly.Value)
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
	p.Page = int((first.Count + size - 1) / size)
	return c.page(ctx, p)
}
