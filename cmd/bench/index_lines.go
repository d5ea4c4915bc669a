package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"time"
)

// stockLine is one line of inventory as the bench knows it.
type stockLine struct{ store, product, quantity int64 }

// available: held is 0 for all lines here.
func (l stockLine) available() bool { return l.quantity > 0 }

// readLines reads all lines, by product and store.
func readLines(conn *psqlSession) ([]stockLine, error) {
	rows, err := conn.ask("SELECT store_id, product_id, quantity FROM inventory ORDER BY product_id, store_id;\n")
	if err != nil {
		return nil, err
	}
	lines := make([]stockLine, len(rows))
	for i, row := range rows {
		l := &lines[i]
		if _, err := fmt.Sscanf(row, "%d|%d|%d", &l.store, &l.product, &l.quantity); err != nil {
			return nil, fmt.Errorf("read the line %q: %w", row, err)
		}
	}
	return lines, nil
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

func (l stockLine) update() string {
	return fmt.Sprintf("UPDATE inventory SET quantity = %d WHERE store_id = %d AND product_id = %d;\n", l.quantity, l.store, l.product)
}

// sessions opens connections that the writers of a bench share among them.
func sessions(ctx context.Context, url string, n int) (list []*psqlSession, err error) {
	for range n {
		conn, err := startPsql(ctx, url)
		if err != nil {
			return list, err
		}
		list = append(list, conn)
	}
	return list, nil
}

func endSessions(list []*psqlSession) {
	for _, c := range list {
		if err := c.end(); err != nil {
			fmt.Fprintln(os.Stderr, "end psql:", err)
		}
	}
}
