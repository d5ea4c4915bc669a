package storefront

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Answer is a page of results as /api/search/products/ answers it.
type Answer struct {
	Count      int64    `json:"count"`
	Next       *string  `json:"next"`
	Previous   *string  `json:"previous"`
	DidYouMean string   `json:"did_you_mean"`
	Relaxed    []string `json:"relaxed"`
	Facets     []Facet  `json:"facets"`
	Hits       []Hit    `json:"results"`
}

// Hit is one product among the results.
type Hit struct {
	ID       int64  `json:"id"`
	Title    string `json:"title"`
	Price    string `json:"price"`
	Category string `json:"category"`
	Brand    string `json:"brand"`
	ImageURL string `json:"image_url"`
	// Quantity is what the shopper's store has; nil without one.
	Quantity  *int64            `json:"inventory_quantity"`
	Highlight map[string]string `json:"highlight"`
	Nearest   *Nearest          `json:"nearest"`
}

// Nearest is the nearest store that has a product.
type Nearest struct {
	StoreID    int64   `json:"store_id"`
	City       string  `json:"city"`
	DistanceKM float64 `json:"distance_km"`
	Quantity   int64   `json:"quantity"`
}

// Facet counts the results by one of their properties.
type Facet struct {
	Field  string       `json:"field"`
	Label  string       `json:"label"`
	Type   string       `json:"type"`
	Values []FacetValue `json:"values"`
}

// FacetValue is one value, or one range of numbers.
type FacetValue struct {
	Value    FacetChoice `json:"value"`
	Label    string      `json:"label"`
	Count    int64       `json:"count"`
	Selected bool        `json:"selected"`
}

// FacetChoice is a text, or [min, max] with null for no bound.
type FacetChoice struct {
	Text     string
	Min, Max json.Number
}

// UnmarshalJSON reads either.
func (c *FacetChoice) UnmarshalJSON(raw []byte) error {
	if !bytes.HasPrefix(bytes.TrimSpace(raw), []byte("[")) {
		return json.Unmarshal(raw, &c.Text)
	}
	var bounds []json.Number
	if err := json.Unmarshal(raw, &bounds); err != nil {
		return err
	}
	if len(bounds) != 2 {
		return fmt.Errorf("a range has two bounds, not %d", len(bounds))
	}
	c.Min, c.Max = bounds[0], bounds[1]
	return nil
}

// Read reads an answer.
func Read(body []byte) (Answer, error) {
	var a Answer
	if err := json.Unmarshal(body, &a); err != nil {
		return a, fmt.Errorf("read a page of results: %w", err)
	}
	return a, nil
}
