// Package inventory holds what stores have: stock lines and the ledger of
// their changes. It knows no database and no transport.
package inventory

import (
	"time"

	"aforro/pkg/catalog"
)

// MaxQuantity is the largest quantity that one line can hold: a 32-bit integer.
const MaxQuantity = 1<<31 - 1

// Line is one product in one store, as a store's inventory page shows it.
type Line struct {
	ProductID int64
	SKU       string
	Title     string
	Category  string
	Price     catalog.Price
	// Quantity is what can be sold: on hand minus held.
	Quantity int
}

// Position is a place in a store's list, which is ordered by title, then id.
type Position struct {
	Title     string
	ProductID int64
}

// Position is where the line stands in its store's list.
func (l Line) Position() Position { return Position{Title: l.Title, ProductID: l.ProductID} }

// Movement is one entry of the append-only ledger.
type Movement struct {
	ID        int64
	StoreID   int64
	ProductID int64
	At        time.Time
	// Delta is the change of the quantity on hand; opening stock is a movement too.
	Delta     int64
	Reason    string
	Reference string
}

// The reasons that Aforro itself writes. A change by plain SQL that sets none
// is recorded as ReasonSQL.
const (
	ReasonSQL    = "sql"
	ReasonOrder  = "order"
	ReasonImport = "import"
	ReasonSeed   = "seed"
)
