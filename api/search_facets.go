package api

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"aforro/elastic"
	"aforro/pkg/catalog"
	"aforro/pkg/search"
)

// Bounds of what is counted: facets of one search, the letters of a word, and
// stores of a facet.
const (
	maxFacets     = 20
	maxFacetWord  = 100
	maxFacetStore = 100
)

// facetsFresh is how old counts may be that are shown from the cache: any product
// may change them, not only those on the page.
const facetsFresh = 3 * time.Second

// facetWordPrefix begins the names of parameters that search within a facet.
const facetWordPrefix = "facet_q."

// facetView is one facet of an answer.
type facetView struct {
	Field  string           `json:"field" example:"brand"`
	Label  string           `json:"label" example:"Brand"`
	Type   search.FacetType `json:"type" enum:"terms,range"`
	Values []facetValueView `json:"values" nullable:"false"`
}

type facetValueView struct {
	Value    facetValue `json:"value"`
	Label    string     `json:"label" example:"HP"`
	Count    int64      `json:"count" doc:"How many products match with this value and what other facets have chosen."`
	Selected bool       `json:"selected" doc:"The search has chosen it."`
}

// facetValue is a text or, of a range, [min, max].
type facetValue struct {
	text     string
	min, max *float64
	ranged   bool
}

// MarshalJSON writes either.
func (v facetValue) MarshalJSON() ([]byte, error) {
	if v.ranged {
		return marshal([]*float64{v.min, v.max})
	}
	return marshal(v.text)
}

// Schema describes it to clients.
func (facetValue) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{OneOf: []*huma.Schema{
		{Type: huma.TypeString, Description: "What the filter of this facet takes."},
		{Type: huma.TypeArray, Description: "A range: the least and the greatest, inclusive; null is no bound.", Items: &huma.Schema{Type: huma.TypeNumber, Nullable: true}},
	}}
}

// facets reads what to count, and puts it in order: the same facets in another
// order are the same answer.
func (r *reader) facets(raw []string) []string {
	var list []string
	for _, names := range raw {
		for name := range strings.SplitSeq(names, ",") {
			if name = strings.ToLower(clean(name)); name == "" || slices.Contains(list, name) {
				continue
			}
			if facetRank(name) > len(facetOrder) {
				r.refuse("facets", name, "must be brand, category, price, store, attributes or attr. and an attribute's key, separated by commas")
				return nil
			}
			if len(list) == maxFacets {
				r.refuse("facets", "", fmt.Sprintf("may name at most %d", maxFacets))
				return nil
			}
			list = append(list, name)
		}
	}
	slices.SortFunc(list, func(a, b string) int { return cmp.Or(cmp.Compare(facetRank(a), facetRank(b)), cmp.Compare(a, b)) })
	return list
}

var facetOrder = []string{search.FacetBrand, search.FacetCategory, search.FacetPrice, search.FacetStore, search.FacetAttributes}

// facetRank is a facet's place among the answer's; beyond len(facetOrder) for what
// is none.
func facetRank(name string) int {
	if i := slices.Index(facetOrder, name); i >= 0 {
		return i
	}
	key, ok := strings.CutPrefix(name, search.AttributePrefix)
	if ok && key != "" && !strings.Contains(key, "=") && utf8.RuneCountInString(key) <= search.MaxAttributeKey {
		return len(facetOrder)
	}
	return len(facetOrder) + 1
}

// facetWords reads what the values of facets are to begin with.
func (r *reader) facetWords(query url.Values, facets []string) map[string]string {
	var words map[string]string
	for name, raw := range query {
		facet, ok := strings.CutPrefix(name, facetWordPrefix)
		word := strings.ToLower(clean(raw[0]))
		if !ok || word == "" {
			continue
		}
		facet = strings.ToLower(clean(facet))
		switch {
		case !slices.Contains(facets, facet):
			r.refuse(name, "", "must name a facet that facets asks for")
		case !searchable(facet):
			r.refuse(name, "", "must name a facet of single values, such as facet_q.brand")
		case utf8.RuneCountInString(word) > maxFacetWord:
			r.refuse(name, "", fmt.Sprintf("must have at most %d characters", maxFacetWord))
		default:
			if words == nil {
				words = map[string]string{}
			}
			words[facet] = word
		}
	}
	return words
}

// searchable reports whether a facet's values are texts.
func searchable(facet string) bool {
	if facet == search.FacetPrice || facet == search.FacetAttributes {
		return false
	}
	f := elastic.FacetOf(strings.TrimPrefix(facet, search.AttributePrefix))
	return f == nil || !f.Number()
}

// packFacets writes the facets of a page; nothing when none were asked for.
func packFacets(p search.Page) ([]byte, error) {
	if p.Facets == nil {
		return nil, nil
	}
	views := make([]facetView, len(p.Facets))
	for i, f := range p.Facets {
		views[i] = facetView{Field: f.Field, Label: f.Label, Type: f.Type, Values: make([]facetValueView, len(f.Values))}
		for j, v := range f.Values {
			views[i].Values[j] = facetValueView{
				Value: facetValue{v.Value, v.Min, v.Max, f.Type == search.Range}, Label: v.Label, Count: v.Count, Selected: v.Selected,
			}
		}
	}
	return marshal(views)
}

// nameStores gives the values of the facet of stores their names, drops those that
// do not have the word, and all but the most frequent.
func (s *Server) nameStores(ctx context.Context, p search.Params, facets []search.Facet) error {
	at := slices.IndexFunc(facets, func(f search.Facet) bool { return f.Field == search.FacetStore })
	if at < 0 {
		return nil
	}
	list, err := s.stores.list(ctx)
	if err != nil {
		return err
	}
	names := make(map[string]string, len(list))
	for _, store := range list {
		names[strconv.FormatInt(store.ID, 10)] = storeLabel(store)
	}
	word := p.FacetWords[search.FacetStore]
	var kept []search.FacetValue
	for _, v := range facets[at].Values {
		v.Label = cmp.Or(names[v.Value], v.Value)
		if v.Selected || len(kept) < maxFacetStore && (word == "" || hasWord(v.Label, word)) {
			kept = append(kept, v)
		}
	}
	facets[at].Values = kept
	return nil
}

func storeLabel(s catalog.Store) string {
	if s.City == "" || strings.Contains(s.Name, s.City) {
		return s.Name
	}
	return s.Name + ", " + s.City
}

// hasWord reports whether a text has a word that begins with small letters.
func hasWord(text, begin string) bool {
	text = strings.ToLower(text)
	for i := range text {
		if strings.HasPrefix(text[i:], begin) && (i == 0 || strings.ContainsAny(text[i-1:i], " -,./&'()")) {
			return true
		}
	}
	return false
}
