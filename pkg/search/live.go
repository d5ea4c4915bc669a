package search

import "aforro/pkg/catalog"

// Live is what the database says of a product that is sold, while a page of
// results is made: the index is always a little behind.
type Live struct {
	Price catalog.Price
	// Carried and Quantity are of the store that was asked for: whether it carries
	// the product, and what it can sell.
	Carried  bool
	Quantity int64
	// InStock: some store can sell it, when no store was asked for.
	InStock bool
	// NearStore is the nearest of the stores that were asked for which can sell it,
	// 0 when none can; Quantity is what that one can sell.
	NearStore int64
}

// Show puts what is true now on the hit. It reports false when the hit is none of
// this search any more: a filter that it was found by does not hold.
func (l Live) Show(h *Hit, p Params) bool {
	h.Price = l.Price
	if p.StoreID != 0 {
		h.Quantity = &l.Quantity
	}
	if p.Near != nil {
		h.Nearest = p.Near.At(l.NearStore, l.Quantity)
	}
	switch {
	case p.Near != nil && h.Nearest == nil:
		return false
	case p.MinPrice != nil && l.Price < *p.MinPrice, p.MaxPrice != nil && l.Price > *p.MaxPrice:
		return false
	case p.StoreID != 0:
		return l.Carried && (!p.InStock || l.Quantity > 0)
	}
	return !p.InStock || l.InStock
}
