package elasticsearch

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

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
func (c *Client) postCounting(ctx context.Context, request esapi.SearchRequest, p search.Params, body m, r reading) (searchAnswer, error) {
	if len(p.Facets) == 0 {
		return c.post(ctx, request, body)
	}
	request.FilterPath = append(request.FilterPath[:len(request.FilterPath):len(request.FilterPath)], "aggregations", "-aggregations.grouped.families")
	for {
		plan := newCounting(p, c.wide.Load())
		plan.add(body, r)
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

// counted is one aggregation of an answer.
type counted struct {
	Buckets []bucket `json:"buckets"`
	// Error is by how much a count may be wrong.
	Error int64 `json:"doc_count_error_upper_bound"`
	// In is the aggregation itself where it was counted apart.
	In *counted `json:"in"`
	// Count and Roughly count families, exactly and estimated.
	Count struct {
		Count int64 `json:"count"`
	} `json:"count"`
	Roughly struct {
		Value int64 `json:"value"`
	} `json:"roughly"`
}

type bucket struct {
	Key   bucketKey `json:"key"`
	Count int64     `json:"doc_count"`
}

// bucketKey is a text, or a number as text.
type bucketKey string

// UnmarshalJSON reads either.
func (k *bucketKey) UnmarshalJSON(text []byte) error {
	switch {
	case text[0] != '"':
		*k = bucketKey(text)
		return nil
	case bytes.IndexByte(text, '\\') < 0:
		*k = bucketKey(text[1 : len(text)-1])
		return nil
	}
	if err := json.Unmarshal(text, (*string)(k)); err != nil {
		return fmt.Errorf("read the key of a count: %w", err)
	}
	return nil
}

// inner is the aggregation itself.
func (a counted) inner() counted {
	if a.In != nil {
		return *a.In
	}
	return a
}

// inexact reports whether some count may be wrong, as shards told only of their
// most frequent values.
func inexact(all map[string]counted) bool {
	for _, a := range all {
		if a.inner().Error > 0 {
			return true
		}
	}
	return false
}
