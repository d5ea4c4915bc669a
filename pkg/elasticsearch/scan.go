package elasticsearch

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/elastic/go-elasticsearch/v8/esapi"

	"aforro/pkg/fault"
	"aforro/pkg/search"
)

// Scan gives up to limit stored documents of a part with ids above after, by id,
// as far as they are refreshed.
func (c *Client) Scan(ctx context.Context, index string, part search.Part, after int64, limit int) ([]search.StoredDocument, error) {
	index = c.index(index, part)
	body, err := json.Marshal(map[string]any{
		"size": limit, "version": true, "track_total_hits": false,
		"query": map[string]any{"range": map[string]any{"id": map[string]any{"gt": after}}},
		"sort":  []any{map[string]any{"id": "asc"}},
	})
	if err != nil {
		return nil, fmt.Errorf("write a scan: %w", err)
	}
	var answer struct {
		Hits struct {
			Hits []struct {
				Version search.Version  `json:"_version"`
				Source  json.RawMessage `json:"_source"`
				Sort    []int64         `json:"sort"`
			} `json:"hits"`
		} `json:"hits"`
	}
	ctx, cancel := context.WithTimeout(ctx, manageTimeout)
	defer cancel()
	request := esapi.SearchRequest{
		Index: []string{index}, Body: bytes.NewReader(body), AllowPartialSearchResults: &no,
		FilterPath: []string{"hits.hits._version", "hits.hits._source", "hits.hits.sort"},
	}
	if err := c.call(ctx, "scan index "+index, request, &answer); err != nil {
		return nil, err
	}
	docs := make([]search.StoredDocument, 0, len(answer.Hits.Hits))
	for _, h := range answer.Hits.Hits {
		docs = append(docs, search.StoredDocument{ID: h.Sort[0], Version: h.Version, Source: h.Source})
	}
	return docs, nil
}

// Get gives those of a part's documents that are stored, by id, refreshed or not.
func (c *Client) Get(ctx context.Context, index string, part search.Part, ids []int64) ([]search.StoredDocument, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	index = c.index(index, part)
	body, err := json.Marshal(map[string]any{"ids": ids})
	if err != nil {
		return nil, fmt.Errorf("write a request for documents: %w", err)
	}
	var answer struct {
		Docs []struct {
			ID      int64           `json:"_id,string"`
			Found   bool            `json:"found"`
			Version search.Version  `json:"_version"`
			Source  json.RawMessage `json:"_source"`
			// Error is set where a document could not be looked for.
			Error *struct {
				Type   string `json:"type"`
				Reason string `json:"reason"`
			} `json:"error"`
		} `json:"docs"`
	}
	ctx, cancel := context.WithTimeout(ctx, manageTimeout)
	defer cancel()
	if err := c.call(ctx, "get documents of index "+index, esapi.MgetRequest{Index: index, Body: bytes.NewReader(body)}, &answer); err != nil {
		return nil, err
	}
	var docs []search.StoredDocument
	for _, d := range answer.Docs {
		if d.Error != nil && d.Error.Type == "index_not_found_exception" {
			return nil, fault.New(fault.NotFound, "index %s is gone", index)
		}
		if d.Error != nil {
			return nil, unavailable(fmt.Errorf("get document %d of index %s: %s: %s", d.ID, index, d.Error.Type, d.Error.Reason))
		}
		if d.Found {
			docs = append(docs, search.StoredDocument{ID: d.ID, Version: d.Version, Source: d.Source})
		}
	}
	slices.SortFunc(docs, func(a, b search.StoredDocument) int { return cmp.Compare(a.ID, b.ID) })
	return docs, nil
}
