package elasticsearch

import (
	"context"

	"github.com/elastic/go-elasticsearch/v8/esapi"

	"aforro/pkg/search"
)

const (
	// leastWide is how many values each shard is asked for once counts were inexact,
	// mostWide where that ends.
	leastWide = 10_000
	mostWide  = 1_000_000
)

// postCounting sends a search that counts its facets. Counts are exact: shards
// that told of too few values for that are asked again, for more, and are asked for
// as many from then on.
func (c *Client) postCounting(ctx context.Context, request esapi.SearchRequest, p search.Params, body m, fuzzy bool) (searchAnswer, error) {
	if len(p.Facets) == 0 {
		return c.post(ctx, request, body)
	}
	request.FilterPath = append(request.FilterPath[:len(request.FilterPath):len(request.FilterPath)], "aggregations", "-aggregations.grouped.families")
	for {
		plan := newCounting(p, c.wide.Load())
		plan.add(body, fuzzy)
		if p.Collapse {
			countFamilies(body, plan.others(""))
		}
		answer, err := c.post(ctx, request, body)
		if err != nil {
			return answer, err
		}
		if !inexact(answer.Aggregations) || plan.wide >= mostWide {
			answer.facets = plan.facets(answer.Aggregations, answer.Hits.Total.Value)
			return answer, c.spell(ctx, answer.facets)
		}
		c.wide.CompareAndSwap(plan.wide, max(leastWide, plan.wide*10))
	}
}
