package elasticsearch

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/elastic/go-elasticsearch/v8/esapi"

	"aforro/pkg/fault"
	"aforro/pkg/search"
)

// found is an index as Elasticsearch describes it.
type found struct {
	Aliases  map[string]json.RawMessage `json:"aliases"`
	Mappings struct {
		Meta search.IndexMeta `json:"_meta"`
	} `json:"mappings"`
}

// Indices lists every version of the index, oldest first: also one of which only
// a part is there.
func (c *Client) Indices(ctx context.Context) ([]search.IndexVersion, error) {
	ctx, cancel := context.WithTimeout(ctx, manageTimeout)
	defer cancel()
	var all map[string]found
	request := esapi.IndicesGetRequest{Index: c.patterns(), AllowNoIndices: &yes, ExpandWildcards: "open", Features: "aliases,mappings"}
	if err := c.call(ctx, "list the index's versions", request, &all); err != nil {
		return nil, err
	}
	counts, err := c.counts(ctx)
	if err != nil {
		return nil, err
	}
	names := map[string]bool{}
	for index := range all {
		if name, ok := c.version(index); ok {
			names[name] = true
		}
	}
	var versions []search.IndexVersion
	for _, name := range slices.Sorted(maps.Keys(names)) {
		versions = append(versions, c.describe(name, all, counts))
	}
	return versions, nil
}

// describe puts the parts of a version together.
func (c *Client) describe(name string, all map[string]found, counts map[string]int64) search.IndexVersion {
	products, ok := all[name]
	titlesName := c.index(name, search.Titles)
	titles, too := all[titlesName]
	_, live := products.Aliases[c.alias]
	_, offered := titles.Aliases[aliasOf(c.prefix, search.Titles)]
	meta := products.Mappings.Meta
	return search.IndexVersion{
		Name: name, Live: live, Whole: ok && too && live == offered, Current: ok && meta.Mapping == c.definition.Hash,
		Docs: min(counts[name], counts[titlesName]), Meta: meta,
	}
}

func (c *Client) counts(ctx context.Context) (map[string]int64, error) {
	var rows []struct {
		Index string `json:"index"`
		Docs  string `json:"docs.count"`
	}
	request := esapi.CatIndicesRequest{Index: c.patterns(), Format: "json", H: []string{"index", "docs.count"}, ExpandWildcards: "open"}
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

// CreateIndex makes both parts of the next version, empty and set up for being built: not
// refreshed and without replicas until it is live. The mapping's hash and the
// time are filled in.
func (c *Client) CreateIndex(ctx context.Context, meta search.IndexMeta) (search.IndexVersion, error) {
	versions, err := c.Indices(ctx)
	if err != nil {
		return search.IndexVersion{}, err
	}
	next := 1
	for _, v := range versions {
		next = max(next, c.number(v.Name)+1)
	}
	meta.Mapping, meta.CreatedAt = c.definition.Hash, time.Now().UTC()
	v := search.IndexVersion{Name: fmt.Sprintf("%s-%06d", c.alias, next), Current: true, Whole: true, Meta: meta}
	// A bulk of deletes alone makes an index in place of an alias that is gone.
	if err := c.DeleteIndex(ctx, writeAlias(v.Name)); err != nil {
		return v, err
	}
	for _, part := range search.Parts {
		if err := c.create(ctx, c.index(v.Name, part), c.mappings(part, meta)); err != nil {
			return v, err
		}
	}
	return v, nil
}

// mappings are those of a part. The products' carry what the version says of
// itself.
func (c *Client) mappings(part search.Part, meta search.IndexMeta) m {
	if part == search.Titles {
		return c.definition.Titles
	}
	mappings := maps.Clone(c.definition.Mappings)
	mappings["_meta"] = meta
	return mappings
}

func (c *Client) create(ctx context.Context, name string, mappings m) error {
	settings := maps.Clone(c.definition.Settings)
	index := maps.Clone(settings["index"].(m))
	index["number_of_shards"], index["number_of_replicas"], index["refresh_interval"] = c.shards, 0, "-1"
	settings["index"] = index
	body := m{"settings": settings, "mappings": mappings, "aliases": m{writeAlias(name): m{}}}
	return c.manage(ctx, "create index "+name, body, func(body io.Reader) esapi.Request {
		return esapi.IndicesCreateRequest{Index: name, Body: body}
	})
}

// SetMeta replaces what a version says of itself.
func (c *Client) SetMeta(ctx context.Context, index string, meta search.IndexMeta) error {
	return c.manage(ctx, "describe index "+index, m{"_meta": meta}, func(body io.Reader) esapi.Request {
		return esapi.IndicesPutMappingRequest{Index: []string{index}, Body: body}
	})
}

// Tolerate lets a version of an older program be written until another takes its
// place: fields that it does not know are kept, and found by nothing.
func (c *Client) Tolerate(ctx context.Context, index string) error {
	return c.manage(ctx, "tolerate new fields in index "+index, m{"dynamic": false}, func(body io.Reader) esapi.Request {
		return esapi.IndicesPutMappingRequest{Index: c.indices(index), Body: body}
	})
}

// OpenIndex sets both parts of a version up for being searched, with refresh and
// replicas, which it waits for, and refreshes them.
func (c *Client) OpenIndex(ctx context.Context, index string) error {
	interval := c.definition.Settings["index"].(m)["refresh_interval"]
	settings := m{"index": m{"refresh_interval": interval, "number_of_replicas": c.replicas}}
	err := c.manage(ctx, "open index "+index+" for searching", settings, func(body io.Reader) esapi.Request {
		return esapi.IndicesPutSettingsRequest{Index: c.indices(index), Body: body}
	})
	if err != nil {
		return err
	}
	if err := c.replicated(ctx, c.indices(index)...); err != nil {
		return err
	}
	return c.Refresh(ctx, index)
}

// SwapAlias makes the version the live one, both parts at once, after it is
// opened.
func (c *Client) SwapAlias(ctx context.Context, index string) error {
	if err := c.OpenIndex(ctx, index); err != nil {
		return err
	}
	var actions []any
	for _, part := range search.Parts {
		alias := aliasOf(c.prefix, part)
		actions = append(actions,
			m{"remove": m{"index": alias + "-*", "alias": alias, "must_exist": false}},
			m{"add": m{"index": c.index(index, part), "alias": alias}})
	}
	return c.manage(ctx, "make index "+index+" live", m{"actions": actions}, func(body io.Reader) esapi.Request {
		return esapi.IndicesUpdateAliasesRequest{Body: body}
	})
}

// DeleteIndex removes a version, both parts at once; what is gone already is no
// error.
func (c *Client) DeleteIndex(ctx context.Context, index string) error {
	ctx, cancel := context.WithTimeout(ctx, manageTimeout)
	defer cancel()
	err := c.call(ctx, "delete index "+index, esapi.IndicesDeleteRequest{Index: c.indices(index), IgnoreUnavailable: &yes}, nil)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}

// Refresh makes what was written to both parts visible to searches.
func (c *Client) Refresh(ctx context.Context, index string) error {
	ctx, cancel := context.WithTimeout(ctx, manageTimeout)
	defer cancel()
	return c.call(ctx, "refresh index "+index, esapi.IndicesRefreshRequest{Index: c.indices(index)}, nil)
}

// RefreshLive makes what was written to the live version visible to searches.
// NotFound: there is none.
func (c *Client) RefreshLive(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, manageTimeout)
	defer cancel()
	aliases := append(c.live(), c.liveTitles()...)
	return c.call(ctx, "refresh the live index", esapi.IndicesRefreshRequest{Index: aliases}, nil)
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

// Health reports nil when searches can be answered: it searches. The cluster's
// own opinion is the master's, without whom searches go on.
func (c *Client) Health(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, searchTimeout)
	defer cancel()
	request := esapi.SearchRequest{Index: c.live(), FilterPath: []string{"_shards.failed"}}
	return c.ask(ctx, "search the live index", request, m{"size": 0, "terminate_after": 1, "track_total_hits": false}, nil)
}
