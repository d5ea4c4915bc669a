package elasticsearch

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"

	"github.com/elastic/go-elasticsearch/v8/esapi"

	"aforro/pkg/fault"
	"aforro/pkg/search"
)

// Sums counts the documents of a part in spans of ids that follow each other, and
// adds up their hashes, as far as they are refreshed.
func (c *Client) Sums(ctx context.Context, index string, part search.Part, spans []search.Span) ([]search.StoredSum, error) {
	index = c.index(index, part)
	filters := make([]any, len(spans))
	for i, s := range spans {
		filters[i] = within(s)
	}
	body, err := json.Marshal(m{
		"size": 0, "track_total_hits": false,
		"query": within(search.Span{After: spans[0].After, UpTo: spans[len(spans)-1].UpTo}),
		"aggs": m{"spans": m{
			"filters": m{"filters": filters},
			"aggs":    m{"hash": m{"sum": m{"field": "hash"}}, "newest": m{"max": m{"field": "_version"}}},
		}},
	})
	if err != nil {
		return nil, fmt.Errorf("write a request for sums: %w", err)
	}
	var answer struct {
		Aggregations struct {
			Spans struct {
				Buckets []struct {
					Docs   int64                   `json:"doc_count"`
					Hash   struct{ Value float64 } `json:"hash"`
					Newest struct{ Value float64 } `json:"newest"`
				} `json:"buckets"`
			} `json:"spans"`
		} `json:"aggregations"`
	}
	ctx, cancel := context.WithTimeout(ctx, manageTimeout)
	defer cancel()
	request := esapi.SearchRequest{Index: []string{index}, Body: bytes.NewReader(body), AllowPartialSearchResults: &no}
	if err := c.call(ctx, "add up the hashes of index "+index, request, &answer); err != nil {
		return nil, err
	}
	if got := len(answer.Aggregations.Spans.Buckets); got != len(spans) {
		return nil, fmt.Errorf("add up the hashes of index %s: %d sums for %d spans", index, got, len(spans))
	}
	sums := make([]search.StoredSum, len(spans))
	for i, b := range answer.Aggregations.Spans.Buckets {
		sums[i] = search.StoredSum{Docs: b.Docs, Hash: int64(b.Hash.Value), Newest: search.Version(b.Newest.Value)}
	}
	return sums, nil
}

// within is the query for the ids of a span.
func within(s search.Span) m {
	bounds := m{"lte": s.UpTo}
	if s.After > math.MinInt64 {
		bounds["gt"] = s.After
	}
	return m{"range": m{"id": bounds}}
}

// Remove removes documents of a part by their names, whatever those are and
// whichever shard they are in.
func (c *Client) Remove(ctx context.Context, index string, part search.Part, names []string) error {
	index = c.index(index, part)
	body, err := json.Marshal(m{"query": m{"ids": m{"values": names}}})
	if err != nil {
		return fmt.Errorf("write a request to remove documents: %w", err)
	}
	var answer struct {
		Failures  []json.RawMessage `json:"failures"`
		Conflicts int64             `json:"version_conflicts"`
	}
	ctx, cancel := context.WithTimeout(ctx, manageTimeout)
	defer cancel()
	doing := "remove documents of index " + index
	request := esapi.DeleteByQueryRequest{Index: []string{index}, Body: bytes.NewReader(body), Refresh: &yes}
	if err := c.call(ctx, doing, request, &answer); err != nil {
		return err
	}
	if len(answer.Failures) > 0 || answer.Conflicts > 0 {
		return fault.New(fault.Unavailable, "%s: %d of them could not be removed", doing, len(answer.Failures))
	}
	return nil
}
