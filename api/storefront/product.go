package storefront

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"

	"aforro/pkg/catalog"
)

// MostPieces is how many the order form takes at once.
const MostPieces = 9999

// mostAttributes is how many attributes a product's page lists.
const mostAttributes = 100

// Product is a product's page.
type Product struct {
	Frame
	Product catalog.Product
	Stock   []catalog.Availability
	// Form is the order form as it was filled in.
	Form OrderForm
}

// OrderForm is an order as a shopper fills it in.
type OrderForm struct {
	// Key makes sending the form twice one order.
	Key      string
	StoreID  int64
	Quantity string
	// Problem is what is wrong with it; empty when nothing is.
	Problem string
}

// Product renders the page.
func (p *Pages) Product(view Product) ([]byte, error) {
	view.Title = view.Product.Title
	return p.render("product", "frame.html", view)
}

// CategoryAddress is where the products of the same category are.
func (v Product) CategoryAddress() string {
	return Query{}.with(paramCategory, v.Product.Category, paramStore, v.Search.StoreID()).Address()
}

// Fact is a property of a product.
type Fact struct{ Label, Value string }

// Facts are the product's properties, then its attributes by name. Attributes
// that are no single value are left out.
func (v Product) Facts() []Fact {
	var facts []Fact
	for _, f := range []Fact{{"Brand", v.Product.Brand}, {"SKU", v.Product.SKU}, {"GTIN", v.Product.GTIN}} {
		if f.Value != "" {
			facts = append(facts, f)
		}
	}
	if v.Product.ReleasedOn != nil {
		facts = append(facts, Fact{"Released", v.Product.ReleasedOn.Format("2 January 2006")})
	}
	return append(facts, attributes(v.Product.Attributes)...)
}

func attributes(raw json.RawMessage) []Fact {
	var all map[string]any
	read := json.NewDecoder(bytes.NewReader(raw))
	read.UseNumber() // as they are written
	if read.Decode(&all) != nil {
		return nil
	}
	keys := make([]string, 0, len(all))
	for key := range all {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	var facts []Fact
	for _, key := range keys {
		if text := plain(all[key]); text != "" && len(facts) < mostAttributes {
			facts = append(facts, Fact{readable(key), text})
		}
	}
	return facts
}

func plain(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		if v {
			return "Yes"
		}
		return "No"
	}
	return ""
}

// Place is a store that carries the product.
type Place struct {
	ID       int64
	City     string
	Quantity int64
	Stock    *Stock
	// Mine: it is the shopper's store. Chosen: the order form has it.
	Mine, Chosen bool
	// Address is the product's page for this store.
	Address string
}

// Places are the stores that carry the product: the shopper's, then those that
// have most.
func (v Product) Places() []Place {
	list := make([]Place, len(v.Stock))
	for i, a := range v.Stock {
		id := strconv.FormatInt(a.StoreID, 10)
		list[i] = Place{
			ID: a.StoreID, City: a.City, Quantity: int64(a.Quantity), Stock: stockOf(int64(a.Quantity), ""),
			Mine: id == v.Search.StoreID(), Chosen: a.StoreID == v.Form.StoreID,
			Address: Query{}.with(paramStore, id).ProductAddress(strconv.FormatInt(v.Product.ID, 10)),
		}
	}
	slices.SortStableFunc(list, func(a, b Place) int {
		if a.Mine != b.Mine {
			return map[bool]int{true: -1, false: 1}[a.Mine]
		}
		return int(b.Quantity - a.Quantity)
	})
	return list
}

// Sellers are the stores that an order can be placed with: those that have some.
func (v Product) Sellers() []Place {
	return slices.DeleteFunc(v.Places(), func(p Place) bool { return p.Quantity <= 0 })
}

// Undecided: the order form names no store that has some.
func (v Product) Undecided() bool {
	return !slices.ContainsFunc(v.Sellers(), func(p Place) bool { return p.Chosen })
}

// Pieces is what all stores have together.
func (v Product) Pieces() int64 {
	var n int64
	for _, a := range v.Stock {
		n += int64(a.Quantity)
	}
	return n
}

// Here is what the shopper's store has; without one, what all have together.
func (v Product) Here() *Stock {
	for _, p := range v.Places() {
		if p.Mine {
			return stockOf(p.Quantity, p.City)
		}
	}
	switch n := v.Pieces(); {
	case v.City() != "":
		return &Stock{Text: "Not carried in " + v.City(), State: "out"}
	case n == 0:
		return &Stock{Text: "Sold out in every store", State: "out"}
	default:
		return &Stock{Text: grouped(n) + " in stock in " + places(v.Sellers()), State: "in"}
	}
}

func places(sellers []Place) string {
	if len(sellers) == 1 {
		return sellers[0].City
	}
	return strconv.Itoa(len(sellers)) + " stores"
}
