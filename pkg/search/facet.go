package search

// Facets that every catalogue has; an attribute's is AttributePrefix and its key.
const (
	FacetBrand    = "brand"
	FacetCategory = "category"
	FacetPrice    = "price"
	FacetStore    = "store"
	// FacetAttributes asks for the attributes that matter for the hits.
	FacetAttributes = "attributes"
	AttributePrefix = "attr."
)

// FacetType tells how a facet's values are chosen.
type FacetType string

// The types: single values, or ranges of numbers.
const (
	Terms FacetType = "terms"
	Range FacetType = "range"
)

// Facet counts the hits by one of their properties, as if nothing of that
// property had been chosen.
type Facet struct {
	Field string
	// Label is for people, with the unit when there is one.
	Label  string
	Type   FacetType
	Values []FacetValue
}

// FacetValue is one value that hits have.
type FacetValue struct {
	// Value is what a filter wants to hear; of Terms only.
	Value string
	Label string
	Count int64
	// Selected: the search has chosen it.
	Selected bool
	// Min and Max bound a range: from Min, inclusive, up to Max, inclusive; nil is
	// no bound.
	Min, Max *float64
}
