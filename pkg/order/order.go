// Package order holds orders and the rule that decides them. It knows no
// database, queue or transport: adapters load what the rule needs and store
// what it says.
//
// States: PENDING → CONFIRMED (every line was in stock and all were deducted)
// or PENDING → REJECTED (a line was short, nothing was deducted), and
// CONFIRMED → CANCELLED (all was given back). A decided order is never decided
// again.
package order

import (
	"time"

	"aforro/pkg/catalog"
)

// Status is where an order stands.
type Status string

// The states of an order.
const (
	Pending   Status = "PENDING"
	Confirmed Status = "CONFIRMED"
	Rejected  Status = "REJECTED"
	Cancelled Status = "CANCELLED"
)

// Final reports whether the order has been decided.
func (s Status) Final() bool { return s != Pending }

// Item is one line of an order, as it was asked for.
type Item struct {
	ProductID int64
	// Quantity is in pieces, at least 1.
	Quantity int64
	// UnitPrice is the price of one piece: when the order was saved, and from
	// the decision on the price at that time.
	UnitPrice catalog.Price
}

// Order is one order of one store.
type Order struct {
	ID        int64
	StoreID   int64
	Status    Status
	CreatedAt time.Time
	// DecidedAt is nil while the order is PENDING.
	DecidedAt *time.Time
	Items     []Item
	// Total is the sum of all lines at their unit prices.
	Total catalog.Price
	// Reasons says why a REJECTED order was refused, line by line.
	Reasons []Reason
	// History lists each state with its time, oldest first.
	History []Event
}

// Event is one state that the order reached.
type Event struct {
	Status Status    `json:"status"`
	At     time.Time `json:"at"`
}

// Reason says why a product of an order could not be sold.
type Reason struct {
	ProductID int64       `json:"product"`
	Code      ReasonCode  `json:"code"`
	Requested int64       `json:"requested"`
	Available int64       `json:"available"`
	Elsewhere []Elsewhere `json:"elsewhere"`
}

// ReasonCode is why a line could not be served.
type ReasonCode string

// The reason codes.
const (
	InsufficientStock ReasonCode = "insufficient_stock"
	NotCarried        ReasonCode = "not_carried"
)

// Elsewhere is another store that has the product, nearest first.
type Elsewhere struct {
	StoreID   int64  `json:"store_id"`
	City      string `json:"city"`
	Available int64  `json:"available"`
	// DistanceKM is rounded to a tenth.
	DistanceKM float64 `json:"distance_km"`
}

// Summary is an order in a store's list.
type Summary struct {
	ID        int64
	Status    Status
	CreatedAt time.Time
	// Lines is the number of lines, not of pieces.
	Lines int
}

// Limits of one order.
const (
	MaxLines = 500
	// MaxQuantity bounds a line and the sum of a product's lines: 2³¹−1.
	MaxQuantity = 1<<31 - 1
	// MaxElsewhere is how many other stores a reason names.
	MaxElsewhere = 5
	// MaxLocated is for how many of an order's reasons other stores are looked up;
	// further ones name none.
	MaxLocated = 20
)
