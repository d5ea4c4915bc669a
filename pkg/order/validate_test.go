package order_test

import (
	"errors"
	"math"
	"testing"

	"aforro/pkg/catalog"
	"aforro/pkg/fault"
	"aforro/pkg/order"
)

func TestValidate(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		items []order.Item
		field string
	}{
		{"one line", []order.Item{{ProductID: 1, Quantity: 1}}, ""},
		{"the largest quantity", []order.Item{{ProductID: 1, Quantity: order.MaxQuantity}}, ""},
		{"no lines", nil, "body.items"},
		{"too many lines", make([]order.Item, order.MaxLines+1), "body.items"},
		{"zero", []order.Item{{ProductID: 1, Quantity: 1}, {ProductID: 2}}, "body.items[1].quantity_requested"},
		{"negative", []order.Item{{ProductID: 1, Quantity: -1}}, "body.items[0].quantity_requested"},
		{"past 32 bits", []order.Item{{ProductID: 1, Quantity: order.MaxQuantity + 1}}, "body.items[0].quantity_requested"},
		{"past 32 bits as a sum", []order.Item{{ProductID: 1, Quantity: order.MaxQuantity}, {ProductID: 1, Quantity: 1}}, "body.items[1].quantity_requested"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := order.Validate(tt.items)
			if tt.field == "" {
				if err != nil {
					t.Errorf("got %v", err)
				}
				return
			}
			var f *fault.Error
			if !errors.As(err, &f) || f.Code != fault.Invalid || f.Fields[0].Location != tt.field {
				t.Errorf("got %+v, want a fault that names %s", f, tt.field)
			}
		})
	}
}

func TestTotal(t *testing.T) {
	t.Parallel()
	got, ok := order.Total([]order.Item{{Quantity: 2, UnitPrice: 1050}, {Quantity: 1, UnitPrice: 99}})
	if got != 2199 || !ok {
		t.Errorf("got %s %v", got, ok)
	}
	many := []order.Item{{Quantity: order.MaxQuantity, UnitPrice: catalog.MaxPrice}}
	if got, ok := order.Total(many); got != math.MaxInt64 || ok {
		t.Errorf("beyond 64 bits: got %d %v", got, ok)
	}
}
