package postgres

import (
	"aforro/pkg/catalog"
	"aforro/pkg/order"
	"aforro/pkg/postgres/db"
)

// orderCase is what deciding one locked order needs to know of it.
type orderCase struct {
	head db.LockPendingRow
	// items are as asked, at the present prices.
	items []order.Item
	// savedPrices are the stored unit prices, line by line.
	savedPrices []catalog.Price
	// demand is the items summed by product.
	demand []order.Line
	// inactive are the products that are not sold any more.
	inactive map[int64]bool
}

// casesFrom gathers the rows of LockPending, which come order by order.
func casesFrom(rows []db.LockPendingRow) []orderCase {
	var cases []orderCase
	for _, r := range rows {
		if n := len(cases); n == 0 || cases[n-1].head.ID != r.ID {
			cases = append(cases, orderCase{head: r})
		}
		c := &cases[len(cases)-1]
		c.items = append(c.items, order.Item{ProductID: r.ProductID, Quantity: int64(r.QuantityRequested), UnitPrice: r.Price})
		c.savedPrices = append(c.savedPrices, r.UnitPrice)
		if !r.Active {
			if c.inactive == nil {
				c.inactive = map[int64]bool{}
			}
			c.inactive[r.ProductID] = true
		}
	}
	for i := range cases {
		cases[i].demand = order.Demand(cases[i].items)
	}
	return cases
}

type stockKey struct{ store, product int64 }

// stockLine is a locked line and what the batch does to it.
type stockLine struct {
	// quantity is on hand, held is what reservations keep of it.
	quantity, held int64
	// taken and freed are what the orders decided so far took of both.
	taken, freed int64
}

// available is what an order may take that has own pieces of what is held.
func (l *stockLine) available(own int64) int64 {
	return max(0, (l.quantity-l.taken)-max(0, l.held-l.freed-own))
}

// hold is what an ACTIVE reservation keeps, by product.
type hold struct {
	store    int64
	products map[int64]int64
}

// holdsFrom gathers the rows of LockReservations.
func holdsFrom(rows []db.LockReservationsRow) map[int64]hold {
	holds := map[int64]hold{}
	for _, r := range rows {
		h, ok := holds[r.ID]
		if !ok {
			h = hold{store: r.StoreID, products: map[int64]int64{}}
			holds[r.ID] = h
		}
		h.products[r.ProductID] = int64(r.Quantity)
	}
	return holds
}
