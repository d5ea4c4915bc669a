//go:build integration

package elasticsearch

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"aforro/pkg/fault"
	"aforro/pkg/search"
	"aforro/pkg/testkit"
)

func outcomes(results []search.WriteResult) []search.Outcome {
	list := make([]search.Outcome, len(results))
	for i, r := range results {
		list[i] = r.Outcome
	}
	return list
}

func TestVersionsDecideWhatIsStored(t *testing.T) {
	t.Parallel()
	for _, listing := range []bool{false, true} {
		t.Run(fmt.Sprintf("listing %t", listing), func(t *testing.T) {
			t.Parallel()
			versionsDecide(t, listing)
		})
	}
}

func versionsDecide(t *testing.T, listing bool) {
	c, index := MustLive(t)
	lamp, broken := document(1, "Lamp"), document(2, "Chair")
	broken.Attributes = json.RawMessage(`{"` + strings.Repeat("k", 40_000) + `": "v"}`)
	for _, step := range []struct {
		name   string
		writes []search.Write
		want   []search.Outcome
		stored search.Version
	}{
		{"new", []search.Write{{ID: 1, Version: 10, Document: &lamp}}, []search.Outcome{search.Stored}, 0},
		{"same again", []search.Write{{ID: 1, Version: 10, Document: &lamp}}, []search.Outcome{search.Stored}, 0},
		{"a tie yields", []search.Write{{ID: 1, Version: 10, Document: &lamp, Yield: true}}, []search.Outcome{search.Late}, 10},
		{"late", []search.Write{{ID: 1, Version: 9, Document: &lamp}}, []search.Outcome{search.Late}, 10},
		{"late delete", []search.Write{{ID: 1, Version: 8}}, []search.Outcome{search.Late}, 10},
		{"very long key", []search.Write{{ID: 2, Version: 1, Document: &broken}, {ID: 1, Version: 11, Document: &lamp}}, []search.Outcome{search.Stored, search.Stored}, 0},
		{"delete", []search.Write{{ID: 1, Version: 12}, {ID: 404, Version: 1}}, []search.Outcome{search.Stored, search.Stored}, 0},
		{"later than a delete", []search.Write{{ID: 1, Version: 11, Document: &lamp}}, []search.Outcome{search.Late}, 12},
		{"back", []search.Write{{ID: 1, Version: 13, Document: &lamp, Yield: true}}, []search.Outcome{search.Stored}, 0},
	} {
		for i := range step.writes {
			step.writes[i].Listing = listing
		}
		results := MustBulk(t, c, index, step.writes)
		if !slices.Equal(outcomes(results), step.want) || results[0].Stored != step.stored {
			t.Errorf("%s: %+v", step.name, results)
		}
	}
}

// A document that Elasticsearch can never take is refused, alone.
func TestOneRefusedDocumentDoesNotHoldTheOthersBack(t *testing.T) {
	t.Parallel()
	c, index := MustLive(t)
	good, bad := document(1, "Lamp"), document(2, "Chair")
	bad.Brand = strings.Repeat("b", 40_000)
	results := MustBulk(t, c, index, []search.Write{{ID: 2, Version: 1, Document: &bad}, {ID: 1, Version: 1, Document: &good}})
	if results[0].Outcome != search.Refused || results[0].Reason == "" || results[1].Outcome != search.Stored {
		t.Errorf("%+v", results)
	}
}

func TestAnIndexThatIsGoneIsNotMadeAgain(t *testing.T) {
	t.Parallel()
	lamp := document(1, "Lamp")
	for name, writes := range map[string][]search.Write{
		"documents": {{ID: 1, Version: 1, Document: &lamp}},
		"deletes":   {{ID: 1, Version: 1}},
		"both":      {{ID: 1, Version: 1}, {ID: 2, Version: 1, Document: &lamp}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, index := MustLive(t)
			if err := c.DeleteIndex(t.Context(), index); err != nil {
				t.Fatal(err)
			}
			if results, err := c.Bulk(t.Context(), index, writes); !fault.Is(err, fault.NotFound) {
				t.Errorf("%+v, %v; want NotFound", results, err)
			}
			if left := testkit.ESRequest(t, "GET", mustNode(t)+"/_cat/indices/"+c.prefix+"*?h=index", ""); len(left) > 0 {
				t.Errorf("there is an index again: %s", left)
			}
		})
	}
}

func TestABlockedIndexIsToBeTriedAgain(t *testing.T) {
	t.Parallel()
	c, index := MustLive(t)
	lamp := document(1, "Lamp")
	for _, block := range []string{"read_only_allow_delete", "read_only", "write"} {
		setting := mustNode(t) + "/" + index + "/_settings"
		testkit.ESRequest(t, "PUT", setting, fmt.Sprintf(`{"index.blocks.%s": true}`, block))
		if got := MustBulk(t, c, index, []search.Write{{ID: 1, Version: 1, Document: &lamp}}); got[0].Outcome != search.Retry {
			t.Errorf("%s: %+v, want Retry", block, got)
		}
		testkit.ESRequest(t, "PUT", setting, fmt.Sprintf(`{"index.blocks.%s": null}`, block))
		if got := MustBulk(t, c, index, []search.Write{{ID: 1, Version: 1, Document: &lamp}}); got[0].Outcome != search.Stored {
			t.Errorf("after %s: %+v", block, got)
		}
	}
}

// More than Elasticsearch takes in one request.
func TestABatchOfTheLargestDocumentsIsSplit(t *testing.T) {
	t.Parallel()
	c, index := MustLive(t)
	long := "https://example.org/" + strings.Repeat("x", 256<<10) // kept, but not indexed: quick
	writes := make([]search.Write, 450)
	for i := range writes {
		d := document(int64(i+1), "Large")
		d.ImageURL = long
		writes[i] = search.Write{ID: d.ID, Version: 1, Document: &d}
	}
	results := MustBulk(t, c, index, writes)
	for i, r := range results {
		if r.ID != writes[i].ID || r.Outcome != search.Stored {
			t.Fatalf("write %d: %+v", i, r)
		}
	}
	if len(results) != len(writes) {
		t.Errorf("%d results for %d writes", len(results), len(writes))
	}
}

func TestNothingToWrite(t *testing.T) {
	t.Parallel()
	c, index := MustLive(t)
	if results, err := c.Bulk(t.Context(), index, nil); err != nil || len(results) != 0 {
		t.Errorf("%v, %v", results, err)
	}
}

func TestWhatIsRenderedIsWhatIsStored(t *testing.T) {
	t.Parallel()
	s := MustShop(t)
	versions, err := s.Indices(t.Context())
	if err != nil || len(versions) != 1 {
		t.Fatal(versions, err)
	}
	for _, part := range search.Parts {
		t.Run(string(part), func(t *testing.T) { s.holdsWhatIsRendered(t, versions[0].Name, part) })
	}
}

func (s *shop) holdsWhatIsRendered(t *testing.T, index string, part search.Part) {
	byID := map[int64]*search.Document{}
	for i := range s.docs {
		byID[s.docs[i].ID] = &s.docs[i]
	}
	seen, after := 0, int64(0)
	for {
		docs, err := s.Scan(t.Context(), index, part, after, 5000)
		if err != nil {
			t.Fatal(err)
		}
		if len(docs) == 0 {
			break
		}
		for _, d := range docs {
			want, err := s.Render(byID[d.ID], part)
			if err != nil || d.ID <= after || d.Version != 1 || !sameJSON(t, d.Source, want) {
				t.Fatalf("product %d at version %d: %v\n got %s\nwant %s", d.ID, d.Version, err, d.Source, want)
			}
			after, seen = d.ID, seen+1
		}
	}
	if seen != len(s.docs) {
		t.Errorf("%d products, want %d", seen, len(s.docs))
	}
}

// sameJSON compares what two texts mean: Elasticsearch writes some characters in
// another way than Go.
func sameJSON(tb testing.TB, a, b []byte) bool {
	tb.Helper()
	if bytes.Equal(a, bytes.ReplaceAll(b, []byte(`\u0026`), []byte("&"))) {
		return true
	}
	var x, y any
	if err := errors.Join(json.Unmarshal(a, &x), json.Unmarshal(b, &y)); err != nil {
		tb.Fatal(err)
	}
	return reflect.DeepEqual(x, y)
}

// Get does not wait for a refresh, Scan does.
func TestGetSeesWhatScanDoesNotYet(t *testing.T) {
	t.Parallel()
	node, prefix := testkit.Elasticsearch(t)
	c := MustClient(t, node, prefix)
	index := MustIndex(t, c)
	MustStore(t, c, index, []search.Document{document(5, "Lamp"), document(3, "Chair")})
	docs, err := c.Get(t.Context(), index, search.Products, []int64{5, 4, 3})
	if err != nil || len(docs) != 2 || docs[0].ID != 3 || docs[1].ID != 5 || docs[0].Version != 1 {
		t.Errorf("%+v, %v", docs, err)
	}
	if docs, err := c.Scan(t.Context(), index, search.Products, 0, 10); err != nil || len(docs) != 0 {
		t.Errorf("scanned before a refresh: %+v, %v", docs, err)
	}
	if docs, err := c.Get(t.Context(), index, search.Titles, nil); err != nil || len(docs) != 0 {
		t.Errorf("%+v, %v", docs, err)
	}
	for _, read := range []func() error{
		func() error { _, err := c.Get(t.Context(), index+"9", search.Titles, []int64{1}); return err },
		func() error { _, err := c.Scan(t.Context(), index+"9", search.Titles, 0, 10); return err },
	} {
		if err := read(); !fault.Is(err, fault.NotFound) {
			t.Errorf("an index that is not there: %v", err)
		}
	}
}
