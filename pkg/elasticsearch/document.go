package elasticsearch

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"aforro/pkg/search"
)

// source is a product as it is indexed. Every field of the mapping but the copied
// ones is here.
type source struct {
	ID            int64          `json:"id"`
	SKU           string         `json:"sku"`
	GTIN          string         `json:"gtin,omitempty"`
	Title         string         `json:"title"`
	Description   string         `json:"description,omitempty"`
	Brand         string         `json:"brand,omitempty"`
	Category      string         `json:"category"`
	Type          string         `json:"type,omitempty"`
	Head          string         `json:"head,omitempty"`
	Accessory     bool           `json:"accessory"`
	Price         int64          `json:"price"`
	ReleasedOn    string         `json:"released_on,omitempty"`
	ImageURL      string         `json:"image_url,omitempty"`
	Attributes    []attribute    `json:"attributes,omitempty"`
	Stores        []int64        `json:"stores"`
	StoresInStock []int64        `json:"stores_in_stock"`
	Stock         []search.Stock `json:"stock"`
}

// attribute is the one shape of all attributes: a key, its value as text, and
// as a number where it is one.
type attribute struct {
	Key    string   `json:"key"`
	Value  string   `json:"value"`
	Number *float64 `json:"number,omitempty"`
}

// Render gives the JSON that Bulk stores for a document in that part.
func (c *Client) Render(doc *search.Document, part search.Part) ([]byte, error) {
	var text []byte
	var err error
	if part == search.Titles {
		text, err = json.Marshal(titled(doc))
	} else {
		text, err = product(doc)
	}
	if err != nil {
		return nil, fmt.Errorf("write the document of product %d: %w", doc.ID, err)
	}
	return text, nil
}

func product(doc *search.Document) ([]byte, error) {
	free := map[string]json.RawMessage{}
	if len(doc.Attributes) > 0 {
		if err := json.Unmarshal(doc.Attributes, &free); err != nil {
			return nil, fmt.Errorf("read the attributes: %w", err)
		}
	}
	s := source{
		ID: doc.ID, SKU: doc.SKU, GTIN: doc.GTIN, Title: doc.Title, Description: doc.Description,
		Brand: doc.Brand, Category: doc.Category, Price: int64(doc.Price), ImageURL: doc.ImageURL,
		Stock: doc.Stock, Stores: []int64{}, StoresInStock: []int64{},
	}
	if doc.ReleasedOn != nil {
		s.ReleasedOn = doc.ReleasedOn.Format("2006-01-02")
	}
	if s.Stock == nil {
		s.Stock = []search.Stock{}
	}
	s.Type = search.ProductType(doc.Title, free)
	s.Head, s.Accessory = search.HeadNoun(s.Type), search.IsAccessory(doc.Title, s.Type)
	s.Attributes = attributes(free)
	for _, line := range doc.Stock {
		s.Stores = append(s.Stores, line.StoreID)
		if line.Quantity > 0 {
			s.StoresInStock = append(s.StoresInStock, line.StoreID)
		}
	}
	return json.Marshal(s)
}

// attributes puts free keys into the one shape, by key; those without a value
// say nothing.
func attributes(free map[string]json.RawMessage) []attribute {
	list := make([]attribute, 0, len(free))
	for key, raw := range free {
		a := attribute{Key: key, Value: string(raw)}
		if a.Value == "null" {
			continue
		}
		var text string
		if json.Unmarshal(raw, &text) == nil {
			a.Value = text
		}
		a.Number = number(a.Value)
		list = append(list, a)
	}
	slices.SortFunc(list, func(a, b attribute) int { return strings.Compare(a.Key, b.Key) })
	return list
}

// number is the value of a text that is a plain decimal number, else nil.
// strconv also knows hexadecimal and infinite ones, which a shop does not mean.
func number(text string) *float64 {
	if strings.Trim(text, "0123456789+-.eE") != "" {
		return nil
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsInf(n, 0) {
		return nil
	}
	return &n
}
