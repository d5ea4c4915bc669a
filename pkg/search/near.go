package search

import (
	"cmp"
	"math"
	"slices"

	"aforro/pkg/catalog"
)

// Place puts down which of these stores are near: the nearest first, then by id.
func (n *Near) Place(stores []catalog.Store) {
	here := catalog.Store{Latitude: n.Latitude, Longitude: n.Longitude}
	n.Stores = nil
	for _, s := range stores {
		if km := here.DistanceKM(s); km <= n.RadiusKM {
			n.Stores = append(n.Stores, NearStore{ID: s.ID, City: s.City, DistanceKM: km})
		}
	}
	slices.SortFunc(n.Stores, func(a, b NearStore) int {
		return cmp.Or(cmp.Compare(a.DistanceKM, b.DistanceKM), cmp.Compare(a.ID, b.ID))
	})
	n.Stores = n.Stores[:min(len(n.Stores), MaxNearStores)]
}

// IDs are those of the stores, the nearest first.
func (n *Near) IDs() []int64 {
	ids := make([]int64, len(n.Stores))
	for i, s := range n.Stores {
		ids[i] = s.ID
	}
	return ids
}

// At is a near store with so many of a product; nil for one that is not near.
func (n *Near) At(store, quantity int64) *Nearest {
	for _, s := range n.Stores {
		if s.ID == store {
			return &Nearest{StoreID: s.ID, City: s.City, DistanceKM: math.Round(s.DistanceKM*10) / 10, Quantity: quantity}
		}
	}
	return nil
}

// Nearest is the nearest store that has any of a product.
func (n *Near) Nearest(stock []Stock) *Nearest {
	for _, s := range n.Stores {
		for _, line := range stock {
			if line.StoreID == s.ID && line.Quantity > 0 {
				return n.At(s.ID, line.Quantity)
			}
		}
	}
	return nil
}
