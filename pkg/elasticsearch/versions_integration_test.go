//go:build integration

package elasticsearch_test

import (
	"encoding/json"
	"slices"
	"testing"

	"aforro/pkg/elasticsearch"
	"aforro/pkg/fault"
	"aforro/pkg/search"
	"aforro/pkg/testkit"
)

// mustEmpty makes a client with index names of the test's own and one version.
func mustEmpty(tb testing.TB) (*elasticsearch.Client, string) {
	tb.Helper()
	node, prefix := testkit.Elasticsearch(tb)
	c, err := elasticsearch.New(elasticsearch.Options{URLs: node, IndexPrefix: prefix})
	if err != nil {
		tb.Fatal(err)
	}
	return c, mustVersion(tb, c)
}

func mustVersion(tb testing.TB, c *elasticsearch.Client) string {
	tb.Helper()
	v, err := c.CreateIndex(tb.Context(), search.IndexMeta{History: search.History{SystemID: "7", Timeline: 1}})
	if err != nil {
		tb.Fatal(err)
	}
	return v.Name
}

func mustWrite(tb testing.TB, c *elasticsearch.Client, index string, writes ...search.Write) []search.WriteResult {
	tb.Helper()
	results, err := c.Bulk(tb.Context(), index, writes)
	if err != nil {
		tb.Fatal(err)
	}
	return results
}

func TestTheHigherVersionWins(t *testing.T) {
	t.Parallel()
	c, index := mustEmpty(t)
	doc := func(title string) *search.Document { return &search.Document{ID: 1, Title: title, Category: "x"} }
	for _, step := range []struct {
		name   string
		write  search.Write
		want   search.Outcome
		stored search.Version
	}{
		{"the first", search.Write{ID: 1, Version: 10, Document: doc("a")}, search.Stored, 0},
		{"the same version again", search.Write{ID: 1, Version: 10, Document: doc("b")}, search.Stored, 0},
		{"the same version, yielding", search.Write{ID: 1, Version: 10, Document: doc("c"), Yield: true}, search.Late, 10},
		{"an older one", search.Write{ID: 1, Version: 9, Document: doc("d")}, search.Late, 10},
		{"an older delete", search.Write{ID: 1, Version: 9}, search.Late, 10},
		{"a delete", search.Write{ID: 1, Version: 11}, search.Stored, 0},
		{"a write older than the delete", search.Write{ID: 1, Version: 10, Document: doc("e")}, search.Late, 11},
		{"a delete of what never was", search.Write{ID: 2, Version: 11}, search.Stored, 0},
		{"a newer one", search.Write{ID: 1, Version: 12, Document: doc("f")}, search.Stored, 0},
		{"attributes that are no object", search.Write{ID: 3, Version: 12, Document: &search.Document{ID: 3, Title: "g", Category: "x", Attributes: json.RawMessage(`{"k":{"deep":[1]},"n":null}`)}}, search.Stored, 0},
	} {
		r := mustWrite(t, c, index, step.write)[0]
		if r.Outcome != step.want || r.Stored != step.stored {
			t.Errorf("%s: got %+v", step.name, r)
		}
	}
	got, err := c.Get(t.Context(), index, search.Products, []int64{1, 2, 3})
	if err != nil || len(got) != 2 || got[0].Version != 12 {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestWritesToAnIndexThatIsGone(t *testing.T) {
	t.Parallel()
	c, index := mustEmpty(t)
	if err := c.DeleteIndex(t.Context(), index); err != nil {
		t.Fatal(err)
	}
	if err := c.DeleteIndex(t.Context(), index); err != nil {
		t.Errorf("deleting it again: %v", err)
	}
	_, err := c.Bulk(t.Context(), index, []search.Write{{ID: 1, Version: 1, Document: &search.Document{ID: 1, Category: "x"}}})
	if !fault.Is(err, fault.NotFound) {
		t.Errorf("got %v", err)
	}
	if _, err := c.Search(t.Context(), search.Params{Sort: search.ByNewest, Page: 1, PageSize: 10}); !fault.Is(err, fault.Unavailable) {
		t.Errorf("a search without an index: %v", err)
	}
	if _, err := c.Suggest(t.Context(), "can", 0); !fault.Is(err, fault.Unavailable) {
		t.Errorf("a suggestion without an index: %v", err)
	}
}

func TestVersionsAndTheAlias(t *testing.T) {
	t.Parallel()
	c, first := mustEmpty(t)
	second := mustVersion(t, c)
	for i, index := range []string{first, second} {
		id := int64(i + 1)
		mustWrite(t, c, index, search.Write{ID: id, Version: 1, Document: &search.Document{ID: id, Title: index, Category: "x"}})
	}
	meta := search.IndexMeta{History: search.History{SystemID: "8", Timeline: 2, Database: "d"}, Complete: true, Writer: true}
	if err := c.SetMeta(t.Context(), second, meta); err != nil {
		t.Fatal(err)
	}
	for i, live := range []string{first, second, first} {
		if err := c.SwapAlias(t.Context(), live); err != nil {
			t.Fatal(err)
		}
		page, err := c.Search(t.Context(), search.Params{Sort: search.ByNewest, Page: 1, PageSize: 10})
		if err != nil || page.Count != 1 || page.Hits[0].Title != live {
			t.Errorf("swap %d to %s shows %+v, %v", i, live, page, err)
		}
	}
	versions, err := c.Indices(t.Context())
	if err != nil || len(versions) != 2 {
		t.Fatalf("got %+v, %v", versions, err)
	}
	live := slices.IndexFunc(versions, func(v search.IndexVersion) bool { return v.Live })
	if live != 0 || !versions[0].Current || versions[1].Name != second || versions[1].Meta.History != meta.History || !versions[1].Meta.Complete {
		t.Errorf("got %+v", versions)
	}
}

func TestScanReadsEverythingByID(t *testing.T) {
	t.Parallel()
	c, index := mustEmpty(t)
	var writes []search.Write
	for id := int64(1); id <= 25; id++ {
		writes = append(writes, search.Write{ID: id, Version: search.Version(100 + id), Document: &search.Document{ID: id, Title: "t", Category: "x"}})
	}
	mustWrite(t, c, index, writes...)
	if err := c.Refresh(t.Context(), index); err != nil {
		t.Fatal(err)
	}
	next := int64(1)
	for after := int64(0); ; {
		batch, err := c.Scan(t.Context(), index, search.Products, after, 10)
		if err != nil {
			t.Fatal(err)
		}
		if len(batch) == 0 {
			break
		}
		for _, d := range batch {
			want, err := c.Render(writes[next-1].Document, search.Products)
			if err != nil || d.ID != next || d.Version != search.Version(100+next) || string(d.Source) != string(want) {
				t.Fatalf("got %d at version %d: %s; want %s, %v", d.ID, d.Version, d.Source, want, err)
			}
			next++
		}
		after = batch[len(batch)-1].ID
	}
	if next != 26 {
		t.Errorf("the scan ended before %d", next)
	}
}
