package order

import "sort"

// Demand sums the items by product, in ascending order of product id: the
// order in which stock is locked, so that two decisions cannot deadlock.
func Demand(items []Item) []Line {
	sum := map[int64]int64{}
	for _, it := range items {
		sum[it.ProductID] += it.Quantity
	}
	lines := make([]Line, 0, len(sum))
	for id, q := range sum {
		lines = append(lines, Line{ProductID: id, Quantity: q})
	}
	sort.Slice(lines, func(i, j int) bool { return lines[i].ProductID < lines[j].ProductID })
	return lines
}

// Line is how many pieces of a product an order wants in all.
type Line struct {
	ProductID int64
	Quantity  int64
}

// Decide judges an order against what its store has: stock maps the id of each
// product that the store carries to the pieces that can be sold. It returns
// Confirmed and no reasons when every line can be served in full, else Rejected
// and one reason for each product that cannot.
func Decide(demand []Line, stock map[int64]int64) (Status, []Reason) {
	var reasons []Reason
	for _, want := range demand {
		have, carried := stock[want.ProductID]
		switch {
		case !carried:
			reasons = append(reasons, Reason{ProductID: want.ProductID, Code: NotCarried, Requested: want.Quantity})
		case have < want.Quantity:
			reasons = append(reasons, Reason{ProductID: want.ProductID, Code: InsufficientStock, Requested: want.Quantity, Available: have})
		}
	}
	if len(reasons) > 0 {
		return Rejected, reasons
	}
	return Confirmed, nil
}
