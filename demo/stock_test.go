package demo

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"testing"

	"aforro/pkg/importer"
)

func TestEveryDemoProductIsReadAndCarriedByFourToEightStores(t *testing.T) {
	t.Parallel()
	src, err := importer.NewSource("demo", bytes.NewReader(Products), 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	products, lines, soldOut := 0, 0, 0
	for reader := importer.NewProductReader(src); ; products++ {
		row, refused, err := reader.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil || refused != nil {
			t.Fatal(refused, err)
		}
		stock := StockOf(row.Product.ID)
		if len(stock) < fewestStores || len(stock) > mostStores {
			t.Fatalf("product %d is carried by %d stores", row.Product.ID, len(stock))
		}
		lines += len(stock)
		for _, l := range stock {
			if l.Quantity == 0 {
				soldOut++
			}
		}
	}
	if products != 19406 {
		t.Errorf("the demo has %d products, want 19,406", products)
	}
	if share := float64(soldOut) / float64(lines); share < .048 || share > .052 {
		t.Errorf("%d of %d lines are sold out: %.3f, want .05", soldOut, lines, share)
	}
}

// The HTTP contract's example order must be one that can be confirmed.
func TestStoreTwoHasTheProductOfTheExampleOrder(t *testing.T) {
	t.Parallel()
	for _, l := range StockOf(77388652) {
		if l.StoreID == 2 && l.Quantity >= 2 {
			return
		}
	}
	t.Errorf("store 2 does not have two pieces of 77388652: %v", StockOf(77388652))
}

func TestStockIsTheSameEachTime(t *testing.T) {
	t.Parallel()
	if a, b := StockOf(1399), StockOf(1399); !reflect.DeepEqual(a, b) {
		t.Errorf("%v and %v", a, b)
	}
}

func TestStoresAreTwentyDifferentCities(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for i, s := range Stores() {
		if s.ID != int64(i+1) || seen[s.City] {
			t.Errorf("store %+v at place %d", s, i)
		}
		seen[s.City] = true
	}
	if len(seen) != storeCount {
		t.Errorf("%d cities", len(seen))
	}
}
