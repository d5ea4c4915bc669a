package postgres

import (
	"context"
	"fmt"

	"aforro/pkg/postgres/db"
)

// locker locks the stock lines of cases, and returns them with the cases that
// can be decided and the ids of those that cannot now.
type locker func(ctx context.Context, q *db.Queries, cases []orderCase, holds map[int64]hold) (
	stock map[stockKey]*stockLine, ready []orderCase, left []int64, err error)

// linesOf is the lines that the cases and what they may consume are about.
func linesOf(cases []orderCase, holds map[int64]hold) (stores, products []int64) {
	seen := make(map[stockKey]bool, 2*len(cases))
	add := func(store, product int64) {
		if k := (stockKey{store, product}); !seen[k] {
			seen[k] = true
			stores, products = append(stores, store), append(products, product)
		}
	}
	for _, c := range cases {
		for _, line := range c.demand {
			add(c.head.StoreID, line.ProductID)
		}
	}
	for _, h := range holds {
		for product := range h.products {
			add(h.store, product)
		}
	}
	return stores, products
}

func linesFrom(rows []db.Inventory) map[stockKey]*stockLine {
	lines := make([]stockLine, len(rows))
	stock := make(map[stockKey]*stockLine, len(rows))
	for i, r := range rows {
		lines[i] = stockLine{quantity: int64(r.Quantity), held: int64(r.Held)}
		stock[stockKey{r.StoreID, r.ProductID}] = &lines[i]
	}
	return stock
}

// lockAll waits for every line, as long as the transaction's lock timeout says.
func lockAll(ctx context.Context, q *db.Queries, cases []orderCase, holds map[int64]hold) (map[stockKey]*stockLine, []orderCase, []int64, error) {
	var p db.LockStockParams
	p.StoreIds, p.ProductIds = linesOf(cases, holds)
	rows, err := q.LockStock(ctx, p)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("lock stock: %w", err)
	}
	return linesFrom(rows), cases, nil, nil
}

// lockFree takes the lines that nobody holds, and leaves the cases that want
// another: a line that an operator's transaction holds delays its own orders
// and no others.
func lockFree(ctx context.Context, q *db.Queries, cases []orderCase, holds map[int64]hold) (map[stockKey]*stockLine, []orderCase, []int64, error) {
	stores, products := linesOf(cases, holds)
	rows, err := q.LockFreeStock(ctx, db.LockFreeStockParams{StoreIds: stores, ProductIds: products})
	if err != nil {
		return nil, nil, nil, fmt.Errorf("lock free stock: %w", err)
	}
	all, err := q.ListStockLines(ctx, db.ListStockLinesParams{StoreIds: stores, ProductIds: products})
	if err != nil {
		return nil, nil, nil, fmt.Errorf("list stock lines: %w", err)
	}
	stock := linesFrom(rows)
	busy := map[stockKey]bool{}
	for _, l := range all {
		k := stockKey{l.StoreID, l.ProductID}
		busy[k] = stock[k] == nil
	}
	var ready []orderCase
	var left []int64
	for _, c := range cases {
		if c.touches(busy, holds) {
			left = append(left, c.head.ID)
		} else {
			ready = append(ready, c)
		}
	}
	return stock, ready, left, nil
}

// touches reports whether the case, or what it may consume, is about one of the
// lines.
func (c *orderCase) touches(lines map[stockKey]bool, holds map[int64]hold) bool {
	for _, want := range c.demand {
		if lines[stockKey{c.head.StoreID, want.ProductID}] {
			return true
		}
	}
	own := holds[c.head.ReservationID]
	for product := range own.products {
		if lines[stockKey{own.store, product}] {
			return true
		}
	}
	return false
}
