//go:build integration

package elasticsearch

import (
	"encoding/json"
	"testing"

	"aforro/elastic"
	"aforro/pkg/search"
	"aforro/pkg/testkit"
)

// An index of a program that knew fewer fields takes what this one writes.
func TestAnOlderIndexTakesNewFields(t *testing.T) {
	t.Parallel()
	node, prefix := testkit.Elasticsearch(t)
	older := elastic.Define()
	for _, field := range []string{"facets", "facet_steps", "attribute_terms", "numbers"} {
		delete(older.Mappings["properties"].(map[string]any), field)
	}
	old, err := New(Options{URLs: node, IndexPrefix: prefix, Definition: older})
	if err != nil {
		t.Fatal(err)
	}
	index := MustIndex(t, old)
	MustSwap(t, old, index)
	c := MustClient(t, node, prefix)
	lamp := document(1, "Lamp")
	lamp.Attributes = json.RawMessage(`{"weight": 5, "type": "LED"}`)
	write := []search.Write{{ID: 1, Version: 9, Document: &lamp, Listing: true}}
	if r := MustBulk(t, c, index, write)[0]; r.Outcome != search.Refused {
		t.Fatalf("without its fields: %+v", r)
	}
	for range 2 {
		if err := c.ExtendIndex(t.Context(), index); err != nil {
			t.Fatal(err)
		}
	}
	if r := MustBulk(t, c, index, write)[0]; r.Outcome != search.Stored {
		t.Fatalf("with its fields: %+v", r)
	}
	if err := c.Refresh(t.Context(), index); err != nil {
		t.Fatal(err)
	}
	if page := MustSearch(t, c, search.Params{Query: "lamp", Facets: []string{search.FacetBrand, search.FacetAttributes}}); page.Count != 1 {
		t.Errorf("%+v", page)
	}
	if page := MustSearch(t, c, search.Params{Attributes: []search.AttributeFilter{{Key: "type", Values: []string{"led"}}}}); page.Count != 0 {
		t.Errorf("what is not indexed is found: %+v", page)
	}
}
