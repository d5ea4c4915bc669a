package search

import (
	"slices"
	"testing"
)

func TestFold(t *testing.T) {
	t.Parallel()
	given := []string{"HP", "Dell", "hp", "ÄB"}
	if got := Fold(given); !slices.Equal(got, []string{"dell", "hp", "äb"}) || given[0] != "HP" {
		t.Errorf("%q of %q", got, given)
	}
	if Fold(nil) != nil || Fold([]string{}) != nil {
		t.Error("no values are no filter")
	}
}

// What keeps the same products has one choice; what does not has another.
func TestChoice(t *testing.T) {
	t.Parallel()
	low, same, high := 1.5, 1.50, 2.0
	one := Params{Brands: []string{"HP", "Dell"}, Categories: []string{"B", "a"}, Attributes: []AttributeFilter{
		{Key: "colour", Values: []string{"Red", "blue"}}, {Key: "Weight", Min: &low}}}
	two := Params{Brands: []string{"dell", "hp", "HP"}, Categories: []string{"A", "b"}, Attributes: []AttributeFilter{
		{Key: "weight", Min: &same}, {Key: "COLOUR", Values: []string{"BLUE", "red"}}}}
	if one.Choice() != two.Choice() || one.Attributes[0].Key != "colour" {
		t.Errorf("%s\n%s", one.Choice(), two.Choice())
	}
	seen := map[string]int{}
	for i, p := range []Params{
		{}, one, {Brands: []string{"a"}}, {Categories: []string{"a"}}, {Brands: []string{"a", "b"}}, {Brands: []string{`a" "b`}},
		{Attributes: []AttributeFilter{{Key: "a", Values: []string{"b"}}}}, {Attributes: []AttributeFilter{{Key: "a", Min: &low}}},
		{Attributes: []AttributeFilter{{Key: "a", Max: &low}}}, {Attributes: []AttributeFilter{{Key: "a", Min: &low, Max: &high}}},
		{Near: &Near{}}, {Near: &Near{Latitude: 1}}, {Near: &Near{Longitude: 1}}, {Near: &Near{RadiusKM: 1}},
	} {
		if other, ok := seen[p.Choice()]; ok {
			t.Errorf("%d and %d have one choice", other, i)
		}
		seen[p.Choice()] = i
	}
}
