// Package kibana holds the saved objects that docker-compose.yml imports into Kibana; this test is all of its code.
package kibana

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
)

// object is one line of the file, as Kibana's export writes it.
type object struct {
	ID         string `json:"id"`
	Type       string `json:"type"`
	Attributes struct {
		Title   string     `json:"title"`
		Columns []string   `json:"columns"`
		Sort    [][]string `json:"sort"`
		Time    string     `json:"timeFieldName"`
		Meta    struct {
			Source string `json:"searchSourceJSON"`
		} `json:"kibanaSavedObjectMeta"`
	} `json:"attributes"`
	References []struct {
		ID   string `json:"id"`
		Name string `json:"name"`
		Type string `json:"type"`
	} `json:"references"`
}

func mustObjects(tb testing.TB) []object {
	tb.Helper()
	content, err := os.ReadFile("products.ndjson")
	if err != nil {
		tb.Fatal(err)
	}
	var all []object
	for line := range strings.Lines(string(content)) {
		var o object
		if err := json.Unmarshal([]byte(line), &o); err != nil {
			tb.Fatalf("not a line of NDJSON: %v", err)
		}
		all = append(all, o)
	}
	return all
}

func TestTheDataViewIsTheAlias(t *testing.T) {
	t.Parallel()
	views := slices.DeleteFunc(mustObjects(t), func(o object) bool { return o.Type != "index-pattern" })
	if len(views) != 1 || views[0].Attributes.Title != "aforro-products" || views[0].Attributes.Time != "" {
		t.Errorf("want one data view of aforro-products without a time field, got %+v", views)
	}
}

func TestReferencesLeadSomewhere(t *testing.T) {
	t.Parallel()
	all := mustObjects(t)
	for _, o := range all {
		for _, r := range o.References {
			if !slices.ContainsFunc(all, func(other object) bool { return other.ID == r.ID && other.Type == r.Type }) {
				t.Errorf("%s refers to %s %s, which is not in the file", o.ID, r.Type, r.ID)
			}
		}
	}
}

func TestSearchesNameTheirSource(t *testing.T) {
	t.Parallel()
	searches := 0
	for _, o := range mustObjects(t) {
		if o.Type != "search" {
			continue
		}
		searches++
		var source struct {
			Index string `json:"indexRefName"`
			Query struct {
				Language string `json:"language"`
			} `json:"query"`
		}
		if err := json.Unmarshal([]byte(o.Attributes.Meta.Source), &source); err != nil {
			t.Errorf("%s: %v", o.ID, err)
		}
		if len(o.References) != 1 || source.Index != o.References[0].Name || source.Query.Language != "kuery" || len(o.Attributes.Columns) == 0 {
			t.Errorf("%s is not a saved search that Kibana can open: %+v", o.ID, o)
		}
	}
	if searches == 0 {
		t.Error("there is no saved search")
	}
}
