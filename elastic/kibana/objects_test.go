// Package kibana holds the saved objects that docker-compose.yml imports into Kibana; this test is all of its code.
package kibana

import (
	"encoding/json"
	"maps"
	"os"
	"regexp"
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
		Labels  string     `json:"fieldAttrs"`
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

// mustFields are the fields of the real mapping, subfields included ("title.key").
func mustFields(tb testing.TB) map[string]string {
	tb.Helper()
	content, err := os.ReadFile("../mappings.json")
	if err != nil {
		tb.Fatal(err)
	}
	var root mapping
	if err := json.Unmarshal(content, &root); err != nil {
		tb.Fatal(err)
	}
	fields := map[string]string{}
	root.collect("", fields)
	return fields
}

type mapping struct {
	Type       string             `json:"type"`
	Properties map[string]mapping `json:"properties"`
	Fields     map[string]mapping `json:"fields"`
}

func (m mapping) collect(prefix string, into map[string]string) {
	for _, below := range []map[string]mapping{m.Properties, m.Fields} {
		for name, field := range below {
			into[prefix+name] = field.Type
			field.collect(prefix+name+".", into)
		}
	}
}

var queryField = regexp.MustCompile(`([\w.]+)\s*:`)

// named are all the fields that a saved object mentions: columns, sorting, query and labels.
func (o object) named(tb testing.TB) []string {
	tb.Helper()
	names := slices.Clone(o.Attributes.Columns)
	for _, by := range o.Attributes.Sort {
		names = append(names, by[0])
	}
	var source struct {
		Query struct {
			Query string `json:"query"`
		} `json:"query"`
	}
	labels := map[string]any{}
	for text, into := range map[string]any{o.Attributes.Meta.Source: &source, o.Attributes.Labels: &labels} {
		if text == "" {
			continue
		}
		if err := json.Unmarshal([]byte(text), into); err != nil {
			tb.Fatalf("%s: %v", o.ID, err)
		}
	}
	for _, match := range queryField.FindAllStringSubmatch(source.Query.Query, -1) {
		names = append(names, match[1])
	}
	return slices.AppendSeq(names, maps.Keys(labels))
}

func TestEveryFieldIsInTheMapping(t *testing.T) {
	t.Parallel()
	fields, checked := mustFields(t), 0
	for _, o := range mustObjects(t) {
		for _, name := range o.named(t) {
			checked++
			if _, ok := fields[name]; !ok {
				t.Errorf("%s names the field %s, which the mapping does not have", o.ID, name)
			}
		}
		for _, by := range o.Attributes.Sort {
			if fields[by[0]] == "text" {
				t.Errorf("%s sorts by %s, and a text field cannot be sorted by", o.ID, by[0])
			}
		}
	}
	if checked < 10 {
		t.Errorf("only %d fields were found in the saved objects: the test looks in the wrong place", checked)
	}
}
