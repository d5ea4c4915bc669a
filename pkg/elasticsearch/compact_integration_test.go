//go:build integration

package elasticsearch

import (
	"testing"

	"github.com/elastic/go-elasticsearch/v8/esapi"

	"aforro/pkg/search"
)

// segments counts those of a version's products.
func segments(tb testing.TB, c *Client, index string) (n int) {
	tb.Helper()
	var stats struct {
		All struct {
			Primaries struct {
				Segments struct {
					Count int `json:"count"`
				} `json:"segments"`
			} `json:"primaries"`
		} `json:"_all"`
	}
	if err := c.call(tb.Context(), "count segments", esapi.IndicesStatsRequest{Index: []string{index}, Metric: []string{"segments"}}, &stats); err != nil {
		tb.Fatal(err)
	}
	return stats.All.Primaries.Segments.Count
}

// A version that was built in many bulks has one segment of products afterwards,
// and holds what it did.
func TestABuiltVersionIsCompacted(t *testing.T) {
	t.Parallel()
	c, index := MustLive(t)
	for id := range int64(3) {
		doc := document(id+1, "Lamp")
		MustBulk(t, c, index, []search.Write{{ID: doc.ID, Version: 5, Document: &doc, Listing: true}})
		if err := c.Refresh(t.Context(), index); err != nil {
			t.Fatal(err)
		}
	}
	if n := segments(t, c, index); n <= 1 {
		t.Fatalf("%d segments to begin with", n)
	}
	if err := c.CompactIndex(t.Context(), index); err != nil {
		t.Fatal(err)
	}
	if n := segments(t, c, index); n != 1 {
		t.Errorf("%d segments", n)
	}
	if page := MustSearch(t, c, search.Params{Query: "lamp"}); page.Count != 3 {
		t.Errorf("%d lamps", page.Count)
	}
	if err := c.CompactIndex(t.Context(), "no-such-index"); err == nil {
		t.Error("an index that is not there is compacted")
	}
}
