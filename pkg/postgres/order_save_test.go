//go:build integration

package postgres_test

import (
	"errors"
	"testing"

	"aforro/pkg/fault"
	"aforro/pkg/order"
)

func TestSaveStoresAPendingOrder(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	o := c.mustSave(1, want(2, 1), want(1, 3), want(2, 2))
	if o.ID == 0 || o.Status != order.Pending || o.Total != 6300 || o.CreatedAt.IsZero() {
		t.Errorf("saved %+v", o)
	}
	read := c.mustOrder(o.ID)
	if read.Status != order.Pending || len(read.Items) != 3 || read.Items[1] != (order.Item{ProductID: 1, Quantity: 3, UnitPrice: 1050}) ||
		read.Total != o.Total || read.DecidedAt != nil || len(read.History) != 1 || !read.CreatedAt.Equal(o.CreatedAt) {
		t.Errorf("read %+v", read)
	}
}

func TestSaveRefuses(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.exec(`UPDATE products SET active = false WHERE id = 4`)
	tests := []struct {
		name  string
		store int64
		items []order.Item
		code  fault.Code
		field string
	}{
		{"an unknown store", 99, []order.Item{want(1, 1)}, fault.NotFound, "body.store_id"},
		{"an unknown product", 1, []order.Item{want(1, 1), want(99, 1)}, fault.NotFound, "body.items[1].product_id"},
		{"an inactive product", 1, []order.Item{want(1, 1), want(1, 1), want(4, 1)}, fault.Invalid, "body.items[2].product_id"},
		{"an unknown before an inactive", 1, []order.Item{want(4, 1), want(-5, 1)}, fault.NotFound, "body.items[1].product_id"},
		{"no items", 1, nil, fault.Invalid, "body.items"},
		{"a sum past 32 bits", 1, []order.Item{want(1, order.MaxQuantity), want(1, 1)}, fault.Invalid, "body.items[1].quantity_requested"},
	}
	for _, tt := range tests {
		_, err := c.Save(t.Context(), tt.store, tt.items)
		var f *fault.Error
		if !errors.As(err, &f) || f.Code != tt.code || len(f.Fields) != 1 || f.Fields[0].Location != tt.field {
			t.Errorf("%s: got %+v, want %s naming %s", tt.name, err, tt.code, tt.field)
		}
	}
	if n := c.number(`SELECT (SELECT count(*) FROM orders) + (SELECT count(*) FROM order_items) + (SELECT count(*) FROM order_events)`); n != 0 {
		t.Errorf("refused orders left %d rows", n)
	}
}

func TestSaveTakesTheMostLines(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	items := make([]order.Item, order.MaxLines)
	for i := range items {
		items[i] = want(int64(1+i%5), 1)
	}
	if o := c.mustSave(1, items...); len(c.mustOrder(o.ID).Items) != order.MaxLines {
		t.Error("lines are missing")
	}
}

func TestStoreOrders(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	var ids []int64
	for range 5 {
		ids = append(ids, c.mustSave(1, want(1, 2), want(1, 1)).ID)
	}
	c.mustSave(2, want(1, 1))
	page, err := c.StoreOrders(t.Context(), 1, 0, 3)
	if err != nil || len(page) != 3 || page[0].ID != ids[4] || page[0].Lines != 2 || page[0].Status != order.Pending {
		t.Errorf("first page %+v %v", page, err)
	}
	page, err = c.StoreOrders(t.Context(), 1, page[2].ID, 3)
	if err != nil || len(page) != 2 || page[1].ID != ids[0] {
		t.Errorf("second page %+v %v", page, err)
	}
	if page, err := c.StoreOrders(t.Context(), 3, 0, 3); err != nil || page == nil || len(page) != 0 {
		t.Errorf("a store without orders: %v %v", page, err)
	}
	if _, err := c.StoreOrders(t.Context(), 99, 0, 3); !fault.Is(err, fault.NotFound) {
		t.Errorf("an unknown store: %v", err)
	}
	if _, err := c.Order(t.Context(), 999); !fault.Is(err, fault.NotFound) {
		t.Errorf("an unknown order: %v", err)
	}
}
