package search

import "aforro/pkg/catalog"

// SuggestionType is what a suggestion leads to.
type SuggestionType string

// The types.
const (
	// SuggestQuery is words to search for.
	SuggestQuery SuggestionType = "query"
	// SuggestProduct is one product, by its title.
	SuggestProduct SuggestionType = "product"
	// SuggestBrand and SuggestCategory are names.
	SuggestBrand    SuggestionType = "brand"
	SuggestCategory SuggestionType = "category"
)

// How many suggestions of each other type there are at most, beside MaxSuggest products.
const (
	MaxSuggestQueries    = 5
	MaxSuggestBrands     = 3
	MaxSuggestCategories = 3
)

// Suggestion is one of the ways on that somebody who types is offered.
type Suggestion struct {
	Type SuggestionType
	Text string
	// Completed is Text as HTML, escaped, with <em> around all that was not typed.
	Completed string
	// ID is the product's; 0 for all others.
	ID int64
	// Price and InStock are the product's, once they are known: InStock is of the
	// store that was asked for, else of any.
	Price   *catalog.Price
	InStock *bool
}
