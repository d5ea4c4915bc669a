package api

import (
	"cmp"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"aforro/elastic"
	"aforro/pkg/search"
)

// attributeParam describes filters whose names are made of an attribute's key.
var attributeParam = &huma.Param{
	Name: "attributes", In: "query", Style: "form", Explode: new(true),
	Description: "Filters by attributes: `attr.<key>=value`, repeated for any of several values, in any case; " +
		"`attr.<key>_min=` and `attr.<key>_max=`, inclusive, for the numbers among the facets (docs/search.md lists them). " +
		"At most 10 attributes of 20 values. `facet_q.<facet>=text` keeps, of a facet's values, those with a word that begins so.",
	Schema:  &huma.Schema{Type: huma.TypeObject, AdditionalProperties: &huma.Schema{Type: huma.TypeString}},
	Example: map[string]string{"attr.product_colour": "black", "attr.weight_max": "2000"},
}

// values reads a filter that may be repeated. Empty ones are none.
func (r *reader) values(name string, raw []string) []string {
	var list []string
	for _, v := range raw {
		if v = clean(v); v != "" {
			list = append(list, v)
		}
	}
	list = search.Fold(list)
	if len(list) > search.MaxFilterValues {
		r.refuse(name, "", fmt.Sprintf("must be given at most %d times, with different values", search.MaxFilterValues))
		return nil
	}
	return list
}

// attributes reads the filters by attributes, by key.
func (r *reader) attributes(query url.Values) []search.AttributeFilter {
	byKey := map[string]*search.AttributeFilter{}
	for name, raw := range query {
		rest, ok := strings.CutPrefix(name, search.AttributePrefix)
		if !ok {
			continue
		}
		key, bound := attributeKey(rest)
		if key == "" || strings.Contains(key, "=") || utf8.RuneCountInString(key) > search.MaxAttributeKey {
			r.refuse(name, "", fmt.Sprintf("must name an attribute, in at most %d characters and without =", search.MaxAttributeKey))
			continue
		}
		filter := byKey[key]
		if filter == nil {
			filter = &search.AttributeFilter{Key: key}
		}
		switch bound {
		case "_min":
			filter.Min = r.number(name, raw[0])
		case "_max":
			filter.Max = r.number(name, raw[0])
		default:
			filter.Values = append(filter.Values, r.values(name, raw)...)
		}
		if len(filter.Values) > 0 || filter.Min != nil || filter.Max != nil {
			byKey[key] = filter
		}
	}
	return r.chosen(byKey)
}

// chosen checks the filters together and puts them in order.
func (r *reader) chosen(byKey map[string]*search.AttributeFilter) []search.AttributeFilter {
	var list []search.AttributeFilter
	for _, f := range byKey {
		if f.Values = search.Fold(f.Values); len(f.Values) > search.MaxFilterValues {
			r.refuse(search.AttributePrefix+f.Key, "", fmt.Sprintf("must have at most %d values", search.MaxFilterValues))
		}
		if f.Min != nil && f.Max != nil && *f.Min > *f.Max {
			r.refuse(search.AttributePrefix+f.Key+"_min", strconv.FormatFloat(*f.Min, 'f', -1, 64), "must not be over "+search.AttributePrefix+f.Key+"_max")
		}
		list = append(list, *f)
	}
	if len(list) > search.MaxAttributeFilters {
		r.refuse("attr", "", fmt.Sprintf("may be of at most %d attributes", search.MaxAttributeFilters))
	}
	slices.SortFunc(list, func(a, b search.AttributeFilter) int { return cmp.Compare(a.Key, b.Key) })
	return list
}

// attributeKey parts what follows "attr." into a key and, for a number of the
// table of facets, which bound it is.
func attributeKey(rest string) (key, bound string) {
	key = strings.ToLower(clean(rest))
	for _, bound := range []string{"_min", "_max"} {
		if number, ok := strings.CutSuffix(key, bound); ok {
			if f := elastic.FacetOf(number); f != nil && f.Number() {
				return number, bound
			}
		}
	}
	return key, ""
}

// number reads a decimal; empty gives nil.
func (r *reader) number(name, raw string) *float64 {
	if raw == "" {
		return nil
	}
	n, err := strconv.ParseFloat(raw, 64)
	if err != nil || math.IsInf(n, 0) || math.IsNaN(n) || strings.Trim(raw, "0123456789+-.") != "" {
		r.refuse(name, raw, "must be a number such as 15.6")
		return nil
	}
	return &n
}
