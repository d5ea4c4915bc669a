package order_test

import (
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"aforro/pkg/order"
)

func TestDemandSumsLinesOfOneProduct(t *testing.T) {
	t.Parallel()
	got := order.Demand([]order.Item{{ProductID: 9, Quantity: 1}, {ProductID: 2, Quantity: 3}, {ProductID: 9, Quantity: 4}})
	want := []order.Line{{ProductID: 2, Quantity: 3}, {ProductID: 9, Quantity: 5}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestDecide(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		demand []order.Line
		stock  map[int64]int64
		status order.Status
		codes  []order.ReasonCode
	}{
		{"all in stock", []order.Line{{1, 2}, {2, 1}}, map[int64]int64{1: 5, 2: 1}, order.Confirmed, nil},
		{"the last piece", []order.Line{{1, 1}}, map[int64]int64{1: 1}, order.Confirmed, nil},
		{"one short", []order.Line{{1, 2}, {2, 2}}, map[int64]int64{1: 5, 2: 1}, order.Rejected, []order.ReasonCode{order.InsufficientStock}},
		{"sold out is not the same as not carried", []order.Line{{1, 1}, {2, 1}}, map[int64]int64{1: 0}, order.Rejected,
			[]order.ReasonCode{order.InsufficientStock, order.NotCarried}},
		{"nothing carried", []order.Line{{1, 1}}, nil, order.Rejected, []order.ReasonCode{order.NotCarried}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			status, reasons := order.Decide(tt.demand, tt.stock)
			var codes []order.ReasonCode
			for _, r := range reasons {
				codes = append(codes, r.Code)
			}
			if status != tt.status || !reflect.DeepEqual(codes, tt.codes) {
				t.Errorf("got %s %v, want %s %v", status, codes, tt.status, tt.codes)
			}
		})
	}
}

// TestDecideIsAllOrNothing: whatever is asked and in stock, a confirmed order
// leaves no product below zero, and a rejected one has a reason for exactly the
// products that are short.
func TestDecideIsAllOrNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		items := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) order.Item {
			return order.Item{ProductID: rapid.Int64Range(1, 6).Draw(t, "product"), Quantity: rapid.Int64Range(1, 9).Draw(t, "quantity")}
		}), 1, 12).Draw(t, "items")
		stock := rapid.MapOf(rapid.Int64Range(1, 6), rapid.Int64Range(0, 20)).Draw(t, "stock")
		demand := order.Demand(items)
		status, reasons := order.Decide(demand, stock)
		short := map[int64]bool{}
		for _, line := range demand {
			if have, carried := stock[line.ProductID]; !carried || have < line.Quantity {
				short[line.ProductID] = true
			}
		}
		if (status == order.Confirmed) != (len(short) == 0) || len(reasons) != len(short) {
			t.Fatalf("%s with %d reasons, %d products are short", status, len(reasons), len(short))
		}
		for _, r := range reasons {
			if !short[r.ProductID] || r.Available >= r.Requested {
				t.Fatalf("reason %+v for a product that is not short", r)
			}
		}
	})
}

// TestStockIsConserved: orders judged one after the other against what the ones
// before left never take it below zero, and stock plus sold stays the same.
func TestStockIsConserved(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		left, sold := rapid.Int64Range(0, 30).Draw(t, "stock"), int64(0)
		seeded := left
		for _, q := range rapid.SliceOf(rapid.Int64Range(1, 7)).Draw(t, "orders") {
			status, _ := order.Decide([]order.Line{{ProductID: 1, Quantity: q}}, map[int64]int64{1: left})
			if status == order.Confirmed {
				left, sold = left-q, sold+q
			}
		}
		if left < 0 || left+sold != seeded {
			t.Fatalf("left %d, sold %d of %d", left, sold, seeded)
		}
	})
}
