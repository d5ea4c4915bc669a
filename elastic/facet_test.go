package elastic

import (
	"slices"
	"strings"
	"testing"
)

func TestTheFacetTableIsSound(t *testing.T) {
	t.Parallel()
	keys, from := map[string]bool{}, map[string]bool{}
	for _, f := range Facets() {
		if f.Key == "" || f.Label == "" || f.Key != strings.ToLower(f.Key) || strings.ContainsAny(f.Key, "=.* ") || keys[f.Key] {
			t.Errorf("%+v: a key is lower case, plain and its own; there is a label", f)
		}
		keys[f.Key] = true
		for _, a := range f.From {
			if from[a] {
				t.Errorf("%s: %s is taken twice", f.Key, a)
			}
			from[a] = true
		}
		if !slices.IsSorted(f.Steps) || len(slices.Compact(slices.Clone(f.Steps))) != len(f.Steps) || len(f.Steps) == 1 {
			t.Errorf("%s: steps %v", f.Key, f.Steps)
		}
	}
	if len(keys) < 20 || FacetOf("WEIGHT") == nil || FacetOf("no such") != nil {
		t.Errorf("%d facets", len(keys))
	}
}

func TestSteps(t *testing.T) {
	t.Parallel()
	f := Facet{Steps: []float64{1, 2, 5}}
	for n, want := range map[float64]int{-1: 0, 0.999: 0, 1: 1, 1.999: 1, 2: 2, 5: 3, 1e9: 3} {
		if got := f.Step(n); got != want {
			t.Errorf("%v is in range %d, want %d", n, got, want)
		}
	}
}

func TestEveryNumberIsMapped(t *testing.T) {
	t.Parallel()
	mapped := Define().Mappings["properties"].(map[string]any)["numbers"].(map[string]any)["properties"].(map[string]any)
	for _, f := range Facets() {
		if _, ok := mapped[f.Key]; ok != f.Number() {
			t.Errorf("%s: mapped %t", f.Key, ok)
		}
	}
}
