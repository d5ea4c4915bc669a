// Package search holds what a search asks and answers, whatever engine runs
// it: parameters, pages, suggestions, documents, and the measures by which a
// ranking is judged. It knows no engine and no transport.
package search

import (
	"encoding/json"
	"time"

	"aforro/pkg/catalog"
)

// Sort is the order of results.
type Sort string

// The orders. Ties are broken by id: ascending, but descending for Newest.
const (
	ByRelevance Sort = "relevance"
	ByPrice     Sort = "price"
	ByPriceDesc Sort = "-price"
	ByNewest    Sort = "newest"
	ByDistance  Sort = "distance" // only with Params.Near
)

// Limits of a search.
const (
	MaxQuery        = 500 // characters
	DefaultPageSize = 10
	MaxPageSize     = 100
	MinSuggest      = 3 // characters
	MaxSuggest      = 10

	// Of one filter, of one search, and of a key and a value in characters.
	MaxFilterValues     = 20
	MaxAttributeFilters = 10
	MaxAttributeKey     = 100
	MaxFilterValue      = 200

	// Near a place: how far, and how many stores at most.
	DefaultRadiusKM = 50
	MaxRadiusKM     = 1000
	MaxNearStores   = 1000
)

// LastPage asks for the last page, whichever it is.
const LastPage = -1

// Params is one search. The zero value of a filter is no filter.
type Params struct {
	// Query is trimmed; empty lists everything.
	Query string
	// Categories are names, in any case; any one of them will do.
	Categories []string
	// Brands are names, in any case; any one of them will do.
	Brands []string
	// Attributes must all hold.
	Attributes []AttributeFilter
	// Near keeps what is in stock near a place.
	Near     *Near
	MinPrice *catalog.Price // inclusive
	MaxPrice *catalog.Price // inclusive
	// StoreID keeps what that store carries; 0 is any store.
	StoreID int64
	// InStock keeps what is available: in that store, or in any when StoreID is 0.
	InStock bool
	// Sort is never empty: ByRelevance with a query, else ByNewest, by default.
	Sort Sort
	// Page counts from 1; LastPage asks for the last one.
	Page     int
	PageSize int
	// Cursor is "" for numbered pages, "start" to begin a walk, else what the
	// page before gave as NextCursor.
	Cursor string

	// Facets are what to count: FacetBrand and the like, or "attr." and a key.
	Facets []string
	// FacetWords keeps, of a facet's values, those whose label has a word that
	// begins with the text; by facet.
	FacetWords map[string]string
	// Fields are what to show of each hit; none: everything that is usual.
	Fields []string
	// Highlight marks in each hit what matched, Explain says why it is where it is.
	Highlight bool
	Explain   bool
	// Collapse shows one product of each family of variants; numbered pages only.
	Collapse bool
}

// AttributeFilter keeps products by one attribute: one of the values, in any case, or a
// number within bounds, inclusive.
type AttributeFilter struct {
	Key      string
	Values   []string
	Min, Max *float64
}

// Near is a circle on the earth: a place in degrees, and how far around it.
type Near struct {
	Latitude, Longitude float64
	RadiusKM            float64
	// Stores are those within the radius, the nearest first: at most MaxNearStores.
	Stores []NearStore
}

// NearStore is a store and how far away it is.
type NearStore struct {
	ID         int64
	City       string
	DistanceKM float64
}

// CursorStart begins a cursor walk.
const CursorStart = "start"

// Page is one page of results.
type Page struct {
	// Count is how many products match in all, exact for the index.
	Count int64
	// Number is the page's number, from 1 (LastPage resolved); 0 in a cursor walk.
	Number int
	Hits   []Hit
	// NextCursor is set in a cursor walk while there may be more.
	NextCursor string
	// Facets are in the order of Params.Facets; the attributes that were chosen
	// stand where "attributes" was asked for.
	Facets []Facet
	// DidYouMean is the query as it was probably meant, when words of it were
	// taken for misspelt; Relaxed are the words that had to be left out. Either
	// way the hits are those of what is left.
	DidYouMean string
	Relaxed    []string
}

// Hit is one product on a page.
type Hit struct {
	ID          int64
	SKU         string
	Title       string
	Description string
	Brand       string
	Category    string
	Price       catalog.Price
	// Quantity is what the store of Params.StoreID has; nil without one.
	Quantity *int64
	// Highlight is HTML by field: escaped text with <em> around what matched.
	Highlight map[string]string
	// Nearest is the nearest store with stock, with Params.Near.
	Nearest *Nearest
	// Explain says what gave the hit its place, the most first.
	Explain []Reason
	// Variants is how many products of the family match, with Params.Collapse.
	Variants int64
}

// Nearest is a store that has a product, and how far away it is.
type Nearest struct {
	StoreID    int64
	City       string
	DistanceKM float64
	Quantity   int64
}

// Reason is one clause of the ranking that matched a hit.
type Reason struct {
	// Because says it in words that a shopkeeper understands.
	Because string
	// Field is where it matched; empty when that is everywhere.
	Field string
	// Adds is what it added to the score; a factor is given as what it took away.
	Adds float64
}

// Document is one product as the index holds it: the projection of its row,
// its category and its stock. It is always written whole.
type Document struct {
	ID          int64
	SKU         string
	Title       string
	Description string
	Brand       string
	Category    string
	Price       catalog.Price
	GTIN        string
	ImageURL    string
	ReleasedOn  *time.Time
	// Attributes is the product's JSON object as the database holds it.
	Attributes json.RawMessage
	// Stock has one entry for each store that carries the product, by store id.
	Stock []Stock
	// Hash and TitlesHash say what the product and its titles are made of: equal
	// ones, equal documents. The database computes them.
	Hash, TitlesHash int64
}

// Stock is what one store has of a product.
type Stock struct {
	StoreID  int64 `json:"store_id"`
	Quantity int64 `json:"quantity"`
}
