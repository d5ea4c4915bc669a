package order

import (
	"fmt"

	"aforro/pkg/fault"
)

// Validate returns a fault.Invalid that names every field that is wrong when
// the items make no order: none or more than MaxLines, a quantity outside
// 1..MaxQuantity, or lines of one product that sum to more than MaxQuantity.
func Validate(items []Item) error {
	if len(items) == 0 || len(items) > MaxLines {
		return fault.New(fault.Invalid, "an order has 1 to %d lines", MaxLines).With(fault.Field{
			Location: "body.items", Message: fmt.Sprintf("expected 1 to %d lines, got %d", MaxLines, len(items))})
	}
	if wrong := quantityFaults(items); len(wrong) > 0 {
		return fault.New(fault.Invalid, "a quantity is out of range").With(wrong...)
	}
	return nil
}

func quantityFaults(items []Item) []fault.Field {
	var wrong []fault.Field
	sum := map[int64]int64{}
	for i, it := range items {
		at := fmt.Sprintf("body.items[%d].quantity_requested", i)
		if it.Quantity < 1 || it.Quantity > MaxQuantity {
			wrong = append(wrong, fault.Field{Location: at, Value: it.Quantity,
				Message: fmt.Sprintf("expected a number from 1 to %d", MaxQuantity)})
			continue
		}
		if sum[it.ProductID] += it.Quantity; sum[it.ProductID] > MaxQuantity {
			wrong = append(wrong, fault.Field{Location: at, Value: it.Quantity,
				Message: fmt.Sprintf("the lines of product %d sum to more than %d", it.ProductID, MaxQuantity)})
		}
	}
	return wrong
}
