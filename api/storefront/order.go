package storefront

import (
	"net/url"
	"strconv"
	"time"

	"aforro/pkg/catalog"
	"aforro/pkg/order"
)

// Order is an order's page.
type Order struct {
	Frame
	Order order.Order
	// Token opens the order.
	Token string
	// Titles are those of its products, as far as they are known.
	Titles map[int64]string
	// StoreCity is where it was placed.
	StoreCity string
}

// Order renders the page.
func (p *Pages) Order(view Order) ([]byte, error) {
	view.Title = view.Heading()
	view.Reload = !view.Order.Status.Final()
	return p.render("order", "frame.html", view)
}

// OrderAddress is where an order's page is.
func OrderAddress(id int64, token string) string {
	return "/orders/" + strconv.FormatInt(id, 10) + "/page?" + url.Values{"token": {token}}.Encode()
}

// Events is where the order's states are told as they come; empty when it is
// decided.
func (v Order) Events() string {
	if v.Order.Status.Final() {
		return ""
	}
	return "/orders/" + strconv.FormatInt(v.Order.ID, 10) + "/events/?" + url.Values{"token": {v.Token}}.Encode()
}

// Heading says how the order stands.
func (v Order) Heading() string {
	return "Order " + strconv.FormatInt(v.Order.ID, 10) + " is " + map[order.Status]string{
		order.Pending: "being checked", order.Confirmed: "confirmed", order.Rejected: "not possible", order.Cancelled: "cancelled",
	}[v.Order.Status]
}

// Explanation says what that means.
func (v Order) Explanation() string {
	switch v.Order.Status {
	case order.Confirmed:
		return "Everything was in stock in " + v.StoreCity + " and is yours."
	case order.Rejected:
		return "The store in " + v.StoreCity + " has too little of what you asked for. Nothing was taken, and nothing is owed."
	case order.Cancelled:
		return "Everything went back to the shelves in " + v.StoreCity + "."
	}
	return "The store in " + v.StoreCity + " is looking whether everything is there. This page shows the answer as soon as it is known."
}

// State is the status in small letters, for the looks.
func (v Order) State() string {
	return map[order.Status]string{order.Confirmed: "in", order.Rejected: "out", order.Cancelled: "out"}[v.Order.Status]
}

// Line is one line of the order.
type Line struct {
	Title, Address  string
	Quantity        int64
	UnitPrice, Cost string
}

// Lines are those of the order.
func (v Order) Lines() []Line {
	lines := make([]Line, len(v.Order.Items))
	for i, it := range v.Order.Items {
		cost, _ := it.UnitPrice.Times(it.Quantity) // the total, which has it in, fits
		lines[i] = Line{Title: v.title(it.ProductID), Address: v.product(it.ProductID, v.Order.StoreID, 0),
			Quantity: it.Quantity, UnitPrice: it.UnitPrice.String(), Cost: cost.String()}
	}
	return lines
}

func (v Order) title(id int64) string {
	if t := v.Titles[id]; t != "" {
		return t
	}
	return "Product " + strconv.FormatInt(id, 10)
}

// product is where a product's page is for a store, with a quantity filled in.
func (v Order) product(id, storeID, quantity int64) string {
	q := url.Values{paramStore: {strconv.FormatInt(storeID, 10)}}
	if quantity > 0 {
		q.Set("quantity", strconv.FormatInt(quantity, 10))
	}
	return "/products/" + strconv.FormatInt(id, 10) + "?" + q.Encode()
}

// Reason says why a product could not be sold, and where else it is.
type Reason struct {
	Title, Text string
	Offers      []Offer
}

// Offer is another store that has the product.
type Offer struct {
	City, Address string
	Available     int64
	DistanceKM    float64
	// Enough: it has all that was asked for.
	Enough bool
	// Pieces is how many the address asks for.
	Pieces int64
}

// Reasons are why the order was REJECTED.
func (v Order) Reasons() []Reason {
	reasons := make([]Reason, len(v.Order.Reasons))
	for i, r := range v.Order.Reasons {
		reasons[i] = Reason{Title: v.title(r.ProductID), Text: v.because(r)}
		for _, e := range r.Elsewhere {
			pieces := min(r.Requested, e.Available)
			reasons[i].Offers = append(reasons[i].Offers, Offer{City: e.City, Available: e.Available, DistanceKM: e.DistanceKM,
				Enough: e.Available >= r.Requested, Pieces: pieces, Address: v.product(r.ProductID, e.StoreID, pieces)})
		}
	}
	return reasons
}

func (v Order) because(r order.Reason) string {
	switch {
	case r.Code == order.NotCarried:
		return "The store in " + v.StoreCity + " does not carry it."
	case r.Available == 0:
		return "It is sold out in " + v.StoreCity + "."
	}
	return "You asked for " + grouped(r.Requested) + "; " + v.StoreCity + " has " + grouped(r.Available) + "."
}

// Moment is a state of the order and when it came.
type Moment struct {
	Text, Time, Stamp string
}

// Moments are the order's history, oldest first.
func (v Order) Moments() []Moment {
	words := map[order.Status]string{order.Pending: "Placed", order.Confirmed: "Confirmed", order.Rejected: "Refused", order.Cancelled: "Cancelled"}
	moments := make([]Moment, len(v.Order.History))
	for i, e := range v.Order.History {
		at := e.At.UTC()
		moments[i] = Moment{Text: words[e.Status], Time: at.Format("2 January 2006, 15:04:05 UTC"), Stamp: at.Format(time.RFC3339)}
	}
	return moments
}

// Total is what all lines come to.
func (v Order) Total() catalog.Price { return v.Order.Total }
