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
)

// Limits of a search.
const (
	MaxQuery        = 500 // characters
	DefaultPageSize = 10
	MaxPageSize     = 100
	MinSuggest      = 3 // characters
	MaxSuggest      = 10
)

// LastPage asks for the last page, whichever it is.
const LastPage = -1

// Params is one search. The zero value of a filter is no filter.
type Params struct {
	// Query is trimmed; empty lists everything.
	Query string
	// Category is a category's name, in any case.
	Category string
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
