package postgres

import (
	"context"
	"fmt"
	"slices"

	"aforro/pkg/postgres/db"
)

// lockFree takes the reservations and the stock lines that nobody holds, and
// leaves the cases that want another: a row that an operator's transaction holds
// delays its own orders and no others.
func (b *decideBatch) lockFree(ctx context.Context, q *db.Queries) error {
	if err := b.lockFreeReservations(ctx, q); err != nil {
		return fmt.Errorf("lock free reservations: %w", err)
	}
	if err := b.lockFreeStock(ctx, q); err != nil {
		return fmt.Errorf("lock free stock: %w", err)
	}
	return nil
}

func (b *decideBatch) lockFreeReservations(ctx context.Context, q *db.Queries) error {
	var ids []int64
	for _, c := range b.cases {
		if c.head.ReservationID != 0 {
			ids = append(ids, c.head.ReservationID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	free, err := q.LockFreeReservations(ctx, ids)
	if err != nil {
		return err
	}
	active, err := q.ListActiveReservations(ctx, ids)
	if err != nil {
		return err
	}
	rows := make([]db.LockReservationsRow, len(free))
	for i, r := range free {
		rows[i] = db.LockReservationsRow(r)
	}
	b.holds = holdsFrom(rows)
	b.leave(func(c orderCase) bool {
		_, locked := b.holds[c.head.ReservationID]
		return !locked && slices.Contains(active, c.head.ReservationID)
	})
	return nil
}

// leave takes cases out of the batch.
func (b *decideBatch) leave(which func(orderCase) bool) {
	b.cases = slices.DeleteFunc(b.cases, func(c orderCase) bool {
		gone := which(c)
		if gone {
			b.left = append(b.left, c.head.ID)
		}
		return gone
	})
}

func (b *decideBatch) lockFreeStock(ctx context.Context, q *db.Queries) error {
	stores, products := linesOf(b.cases, b.holds)
	rows, err := q.LockFreeStock(ctx, db.LockFreeStockParams{StoreIds: stores, ProductIds: products})
	if err != nil {
		return err
	}
	all, err := q.ListStockLines(ctx, db.ListStockLinesParams{StoreIds: stores, ProductIds: products})
	if err != nil {
		return err
	}
	b.stock = linesFrom(rows)
	busy := map[stockKey]bool{}
	for _, l := range all {
		k := stockKey{l.StoreID, l.ProductID}
		busy[k] = b.stock[k] == nil
	}
	b.leave(func(c orderCase) bool { return c.touches(busy, b.holds) })
	return nil
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
