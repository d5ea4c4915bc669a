//go:build integration

package main

import (
	"net/url"
	"slices"
	"strconv"
	"testing"

	"aforro/pkg/testkit"
)

// results is a page of a walk.
type results struct {
	Count      int64
	Next       *string
	NextCursor *string `json:"next_cursor"`
	Results    []struct {
		ID       int64
		Price    string
		Quantity *int64 `json:"inventory_quantity"`
	}
}

// walked is a search in stock, in a store or anywhere (0), walked to its end.
type walked struct {
	ids   []int64
	pages []int
}

// walkInStock goes along pages, or along a cursor.
func (s *shop) walkInStock(store int, cursor bool) (w walked) {
	s.tb.Helper()
	params := url.Values{"in_stock": {"true"}, "page_size": {"7"}, "sort": {"price"}}
	if store != 0 {
		params.Set("store_id", strconv.Itoa(store))
	}
	for page := 1; ; page++ {
		params.Set("page", strconv.Itoa(page))
		if cursor && page == 1 {
			params.Set("cursor", "start")
		}
		if cursor {
			params.Del("page")
		}
		got := read[results](s, searchPath+"?"+params.Encode())
		for _, r := range got.Results {
			w.ids = append(w.ids, r.ID)
		}
		w.pages = append(w.pages, len(got.Results))
		switch {
		case cursor && got.NextCursor != nil:
			params.Set("cursor", *got.NextCursor)
		case cursor || got.Next == nil:
			return w
		}
	}
}

// inStock are the products that can be bought, in a store or anywhere (0).
func (s *shop) inStock(store int) (ids []int64) {
	s.tb.Helper()
	err := s.conn.QueryRow(s.tb.Context(), `SELECT coalesce(array_agg(p.id ORDER BY p.id), '{}') FROM products p
		WHERE p.active AND EXISTS (SELECT FROM inventory i WHERE i.product_id = p.id AND i.quantity > i.held AND $1 IN (0, i.store_id))`, store).Scan(&ids)
	if err != nil {
		s.tb.Fatal(err)
	}
	return ids
}

// With the indexer stopped nothing that has sold out is found in stock, whoever
// sold it: pages are shorter, and walks are filled up.
func TestSoldOutIsNotFoundInStockWithoutAnIndexer(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.stock()
	stop := s.start(theIndexer)
	testkit.Eventually(t, patience, "the index is built", func() bool { return s.indexer.Status().Ready() })
	stop()
	s.indexer = nil
	s.start(theAPI)
	s.startBeside(theWorker)
	s.awaitReady()
	last := s.ware(5, 1, 0)
	for _, store := range []int{0, 5} {
		if got := s.walkInStock(store, true); !slices.Equal(slices.Sorted(slices.Values(got.ids)), s.inStock(store)) {
			t.Fatalf("store %d: at first %d of %d are found", store, len(got.ids), len(s.inStock(store)))
		}
	}
	if o := s.order(5, [2]int64{last.id, last.quantity}); o.Status != "CONFIRMED" {
		t.Fatalf("the order is %s", o.Status)
	}
	s.exec(`UPDATE inventory SET quantity = 0 WHERE product_id % 3 = 0 OR (store_id = 5 AND product_id % 2 = 0)`)
	s.exec(`UPDATE inventory SET held = quantity WHERE product_id % 5 = 0`)
	s.exec(`UPDATE products SET active = false WHERE id % 7 = 0`)
	for _, store := range []int{0, 5} {
		want := s.inStock(store)
		if slices.Contains(want, last.id) && store == 5 || len(want) < 20 {
			t.Fatalf("store %d has %d products in stock", store, len(want))
		}
		walk := s.walkInStock(store, true)
		if !slices.Equal(slices.Sorted(slices.Values(walk.ids)), want) {
			t.Errorf("store %d: a cursor walk gives %d products, %d are in stock", store, len(walk.ids), len(want))
		}
		for i, n := range walk.pages[:len(walk.pages)-1] {
			if n != 7 {
				t.Errorf("store %d: page %d of a walk has %d results", store, i+1, n)
			}
		}
		numbered := s.walkInStock(store, false)
		if !slices.Equal(slices.Sorted(slices.Values(numbered.ids)), want) {
			t.Errorf("store %d: pages give %d products, %d are in stock", store, len(numbered.ids), len(want))
		}
	}
}
