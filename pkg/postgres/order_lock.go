package postgres

import (
	"context"
	"fmt"

	"aforro/pkg/postgres/db"
)

// locker locks what cases are about. What it cannot lock now it leaves.
type locker interface {
	// holds locks what the ACTIVE ones among the reservations hold; busy are those
	// that somebody else has locked.
	holds(ctx context.Context, q *db.Queries, ids []int64) (rows []db.LockReservationsRow, busy map[int64]bool, err error)
	// stock locks the stock lines, and returns them with the cases that can be
	// decided and the ids of those that cannot.
	stock(ctx context.Context, q *db.Queries, cases []orderCase, holds map[int64]hold) (
		stock map[stockKey]*stockLine, ready []orderCase, left []int64, err error)
}

// patient waits for every row, as long as the transaction's lock timeout says.
type patient struct{}

// impatient takes the rows that nobody holds, and leaves the cases that want
// another: a row that an operator's transaction holds delays its own orders and
// no others.
type impatient struct{}

func (patient) holds(ctx context.Context, q *db.Queries, ids []int64) ([]db.LockReservationsRow, map[int64]bool, error) {
	rows, err := q.LockReservations(ctx, ids)
	return rows, nil, err
}

func (impatient) holds(ctx context.Context, q *db.Queries, ids []int64) ([]db.LockReservationsRow, map[int64]bool, error) {
	free, err := q.LockFreeReservations(ctx, ids)
	if err != nil {
		return nil, nil, err
	}
	active, err := q.ListActiveReservations(ctx, ids)
	if err != nil {
		return nil, nil, err
	}
	busy := make(map[int64]bool, len(active))
	for _, id := range active {
		busy[id] = true
	}
	rows := make([]db.LockReservationsRow, len(free))
	for i, r := range free {
		rows[i] = db.LockReservationsRow(r)
		delete(busy, r.ID)
	}
	return rows, busy, nil
}

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

func (patient) stock(ctx context.Context, q *db.Queries, cases []orderCase, holds map[int64]hold) (map[stockKey]*stockLine, []orderCase, []int64, error) {
	var p db.LockStockParams
	p.StoreIds, p.ProductIds = linesOf(cases, holds)
	rows, err := q.LockStock(ctx, p)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("lock stock: %w", err)
	}
	return linesFrom(rows), cases, nil, nil
}

func (impatient) stock(ctx context.Context, q *db.Queries, cases []orderCase, holds map[int64]hold) (map[stockKey]*stockLine, []orderCase, []int64, error) {
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
