package elasticsearch

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/elastic/go-elasticsearch/v8/esapi"

	"aforro/pkg/fault"
	"aforro/pkg/search"
)

// Scan gives up to limit stored documents of a part with ids above after, by id,
// as far as they are refreshed.
func (c *Client) Scan(ctx context.Context, index string, part search.Part, after int64, limit int) ([]search.StoredDocument, error) {
	return c.ScanSpan(ctx, index, part, search.Span{After: after, UpTo: math.MaxInt64}, limit)
}

// ScanSpan gives up to limit stored documents of a part in a span of ids, by id,
// as far as they are refreshed.
func (c *Client) ScanSpan(ctx context.Context, index string, part search.Part, span search.Span, limit int) ([]search.StoredDocument, error) {
	return c.scan(ctx, c.index(index, part), m{"query": within(span), "sort": byID, "size": limit})
}

// ScanHashes is ScanSpan without the documents' source.
func (c *Client) ScanHashes(ctx context.Context, index string, part search.Part, span search.Span, limit int) ([]search.StoredDocument, error) {
	return c.scan(ctx, c.index(index, part), m{"query": within(span), "sort": byID, "size": limit, "_source": false, "docvalue_fields": []string{"hash"}})
}

// Unlisted gives up to limit stored documents of a part that have no id, so that
// no scan meets them.
func (c *Client) Unlisted(ctx context.Context, index string, part search.Part, limit int) ([]search.StoredDocument, error) {
	nowhere := m{"bool": m{"must_not": m{"exists": m{"field": "id"}}}}
	docs, err := c.scan(ctx, c.index(index, part), m{"query": nowhere, "size": limit, "_source": false})
	for i := range docs {
		docs[i].Name = cmp.Or(docs[i].Name, "0")
	}
	return docs, err
}

var byID = []any{m{"id": "asc"}}

// scanned is one document as a scan shows it.
type scanned struct {
	Name    string          `json:"_id"`
	Version search.Version  `json:"_version"`
	Source  json.RawMessage `json:"_source"`
	Sort    []int64         `json:"sort"`
	Fields  struct {
		Hash []int64 `json:"hash"`
	} `json:"fields"`
}

func (c *Client) scan(ctx context.Context, index string, query m) ([]search.StoredDocument, error) {
	query["version"], query["track_total_hits"] = true, false
	body, err := json.Marshal(query)
	if err != nil {
		return nil, fmt.Errorf("write a scan: %w", err)
	}
	var answer struct {
		Hits struct {
			Hits []scanned `json:"hits"`
		} `json:"hits"`
	}
	ctx, cancel := context.WithTimeout(ctx, manageTimeout)
	defer cancel()
	request := esapi.SearchRequest{
		Index: []string{index}, Body: bytes.NewReader(body), AllowPartialSearchResults: &no,
		FilterPath: []string{"hits.hits._id", "hits.hits._version", "hits.hits._source", "hits.hits.sort", "hits.hits.fields"},
	}
	if err := c.call(ctx, "scan index "+index, request, &answer); err != nil {
		return nil, err
	}
	docs := make([]search.StoredDocument, len(answer.Hits.Hits))
	for i := range docs {
		docs[i] = answer.Hits.Hits[i].document()
	}
	return docs, nil
}

func (h *scanned) document() search.StoredDocument {
	d := search.StoredDocument{Version: h.Version, Source: h.Source, Hash: -1}
	if len(h.Sort) == 1 {
		d.ID = h.Sort[0]
	}
	if h.Name != strconv.FormatInt(d.ID, 10) {
		d.Name = h.Name
	}
	if len(h.Fields.Hash) == 1 {
		d.Hash = h.Fields.Hash[0]
	}
	return d
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
