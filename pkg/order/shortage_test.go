package order

import (
	"errors"
	"testing"

	"aforro/pkg/fault"
)

func TestAShortageNamesEachLine(t *testing.T) {
	t.Parallel()
	items := []Item{{ProductID: 1, Quantity: 2}, {ProductID: 2, Quantity: 1}, {ProductID: 3, Quantity: 9}, {ProductID: 1, Quantity: 4}}
	_, reasons := Decide(Demand(items), map[int64]int64{1: 5, 2: 1})
	err := error(NewShortage(items, reasons))
	var f *fault.Error
	if !fault.Is(err, fault.Conflict) || !errors.As(err, &f) || len(f.Fields) != 3 {
		t.Fatalf("got %v", err)
	}
	for i, want := range []fault.Field{
		{Location: "body.items[0].quantity_requested", Message: "5 are available of product 1, and 6 are asked for", Value: int64(2)},
		{Location: "body.items[2].quantity_requested", Message: "the store does not carry product 3", Value: int64(9)},
		{Location: "body.items[3].quantity_requested", Message: "5 are available of product 1, and 6 are asked for", Value: int64(4)},
	} {
		if f.Fields[i] != want {
			t.Errorf("got %+v, want %+v", f.Fields[i], want)
		}
	}
}
