//go:build integration

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"aforro/demo"
	"aforro/pkg/importer"
)

// sampleEvery: a sample has every so-manieth product of the demo.
const sampleEvery = 40

// sample is a part of the demo as files that `aforro import` reads.
type sample struct{ products, stock []byte }

var theSample = sync.OnceValues(func() (sample, error) {
	var products, stock bytes.Buffer
	src, err := importer.NewSource("demo", bytes.NewReader(demo.Products), 0, nil)
	if err != nil {
		return sample{}, err
	}
	stock.WriteString("store_id,product_id,quantity\n")
	lines := bufio.NewScanner(src)
	lines.Buffer(nil, 1<<20)
	for n := 0; lines.Scan(); n++ {
		if n%sampleEvery != 0 {
			continue
		}
		products.Write(append(lines.Bytes(), '\n'))
		var p struct{ ID int64 }
		if err := json.Unmarshal(lines.Bytes(), &p); err != nil {
			return sample{}, err
		}
		for _, l := range demo.StockOf(p.ID) {
			fmt.Fprintf(&stock, "%d,%d,%d\n", l.StoreID, l.ProductID, l.Quantity)
		}
	}
	return sample{products.Bytes(), stock.Bytes()}, lines.Err()
})

// stock brings the sample in through the importer.
func (s *shop) stock() {
	s.tb.Helper()
	part, err := theSample()
	if err != nil {
		s.tb.Fatal(err)
	}
	s.mustAforro("import", "products", mustWrite(s.tb, "products.ndjson", part.products))
	s.mustAforro("import", "stock", mustWrite(s.tb, "stock.csv", part.stock))
}

func mustWrite(tb testing.TB, name string, content []byte) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		tb.Fatal(err)
	}
	return path
}

func (s *shop) exec(sql string, args ...any) {
	s.tb.Helper()
	if _, err := s.conn.Exec(s.tb.Context(), sql, args...); err != nil {
		s.tb.Fatalf("%s: %v", sql, err)
	}
}

func (s *shop) number(sql string, args ...any) (n int64) {
	s.tb.Helper()
	if err := s.conn.QueryRow(s.tb.Context(), sql, args...).Scan(&n); err != nil {
		s.tb.Fatalf("%s: %v", sql, err)
	}
	return n
}

// ware is a product as a store has it.
type ware struct {
	id, quantity int64
	title, price string
}

// ware picks a product of which the store has at least so many pieces: the
// nth, by id.
func (s *shop) ware(store, atLeast, nth int64) (w ware) {
	s.tb.Helper()
	err := s.conn.QueryRow(s.tb.Context(), `SELECT p.id, i.quantity, p.title, p.price::text FROM inventory i JOIN products p ON p.id = i.product_id
		WHERE i.store_id = $1 AND i.quantity >= $2 AND p.active ORDER BY p.id LIMIT 1 OFFSET $3`, store, atLeast, nth).
		Scan(&w.id, &w.quantity, &w.title, &w.price)
	if err != nil {
		s.tb.Fatal(err)
	}
	return w
}

// pieces is how many pieces there are in all stores.
func (s *shop) pieces() int64 { return s.number(`SELECT sum(quantity) FROM inventory`) }

// audit checks that each order was decided once, that stock plus sold is what
// was there before, and that the ledger agrees with the stock.
func (s *shop) audit(before int64) {
	s.tb.Helper()
	for what, sql := range map[string]string{
		"orders without exactly one decision": `SELECT count(*) FROM orders o WHERE (SELECT count(*) FROM order_events e
			WHERE e.order_id = o.id AND e.status = o.status AND e.sequence = 2) <> 1 OR (SELECT count(*) FROM order_events e WHERE e.order_id = o.id) <> 1`,
		"orders with more than one movement of a product": `SELECT count(*) FROM (SELECT FROM stock_movements WHERE reason = 'order'
			GROUP BY reference, product_id HAVING count(*) > 1) m`,
		"lines that differ from their ledger": `SELECT count(*) FROM inventory i WHERE quantity <> (SELECT coalesce(sum(delta), 0) FROM stock_movements m
			WHERE m.store_id = i.store_id AND m.product_id = i.product_id)`,
	} {
		if n := s.number(sql); n != 0 {
			s.tb.Errorf("%d %s", n, what)
		}
	}
	sold := s.number(`SELECT coalesce(sum(quantity_requested), 0) FROM order_items JOIN orders ON id = order_id WHERE status = 'CONFIRMED'`)
	if left := s.pieces(); left+sold != before {
		s.tb.Errorf("left %d and sold %d are not the %d there were", left, sold, before)
	}
}
