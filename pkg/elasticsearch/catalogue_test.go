//go:build integration

package elasticsearch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"testing"

	"aforro/demo"
	"aforro/pkg/importer"
	"aforro/pkg/search"
	"aforro/pkg/testkit"
)

// shop is the whole demo catalogue in an index, and the same in memory for
// oracles. Tests only read it.
type shop struct {
	*Client
	docs []search.Document
	// lower has the titles of docs in small letters.
	lower []string
}

// demoShop is indexed once for all tests of the package.
var demoShop struct {
	once sync.Once
	shop
}

func TestMain(m *testing.M) {
	code := m.Run()
	if err := dropDemoShop(); err != nil {
		fmt.Fprintln(os.Stderr, "drop the demo index:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

func dropDemoShop() error {
	if demoShop.Client == nil {
		return nil
	}
	versions, err := demoShop.Indices(context.Background())
	for _, v := range versions {
		err = errors.Join(err, demoShop.DeleteIndex(context.Background(), v.Name))
	}
	return err
}

// MustShop gives the indexed demo catalogue.
func MustShop(tb testing.TB) *shop {
	tb.Helper()
	demoShop.once.Do(func() {
		// What has the given prefix goes when this one test ends: another is used.
		node, _ := testkit.Elasticsearch(tb)
		docs := MustDemo(tb)
		c := MustClient(tb, node, testkit.Unique(tb))
		index := MustIndex(tb, c)
		demoShop.shop = shop{Client: c, docs: docs}
		for _, d := range docs {
			demoShop.lower = append(demoShop.lower, strings.ToLower(d.Title))
		}
		for at := 0; at < len(docs); at += 1000 {
			MustStore(tb, c, index, docs[at:min(len(docs), at+1000)])
		}
		MustSwap(tb, c, index)
	})
	if demoShop.docs == nil {
		tb.Fatal("the demo catalogue was not indexed: see the first test that failed")
	}
	return &demoShop.shop
}

// MustDemo reads the catalogue with its stock, in the order of the file.
func MustDemo(tb testing.TB) []search.Document {
	tb.Helper()
	src, err := importer.NewSource("demo", bytes.NewReader(demo.Products), 0, nil)
	if err != nil {
		tb.Fatal(err)
	}
	var docs []search.Document
	for reader := importer.NewProductReader(src); ; {
		row, refused, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return docs
		}
		if err != nil || refused != nil {
			tb.Fatal(refused, err)
		}
		p := row.Product
		doc := search.Document{
			ID: p.ID, SKU: p.SKU, Title: p.Title, Description: p.Description, Brand: p.Brand, Category: p.Category, Price: p.Price,
			GTIN: p.GTIN, ImageURL: p.ImageURL, ReleasedOn: p.ReleasedOn, Attributes: p.Attributes,
		}
		for _, s := range demo.StockOf(p.ID) {
			doc.Stock = append(doc.Stock, search.Stock{StoreID: s.StoreID, Quantity: int64(s.Quantity)})
		}
		docs = append(docs, doc)
	}
}

// MustClient makes a client for index names of the test's own.
func MustClient(tb testing.TB, urls, prefix string) *Client {
	tb.Helper()
	c, err := New(Options{URLs: urls, IndexPrefix: prefix})
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// MustIndex makes the next version of the index.
func MustIndex(tb testing.TB, c *Client) string {
	tb.Helper()
	v, err := c.CreateIndex(tb.Context(), search.IndexMeta{})
	if err != nil {
		tb.Fatal(err)
	}
	return v.Name
}

// MustSwap makes a version live.
func MustSwap(tb testing.TB, c *Client, index string) {
	tb.Helper()
	if err := c.SwapAlias(tb.Context(), index); err != nil {
		tb.Fatal(err)
	}
}

// MustStore writes documents at version 1 to both parts and insists that each is stored.
func MustStore(tb testing.TB, c *Client, index string, docs []search.Document) {
	tb.Helper()
	writes := make([]search.Write, len(docs))
	for i := range docs {
		writes[i] = search.Write{ID: docs[i].ID, Version: 1, Document: &docs[i], Listing: true}
	}
	for _, r := range MustBulk(tb, c, index, writes) {
		if r.Outcome != search.Stored {
			tb.Fatalf("product %d: %+v", r.ID, r)
		}
	}
}

// MustBulk writes and gives the results.
func MustBulk(tb testing.TB, c *Client, index string, writes []search.Write) []search.WriteResult {
	tb.Helper()
	results, err := c.Bulk(tb.Context(), index, writes)
	if err != nil {
		tb.Fatal(err)
	}
	return results
}

// MustLive makes a small live index of the test's own with these documents.
func MustLive(tb testing.TB, docs ...search.Document) (c *Client, index string) {
	tb.Helper()
	node, prefix := testkit.Elasticsearch(tb)
	c = MustClient(tb, node, prefix)
	index = MustIndex(tb, c)
	if len(docs) > 0 {
		MustStore(tb, c, index, docs)
	}
	MustSwap(tb, c, index)
	return c, index
}

// mustNode is the shared node's address, for what the client has no call for.
func mustNode(tb testing.TB) string {
	tb.Helper()
	node, _ := testkit.Elasticsearch(tb)
	return node
}

// MustSearch searches; page and size have their defaults when not set.
func MustSearch(tb testing.TB, c *Client, p search.Params) search.Page {
	tb.Helper()
	page, err := c.Search(tb.Context(), filled(p))
	if err != nil {
		tb.Fatalf("%+v: %v", p, err)
	}
	return page
}

// filled sets what a caller of Search always sets.
func filled(p search.Params) search.Params {
	if p.Page == 0 {
		p.Page = 1
	}
	if p.PageSize == 0 {
		p.PageSize = search.DefaultPageSize
	}
	if p.Sort == "" {
		p.Sort = search.ByNewest
		if p.Query != "" {
			p.Sort = search.ByRelevance
		}
	}
	return p
}

func idsOf(page search.Page) []int64 {
	ids := make([]int64, len(page.Hits))
	for i, h := range page.Hits {
		ids[i] = h.ID
	}
	return ids
}
