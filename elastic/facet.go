package elastic

import (
	_ "embed"
	"encoding/json"
	"sort"
	"strings"
	"sync"
)

//go:embed facets.json
var facetsFile []byte

// Facet is an attribute by which hits are counted unasked: an entry of facets.json.
type Facet struct {
	Key string `json:"key"`
	// From are the attributes that it is taken from, the best first; Key itself when
	// none is named.
	From  []string `json:"from"`
	Label string   `json:"label"`
	Unit  string   `json:"unit"`
	// Steps, ascending, are where ranges of a number begin and end; none: the values
	// are texts.
	Steps []float64 `json:"steps"`
}

// Number reports whether the facet's values are numbers.
func (f *Facet) Number() bool { return len(f.Steps) > 0 }

// Title is the label with the unit.
func (f *Facet) Title() string {
	if f.Unit == "" {
		return f.Label
	}
	return f.Label + " (" + f.Unit + ")"
}

// Step is the number of the range that a value lies in: 0 is below all steps,
// len(Steps) from the last one on.
func (f *Facet) Step(n float64) int {
	return sort.Search(len(f.Steps), func(i int) bool { return f.Steps[i] > n })
}

// Facets are the entries of facets.json, in its order. Nobody may change them.
var Facets = sync.OnceValue(func() []Facet { return readFacets(facetsFile) })

func readFacets(file []byte) (list []Facet) {
	must(json.Unmarshal(file, &list))
	for i, f := range list {
		if len(f.From) == 0 {
			list[i].From = []string{f.Key}
		}
	}
	return list
}

// facetsByKey finds an entry.
var facetsByKey = sync.OnceValue(func() map[string]*Facet {
	by := map[string]*Facet{}
	list := Facets()
	for i := range list {
		by[list[i].Key] = &list[i]
	}
	return by
})

// FacetOf is the entry of a key in any case; nil when there is none.
func FacetOf(key string) *Facet { return facetsByKey()[strings.ToLower(key)] }

// mapNumbers gives every number of the table a field of its own.
func mapNumbers(mappings map[string]any, facets []Facet) {
	numbers := map[string]any{}
	for _, f := range facets {
		if f.Number() {
			numbers[f.Key] = map[string]any{"type": "double"}
		}
	}
	mappings["properties"].(map[string]any)["numbers"] = map[string]any{"properties": numbers}
}
