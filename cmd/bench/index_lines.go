package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

// stockLine is one line of inventory as the bench knows it.
type stockLine struct{ store, product, quantity int64 }

// available: held is 0 for all lines here.
func (l stockLine) available() bool { return l.quantity > 0 }

func readLines(ctx context.Context, conn *pgx.Conn) ([]stockLine, error) {
	rows, err := conn.Query(ctx, "SELECT store_id, product_id, quantity::bigint FROM inventory ORDER BY product_id, store_id")
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (l stockLine, err error) {
		return l, row.Scan(&l.store, &l.product, &l.quantity)
	})
}

// expect is what searches will see once the line is as it is now. Quantities
// only grow, but for flips, so that a later one proves an earlier one too.
func (l stockLine) expect(flip bool, at time.Time) expectation {
	e := expectation{kind: "quantity", product: l.product, at: at}
	if flip {
		e.kind = "availability"
		e.seen = func(s *shown) bool { return slices.Contains(s.InStock, l.store) == l.available() }
		return e
	}
	e.seen = func(s *shown) bool { return s.quantity(l.store) >= l.quantity }
	return e
}

// flip sells a line out or fills it up.
func (l *stockLine) flip(rng *rand.Rand) {
	if l.available() {
		l.quantity = 0
		return
	}
	l.quantity = 1000 + rng.Int64N(1000)
}

// conns opens connections that the writers of a bench share among them.
func conns(ctx context.Context, url string, n int) (list []*pgx.Conn, err error) {
	for range n {
		conn, err := pgx.Connect(ctx, url)
		if err != nil {
			return list, err
		}
		list = append(list, conn)
	}
	return list, nil
}

func closeConns(ctx context.Context, list []*pgx.Conn) {
	for _, c := range list {
		if err := c.Close(context.WithoutCancel(ctx)); err != nil {
			fmt.Fprintln(os.Stderr, "close a connection:", err)
		}
	}
}
