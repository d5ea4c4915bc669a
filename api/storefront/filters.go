package storefront

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// shown is how many values of a group stand open; the others are behind "more".
const shown = 8

// Group is one group of filters in the sidebar.
type Group struct {
	Field, Label string
	// Choices are values to tick, Ranges addresses to go to.
	Choices, More []Choice
	Ranges        []Range
}

// Choice is a value that can be chosen.
type Choice struct {
	Value, Label string
	Count        int64
	Selected     bool
	// Counted: Count is known.
	Counted bool
}

// control is a choice and where it stands.
type control struct {
	Choice
	Group Group
	ID    string
}

// choose is for templates: the group's number and the choice's make its id.
func choose(g Group, group, number int, c Choice) control {
	return control{c, g, elementID(number, "filter", strconv.Itoa(group), g.Field)}
}

// Range is a range that can be chosen: following the address chooses it, or takes
// the choice back.
type Range struct {
	Label, Address string
	Count          int64
	Selected       bool
}

// Prices are the ranges of prices.
func (r Results) Prices() []Range {
	for _, f := range r.Facets {
		if f.Field == "price" {
			return r.ranges(f)
		}
	}
	return nil
}

// Groups are the other facets. What is chosen of a facet and not among its
// values is added, so that it can be taken back.
func (r Results) Groups() []Group {
	var groups []Group
	for _, f := range r.Facets {
		if f.Field == "price" || f.Field == "store" || len(f.Values) == 0 {
			continue
		}
		g := Group{Field: f.Field, Label: f.Label}
		if f.Type == "range" {
			g.Ranges = r.ranges(f)
		} else {
			all := r.choices(f)
			open := min(shown, len(all))
			g.Choices, g.More = all[:open], all[open:]
		}
		groups = append(groups, g)
	}
	return groups
}

func (r Results) choices(f Facet) []Choice {
	var list []Choice
	for _, v := range f.Values {
		list = append(list, Choice{Value: v.Value.Text, Label: v.Label, Count: v.Count, Counted: true, Selected: v.Selected || r.Search.has(f.Field, v.Value.Text)})
	}
	for _, asked := range r.Search.values[f.Field] {
		if !slices.ContainsFunc(list, func(c Choice) bool { return strings.EqualFold(c.Value, asked) }) {
			list = append(list, Choice{Value: asked, Label: asked, Selected: true})
		}
	}
	slices.SortStableFunc(list, func(a, b Choice) int { return cmp.Compare(rank(a), rank(b)) })
	return list
}

// rank puts what is chosen first.
func rank(c Choice) int {
	if c.Selected {
		return 0
	}
	return 1
}

// bounds are the parameters of a facet of ranges.
func bounds(field string) (low, high string) {
	if field == "price" {
		return paramLowest, paramHighest
	}
	return field + lowestSuffix, field + highestSuffix
}

func (r Results) ranges(f Facet) []Range {
	low, high := bounds(f.Field)
	var list []Range
	for _, v := range f.Values {
		one := Range{Label: v.Label, Count: v.Count}
		one.Selected = v.Selected || r.bounded(low, v.Value.Min) && r.bounded(high, v.Value.Max) && (v.Value.Min != "" || v.Value.Max != "")
		if one.Selected {
			one.Address = r.Search.with(low, "", high, "").Address()
		} else {
			one.Address = r.Search.with(low, v.Value.Min.String(), high, v.Value.Max.String()).Address()
		}
		list = append(list, one)
	}
	return list
}

func (r Results) bounded(name string, by json.Number) bool { return r.Search.get(name) == by.String() }

// Parameter is a name and a value that a form carries along.
type Parameter struct{ Name, Value string }

// Carried are the parameters of the search that no control on the page holds.
func (r Results) Carried() []Parameter {
	held := []string{paramWords, paramStore, paramInStock, paramSort, paramPage, paramNear, paramRadius, paramLowest, paramHighest}
	for _, g := range r.Groups() {
		if g.Ranges == nil {
			held = append(held, g.Field)
		}
	}
	var list []Parameter
	for name, values := range r.Search.values {
		for _, v := range values {
			if !slices.Contains(held, name) {
				list = append(list, Parameter{name, v})
			}
		}
	}
	slices.SortFunc(list, func(a, b Parameter) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Value, b.Value)) })
	return list
}

// Chip is a filter that is in effect, and the address without it.
type Chip struct{ Label, Address string }

// Chips are the filters in effect.
func (r Results) Chips() []Chip {
	q := r.Search
	var chips []Chip
	for _, field := range r.chosen() {
		for _, v := range q.values[field] {
			chips = append(chips, Chip{r.labelOf(field, v), q.without(field, v).Address()})
		}
	}
	if city := r.City(); city != "" {
		chips = append(chips, Chip{"Store: " + city, q.with(paramStore, "").Address()})
	}
	if q.InStock() {
		chips = append(chips, Chip{"In stock", q.with(paramInStock, "").Address()})
	}
	if q.Lowest() != "" {
		chips = append(chips, Chip{"From " + money(q.Lowest()), q.with(paramLowest, "").Address()})
	}
	if q.Highest() != "" {
		chips = append(chips, Chip{"Up to " + money(q.Highest()), q.with(paramHighest, "").Address()})
	}
	if q.Near() != "" {
		chips = append(chips, Chip{"Near me", NewQuery(q.with(paramNear, "").values).Address()})
	}
	return chips
}

// chosen are the fields that something is chosen of, in the order of the facets.
func (r Results) chosen() []string {
	var fields []string
	for name := range r.Search.values {
		if name == paramCategory || name == paramBrand || strings.HasPrefix(name, attributePrefix) {
			fields = append(fields, name)
		}
	}
	slices.Sort(fields)
	return fields
}

func (r Results) labelOf(field, value string) string {
	bound := ""
	name := field
	if base, cut := strings.CutSuffix(field, lowestSuffix); cut {
		name, bound = base, "from "
	} else if base, cut := strings.CutSuffix(field, highestSuffix); cut {
		name, bound = base, "up to "
	}
	for _, f := range r.Facets {
		if f.Field != name {
			continue
		}
		for _, v := range f.Values {
			if v.Value.Text != "" && strings.EqualFold(v.Value.Text, value) {
				value = v.Label
			}
		}
		return f.Label + ": " + bound + value
	}
	return readable(strings.TrimPrefix(name, attributePrefix)) + ": " + bound + value
}

// Reset is the same search without filters; the store stays.
func (r Results) Reset() string {
	return NewQuery(map[string][]string{paramWords: {r.Search.Words()}, paramStore: {r.Search.StoreID()}}).Address()
}

// readable makes a label of a key: screen_size is Screen size.
func readable(key string) string {
	text := []rune(strings.TrimSpace(strings.ReplaceAll(key, "_", " ")))
	if len(text) == 0 {
		return key
	}
	return strings.ToUpper(string(text[0])) + string(text[1:])
}
