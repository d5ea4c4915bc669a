package catalog

import (
	"encoding/json"
	"time"
)

// Product is one thing that is sold. Its identity is ID; SKU is not unique.
type Product struct {
	ID          int64
	SKU         string
	Title       string
	Description string
	Brand       string
	Category    string
	Price       Price
	// GTIN is empty when unknown.
	GTIN string
	// ImageURL points to another host; it is data and never fetched by Aforro.
	ImageURL string
	// Attributes is a JSON object of free keys and scalar values.
	Attributes json.RawMessage
	// ReleasedOn is a date at midnight UTC, or nil.
	ReleasedOn *time.Time
	// Active products are searched, listed and sold; others are kept for the
	// orders that name them.
	Active bool
}

// Availability is what one store has of a product.
type Availability struct {
	StoreID  int64
	City     string
	Quantity int
}

// Limits of a product's texts, in characters. They bound documents and pages.
const (
	MaxTitle       = 500
	MaxSKU         = 300
	MaxBrand       = 200
	MaxCategory    = 200
	MaxDescription = 20_000
	MaxGTIN        = 14
	MaxURL         = 2_000
	MaxAttributes  = 256 << 10 // bytes of JSON
)
