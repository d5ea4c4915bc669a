package elasticsearch

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/elastic/go-elasticsearch/v8/esapi"

	"aforro/pkg/fault"
	"aforro/pkg/search"
)

// Indices lists every version of the index, oldest first.
func (c *Client) Indices(ctx context.Context) ([]search.IndexVersion, error) {
	ctx, cancel := context.WithTimeout(ctx, manageTimeout)
	defer cancel()
	var found map[string]struct {
		Aliases  map[string]json.RawMessage `json:"aliases"`
		Mappings struct {
			Meta search.IndexMeta `json:"_meta"`
		} `json:"mappings"`
	}
	request := esapi.IndicesGetRequest{Index: []string{c.alias + "-*"}, AllowNoIndices: &yes, ExpandWildcards: "open", Features: "aliases,mappings"}
	if err := c.call(ctx, "list the index's versions", request, &found); err != nil {
		return nil, err
	}
	counts, err := c.counts(ctx)
	if err != nil {
		return nil, err
	}
	var versions []search.IndexVersion
	for name, i := range found {
		if _, ok := c.number(name); !ok {
			continue
		}
		_, live := i.Aliases[c.alias]
		versions = append(versions, search.IndexVersion{
			Name: name, Live: live, Current: i.Mappings.Meta.Mapping == c.definition.Hash, Docs: counts[name], Meta: i.Mappings.Meta,
		})
	}
	slices.SortFunc(versions, func(a, b search.IndexVersion) int { return strings.Compare(a.Name, b.Name) })
	return versions, nil
}

func (c *Client) counts(ctx context.Context) (map[string]int64, error) {
	var rows []struct {
		Index string `json:"index"`
		Docs  string `json:"docs.count"`
	}
	request := esapi.CatIndicesRequest{Index: []string{c.alias + "-*"}, Format: "json", H: []string{"index", "docs.count"}, ExpandWildcards: "open"}
	err := c.call(ctx, "count the documents of the index's versions", request, &rows)
	if fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	counts := map[string]int64{}
	for _, r := range rows {
		// A version whose shard is not started yet has no count: it counts as empty.
		if n, err := strconv.ParseInt(r.Docs, 10, 64); err == nil {
			counts[r.Index] = n
		}
	}
	return counts, err
}

// number is the version's number in its name.
func (c *Client) number(name string) (int, bool) {
	digits, ok := strings.CutPrefix(name, c.alias+"-")
	n, err := strconv.Atoi(digits)
	return n, ok && err == nil
}

// CreateIndex makes the next version, empty and set up for being built: not
// refreshed and without replicas until it is live. The mapping's hash and the
// time are filled in.
func (c *Client) CreateIndex(ctx context.Context, meta search.IndexMeta) (search.IndexVersion, error) {
	versions, err := c.Indices(ctx)
	if err != nil {
		return search.IndexVersion{}, err
	}
	next := 1
	for _, v := range versions {
		if n, ok := c.number(v.Name); ok {
			next = max(next, n+1)
		}
	}
	meta.Mapping, meta.CreatedAt = c.definition.Hash, time.Now().UTC()
	v := search.IndexVersion{Name: fmt.Sprintf("%s-%06d", c.alias, next), Current: true, Meta: meta}
	ctx, cancel := context.WithTimeout(ctx, manageTimeout)
	defer cancel()
	body, err := c.creation(v.Name, meta)
	if err != nil {
		return v, err
	}
	// A bulk of deletes alone makes an index in place of an alias that is gone.
	if err := c.DeleteIndex(ctx, writeAlias(v.Name)); err != nil {
		return v, err
	}
	return v, c.call(ctx, "create index "+v.Name, esapi.IndicesCreateRequest{Index: v.Name, Body: bytes.NewReader(body)}, nil)
}

func (c *Client) creation(name string, meta search.IndexMeta) ([]byte, error) {
	settings := m{}
	for part, value := range c.definition.Settings {
		settings[part] = value
	}
	index := m{}
	for name, value := range c.definition.Settings["index"].(m) {
		index[name] = value
	}
	index["number_of_shards"], index["number_of_replicas"], index["refresh_interval"] = c.shards, 0, "-1"
	settings["index"] = index
	mappings := m{"_meta": meta}
	for part, value := range c.definition.Mappings {
		mappings[part] = value
	}
	body, err := json.Marshal(m{
		"settings": settings, "mappings": mappings, "aliases": m{writeAlias(name): m{}},
	})
	if err != nil {
		return nil, fmt.Errorf("write the definition of an index: %w", err)
	}
	return body, nil
}

// SetMeta replaces what a version says of itself.
func (c *Client) SetMeta(ctx context.Context, index string, meta search.IndexMeta) error {
	return c.manage(ctx, "describe index "+index, m{"_meta": meta}, func(body io.Reader) esapi.Request {
		return esapi.IndicesPutMappingRequest{Index: []string{index}, Body: body}
	})
}

// OpenIndex sets a version up for being searched, with refresh and replicas, and
// refreshes it.
func (c *Client) OpenIndex(ctx context.Context, index string) error {
	interval := c.definition.Settings["index"].(m)["refresh_interval"]
	settings := m{"index": m{"refresh_interval": interval, "number_of_replicas": c.replicas}}
	err := c.manage(ctx, "open index "+index+" for searching", settings, func(body io.Reader) esapi.Request {
		return esapi.IndicesPutSettingsRequest{Index: []string{index}, Body: body}
	})
	if err != nil {
		return err
	}
	return c.Refresh(ctx, index)
}

// SwapAlias makes the version the live one, at once, after it is opened.
func (c *Client) SwapAlias(ctx context.Context, index string) error {
	if err := c.OpenIndex(ctx, index); err != nil {
		return err
	}
	actions := []any{
		m{"remove": m{"index": c.alias + "-*", "alias": c.alias, "must_exist": false}},
		m{"add": m{"index": index, "alias": c.alias}},
	}
	return c.manage(ctx, "make index "+index+" live", m{"actions": actions}, func(body io.Reader) esapi.Request {
		return esapi.IndicesUpdateAliasesRequest{Body: body}
	})
}

// DeleteIndex removes a version; one that is gone already is no error.
func (c *Client) DeleteIndex(ctx context.Context, index string) error {
	ctx, cancel := context.WithTimeout(ctx, manageTimeout)
	defer cancel()
	err := c.call(ctx, "delete index "+index, esapi.IndicesDeleteRequest{Index: []string{index}}, nil)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}

// Refresh makes what was written visible to searches.
func (c *Client) Refresh(ctx context.Context, index string) error {
	ctx, cancel := context.WithTimeout(ctx, manageTimeout)
	defer cancel()
	return c.call(ctx, "refresh index "+index, esapi.IndicesRefreshRequest{Index: []string{index}}, nil)
}

// manage sends a request about indices whose body is written as JSON.
func (c *Client) manage(ctx context.Context, doing string, body m, request func(body io.Reader) esapi.Request) error {
	ctx, cancel := context.WithTimeout(ctx, manageTimeout)
	defer cancel()
	text, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return c.call(ctx, doing, request(bytes.NewReader(text)), nil)
}

// Health reports nil when searches can be answered: the live index is there and
// its primary shards are started.
func (c *Client) Health(ctx context.Context) error {
	var h struct {
		Status string `json:"status"`
	}
	request := esapi.ClusterHealthRequest{Index: c.live(), WaitForStatus: "yellow", Timeout: time.Millisecond}
	if err := c.call(ctx, "ask for the live index's health", request, &h); err != nil {
		return err
	}
	if h.Status == "red" {
		return unavailable(fmt.Errorf("the live index is red"))
	}
	return nil
}
