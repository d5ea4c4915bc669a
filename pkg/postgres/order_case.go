package postgres

import (
	"context"
	"fmt"

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
	// active tells the products that are still sold.
	active map[int64]bool
}

type stockKey struct{ store, product int64 }

// stockLines is the locked stock; deciding takes out of it.
type stockLines map[stockKey]int64

func loadCases(ctx context.Context, q *db.Queries, heads []db.LockPendingRow) ([]orderCase, error) {
	cases := make([]orderCase, len(heads))
	byID := make(map[int64]*orderCase, len(heads))
	ids := make([]int64, len(heads))
	for i, h := range heads {
		cases[i] = orderCase{head: h, active: map[int64]bool{}}
		byID[h.ID], ids[i] = &cases[i], h.ID
	}
	rows, err := q.ListOrderItems(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("read the lines: %w", err)
	}
	for _, r := range rows {
		c := byID[r.OrderID]
		c.items = append(c.items, order.Item{ProductID: r.ProductID, Quantity: int64(r.QuantityRequested), UnitPrice: r.Price})
		c.savedPrices = append(c.savedPrices, r.UnitPrice)
		c.active[r.ProductID] = r.Active
	}
	return cases, nil
}

func lockStock(ctx context.Context, q *db.Queries, cases []orderCase) (stockLines, error) {
	var p db.LockStockParams
	for _, c := range cases {
		for product := range c.active {
			p.StoreIds = append(p.StoreIds, c.head.StoreID)
			p.ProductIds = append(p.ProductIds, product)
		}
	}
	rows, err := q.LockStock(ctx, p)
	if err != nil {
		return nil, fmt.Errorf("lock stock: %w", err)
	}
	stock := make(stockLines, len(rows))
	for _, r := range rows {
		stock[stockKey{r.StoreID, r.ProductID}] = int64(r.Quantity)
	}
	return stock, nil
}

// sellable is what the order's store has of its products. A product that was
// deactivated since the order was saved counts as not carried.
func (c orderCase) sellable(stock stockLines) map[int64]int64 {
	have := make(map[int64]int64, len(c.active))
	for product, active := range c.active {
		if quantity, carried := stock[stockKey{c.head.StoreID, product}]; carried && active {
			have[product] = quantity
		}
	}
	return have
}
