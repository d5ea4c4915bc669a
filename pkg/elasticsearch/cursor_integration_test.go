//go:build integration

package elasticsearch_test

import (
	"fmt"
	"testing"

	"aforro/pkg/elasticsearch"
	"aforro/pkg/fault"
	"aforro/pkg/search"
)

func mustPage(tb testing.TB, c *elasticsearch.Client, p search.Params) search.Page {
	tb.Helper()
	page, err := c.Search(tb.Context(), p)
	if err != nil {
		tb.Fatal(err)
	}
	return page
}

// While a walk is under way products are added, changed and removed: each that
// was there when it began comes exactly once.
func TestACursorWalkWhileThingsChange(t *testing.T) {
	t.Parallel()
	c, index := mustEmpty(t)
	stock := func(id int64) []search.Stock { return []search.Stock{{StoreID: 1 + id%3, Quantity: 1}} }
	var writes []search.Write
	for id := int64(1); id <= 40; id++ {
		writes = append(writes, search.Write{ID: id, Version: 1, Document: &search.Document{ID: id, Title: fmt.Sprintf("cable %d", id), Category: "x", Stock: stock(id)}})
	}
	mustWrite(t, c, index, writes...)
	if err := c.SwapAlias(t.Context(), index); err != nil {
		t.Fatal(err)
	}
	for _, p := range []search.Params{
		{Sort: search.ByPrice, PageSize: 7, Cursor: search.CursorStart},
		{Query: "cable", Sort: search.ByRelevance, PageSize: 8, Cursor: search.CursorStart},
		{Query: "cabel", Sort: search.ByNewest, PageSize: 9, Cursor: search.CursorStart},
		{Query: "cable", Sort: search.ByDistance, PageSize: 7, Cursor: search.CursorStart, Near: &search.Near{Stores: []search.NearStore{{ID: 2, DistanceKM: 1}, {ID: 3, DistanceKM: 1}, {ID: 1, DistanceKM: 5}}}},
	} {
		seen, version := map[int64]int{}, search.Version(2)
		start := mustPage(t, c, search.Params{Sort: search.ByPrice, Page: 1, PageSize: 100}).Count
		for p.Cursor != "" {
			page := mustPage(t, c, p)
			for _, h := range page.Hits {
				seen[h.ID]++
			}
			p.Cursor = page.NextCursor
			mustWrite(t, c, index,
				search.Write{ID: 1000 + start, Version: version, Document: &search.Document{ID: 1000 + start, Title: "cable new", Category: "x", Stock: stock(start)}},
				search.Write{ID: int64(version), Version: version * 100, Document: &search.Document{ID: int64(version), Title: "cable cable", Price: 999, Category: "x", Stock: stock(int64(version))}})
			version++
			if err := c.Refresh(t.Context(), index); err != nil {
				t.Fatal(err)
			}
		}
		for id, times := range seen {
			if times != 1 {
				t.Errorf("%q by %s: product %d came %d times", p.Query, p.Sort, id, times)
			}
		}
		if int64(len(seen)) != start {
			t.Errorf("%q by %s: %d products came of %d", p.Query, p.Sort, len(seen), start)
		}
	}
}

func TestCursorsThatAreNone(t *testing.T) {
	t.Parallel()
	c, index := mustEmpty(t)
	var writes []search.Write
	for id := int64(1); id <= 3; id++ {
		writes = append(writes, search.Write{ID: id, Version: 1, Document: &search.Document{ID: id, Title: "cable", Category: "x"}})
	}
	mustWrite(t, c, index, writes...)
	if err := c.SwapAlias(t.Context(), index); err != nil {
		t.Fatal(err)
	}
	first := mustPage(t, c, search.Params{Sort: search.ByPrice, PageSize: 1, Cursor: search.CursorStart})
	for _, p := range []search.Params{
		{Sort: search.ByPrice, PageSize: 1, Cursor: "no cursor"},
		{Sort: search.ByPrice, PageSize: 1, Cursor: "eyJwIjoiYWJjIn0"},
		// Another search cannot go on with it.
		{Sort: search.ByNewest, PageSize: 1, Cursor: first.NextCursor},
		{Query: "cable", Sort: search.ByPrice, PageSize: 1, Cursor: first.NextCursor},
	} {
		if _, err := c.Search(t.Context(), p); !fault.Is(err, fault.Invalid) {
			t.Errorf("%+v: %v", p, err)
		}
	}
	// The view ends with its index.
	if err := c.DeleteIndex(t.Context(), index); err != nil {
		t.Fatal(err)
	}
	p := search.Params{Sort: search.ByPrice, PageSize: 1, Cursor: first.NextCursor}
	if _, err := c.Search(t.Context(), p); !fault.Is(err, fault.Gone) {
		t.Errorf("an expired cursor: %v", err)
	}
}
