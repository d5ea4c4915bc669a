//go:build integration

package api_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"aforro/demo"
	"aforro/pkg/elasticsearch"
	"aforro/pkg/search"
	"aforro/pkg/testkit"
)

// counted is the body of a search, as a client reads it.
type counted struct {
	Count   int64 `json:"count"`
	Results []struct {
		ID      int64 `json:"id"`
		Nearest *struct {
			StoreID  int64 `json:"store_id"`
			Quantity int64 `json:"quantity"`
		} `json:"nearest"`
	} `json:"results"`
	Facets []facet `json:"facets"`
}

type facet struct {
	Field  string `json:"field"`
	Type   string `json:"type"`
	Values []struct {
		Value    json.RawMessage `json:"value"`
		Count    int64           `json:"count"`
		Selected bool            `json:"selected"`
	} `json:"values"`
}

// property is a part of the demo catalogue in a database and in an index of
// several shards, and an API over both.
type property struct {
	*service
	conn *pgx.Conn
	// found are the products that each word finds.
	found map[string][]int64
	calls int
}

// partOfDemo is every how many-th of the demo's products is taken.
const partOfDemo = 12

func newProperty(t *testing.T) *property {
	t.Helper()
	p := &property{service: newService(t), found: map[string][]int64{}}
	p.conn = testkit.Conn(t, p.direct)
	zipped, err := gzip.NewReader(bytes.NewReader(demo.Products))
	if err != nil {
		t.Fatal(err)
	}
	var rows []string
	lines := bufio.NewScanner(zipped)
	lines.Buffer(nil, 1<<20)
	for n := 0; lines.Scan(); n++ {
		if n%partOfDemo == 0 {
			rows = append(rows, lines.Text())
		}
	}
	p.exec(`SELECT setval(pg_get_serial_sequence('categories', 'id'), 100)`)
	p.exec(`INSERT INTO categories (name) SELECT DISTINCT d::jsonb->>'category' FROM unnest($1::text[]) d ON CONFLICT DO NOTHING`, rows)
	p.exec(`INSERT INTO products (id, sku, title, description, brand, category_id, price, attributes)
		SELECT (d->>'id')::bigint, d->>'sku', d->>'title', coalesce(d->>'description', ''), coalesce(d->>'brand', ''), c.id, (d->>'price')::numeric, coalesce(d->'attributes', '{}')
		FROM (SELECT l::jsonb AS d FROM unnest($1::text[]) l) l JOIN categories c ON lower(c.name) = lower(d->>'category')`, rows)
	// Spellings that differ by case are one value.
	p.exec(`UPDATE products SET brand = upper(brand), attributes = attributes || jsonb_build_object('product_colour', upper(attributes->>'product_colour')) WHERE id % 5 = 0 AND attributes ? 'product_colour'`)
	for _, s := range demo.Stores()[2:8] {
		p.exec(`INSERT INTO stores (id, name, city, latitude, longitude) VALUES ($1, $2, $3, $4, $5)`, s.ID, s.Name, s.City, s.Latitude, s.Longitude)
	}
	p.exec(`INSERT INTO inventory SELECT s.id, p.id, (p.id * 7 + s.id * 13) % 4 FROM products p, stores s WHERE (p.id * 31 + s.id * 17) % 5 < 2 ON CONFLICT DO NOTHING`)
	p.index(t)
	return p
}

// index builds the index from the database, as the indexer does.
func (p *property) index(t *testing.T) {
	t.Helper()
	node, prefix := testkit.Elasticsearch(t)
	client, err := elasticsearch.New(elasticsearch.Options{URLs: node, IndexPrefix: prefix, Shards: 3})
	if err != nil {
		t.Fatal(err)
	}
	v, err := client.CreateIndex(t.Context(), search.IndexMeta{})
	if err != nil {
		t.Fatal(err)
	}
	for after := int64(0); ; {
		read, err := p.asked.ProjectAfter(t.Context(), after, 500)
		if err != nil {
			t.Fatal(err)
		}
		if len(read.Documents) == 0 {
			break
		}
		writes := make([]search.Write, len(read.Documents))
		for i := range read.Documents {
			writes[i] = search.Write{ID: read.Documents[i].ID, Version: 1, Document: &read.Documents[i]}
			after = read.Documents[i].ID
		}
		results, err := client.Bulk(t.Context(), v.Name, writes)
		if err != nil || slices.ContainsFunc(results, func(r search.WriteResult) bool { return r.Outcome != search.Stored }) {
			t.Fatalf("%+v, %v", results, err)
		}
	}
	if err := client.SwapAlias(t.Context(), v.Name); err != nil {
		t.Fatal(err)
	}
	p.base = p.serve(client, p.asked)
}

// search asks the API, past its cache and its limit of requests, and again where
// the machine is so busy that a search has no time.
func (p *property) search(t *testing.T, query url.Values) counted {
	t.Helper()
	var got answer
	testkit.Eventually(t, time.Minute, "the search is answered in time", func() bool {
		p.calls++
		got = p.get(searchAll+"?"+query.Encode(), "Cache-Control: no-cache", fmt.Sprintf("X-Forwarded-For: 10.%d.%d.%d", p.calls>>16&255, p.calls>>8&255, p.calls&255))
		return got.status != http.StatusServiceUnavailable
	})
	var body counted
	if err := json.Unmarshal([]byte(got.body), &body); err != nil || got.status != 200 {
		t.Fatalf("%s: %d %s", query.Encode(), got.status, got.body)
	}
	return body
}

// word gives the products that a word finds, whatever the filters.
func (p *property) word(t *testing.T, word string) []int64 {
	t.Helper()
	if _, known := p.found[word]; known || word == "" {
		return p.found[word]
	}
	ids := []int64{}
	for page := 1; ; page++ {
		got := p.search(t, url.Values{"q": {word}, "sort": {"price"}, "page_size": {"100"}, "page": {fmt.Sprint(page)}})
		for _, r := range got.Results {
			ids = append(ids, r.ID)
		}
		if int64(len(ids)) >= got.Count {
			break
		}
	}
	p.found[word] = ids
	return ids
}

// Any combination of filters, facets and pages gives what a count in SQL gives.
func TestCountsAgreeWithACountInSQL(t *testing.T) {
	t.Parallel()
	p := newProperty(t)
	seed := uint64(20261124)
	rng := rand.New(rand.NewPCG(seed, 1))
	for n := range 200 {
		c := p.draw(t, rng)
		t.Run(fmt.Sprintf("%d/%d %s", seed, n, c.query.Encode()), func(t *testing.T) { p.compare(t, c) })
	}
}

func (p *property) compare(t *testing.T, c *combination) {
	got := p.search(t, c.query)
	if want := p.count(t, c, "", "true"); got.Count != want {
		t.Fatalf("count %d, SQL counts %d", got.Count, want)
	}
	ids := make([]int64, len(got.Results))
	for i, r := range got.Results {
		ids[i] = r.ID
		if r.Nearest != nil && r.Nearest.StoreID != p.nearest(t, c, r.ID) {
			t.Errorf("product %d: nearest is store %d", r.ID, r.Nearest.StoreID)
		}
		if (r.Nearest != nil) != c.near {
			t.Errorf("product %d: nearest %+v", r.ID, r.Nearest)
		}
	}
	if want := p.page(t, c); !slices.Equal(ids, want) {
		t.Errorf("products %v, SQL says %v", ids, want)
	}
	fields := map[string]bool{}
	for _, f := range got.Facets {
		fields[f.Field] = true
		p.compareFacet(t, c, f)
	}
	for _, asked := range strings.Split(c.query.Get("facets"), ",") {
		if asked != "" && asked != "attributes" && !fields[asked] {
			t.Errorf("no facet %s", asked)
		}
	}
	if len(got.Facets) > 5+8+10 {
		t.Errorf("%d facets", len(got.Facets))
	}
}

// compareFacet counts each value anew, and the values of a list as a whole.
func (p *property) compareFacet(t *testing.T, c *combination, f facet) {
	t.Helper()
	values := map[string]int64{}
	var order []string
	var sum, selected int64
	for _, v := range f.Values {
		want := p.count(t, c, f.Field, c.holds(f.Field, f.Type, v.Value))
		if v.Count != want {
			t.Errorf("%s %s: %d, SQL counts %d", f.Field, v.Value, v.Count, want)
		}
		if sum += v.Count; v.Selected {
			selected += v.Count
		}
		values[string(v.Value)] = v.Count
		if !v.Selected || v.Count > 0 {
			var text string
			if f.Type == "terms" && json.Unmarshal(v.Value, &text) != nil {
				t.Errorf("%s: %s is no text", f.Field, v.Value)
			}
			order = append(order, strings.ToLower(text))
		}
	}
	if f.Type == "range" {
		if all := p.count(t, c, f.Field, c.numberOf(f.Field)+" IS NOT NULL"); sum != all && sum-selected != all {
			t.Errorf("the ranges of %s hold %d of %d products: %v", f.Field, sum, all, values)
		}
		return
	}
	if want := p.top(t, c, f.Field); !c.unasked(f.Field) && !slices.Equal(order[:min(len(order), len(want))], want) {
		t.Errorf("%s: values %q, SQL says %q", f.Field, order, want)
	}
}
