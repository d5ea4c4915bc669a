package api

import (
	"context"
	"time"

	"aforro/pkg/fault"
	"aforro/pkg/idempotency"
	"aforro/pkg/inventory"
	"aforro/pkg/order"
)

// till is what a shop was asked to do with its stock.
type till struct {
	adjusted  []inventory.Adjustment
	keys      []idempotency.Request
	held      []time.Duration
	released  []int64
	movements []inventory.Movement
	replayed  bool
}

func (s *shop) Adjust(_ context.Context, storeID int64, a inventory.Adjustment, r idempotency.Request) ([]inventory.Stock, bool, error) {
	if s.fails != nil {
		return nil, false, s.fails
	}
	if storeID != 2 {
		return nil, false, notFound("store", fault.Field{Location: "path.id", Message: "there is no such store"})
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	lines := make([]inventory.Stock, len(a.Lines))
	for i, l := range a.Lines {
		if l.ProductID == 12 {
			return nil, false, notFound("product", fault.Field{Location: "body.lines[0].product_id", Message: "there is no such product"})
		}
		if l.Change == inventory.Add && l.Pieces < -10 {
			return nil, false, fault.New(fault.Conflict, "less than none").With(fault.Field{Location: "body.lines[0].add", Message: "would be less than none"})
		}
		lines[i] = inventory.Stock{ProductID: l.ProductID, OnHand: l.Pieces, Held: 3}
	}
	s.till.adjusted, s.till.keys = append(s.till.adjusted, a), append(s.till.keys, r)
	return lines, s.till.replayed, nil
}

func (s *shop) Movements(_ context.Context, storeID, _, before int64, limit int) ([]inventory.Movement, error) {
	if storeID != 2 {
		return nil, notFound("store", fault.Field{Location: "path.id", Message: "there is no such store"})
	}
	var list []inventory.Movement
	for _, m := range s.till.movements {
		if (before == 0 || m.ID < before) && len(list) < limit {
			list = append(list, m)
		}
	}
	return list, s.fails
}

func (s *shop) Reserve(_ context.Context, storeID int64, items []order.Item, hold time.Duration, r idempotency.Request) (inventory.Reservation, bool, error) {
	if s.fails != nil {
		return inventory.Reservation{}, false, s.fails
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	made := inventory.Reservation{ID: 5, StoreID: storeID, ExpiresAt: made.Add(hold)}
	for _, it := range items {
		if it.Quantity > 100 {
			return inventory.Reservation{}, false, order.NewShortage(items, []order.Reason{{ProductID: it.ProductID, Code: order.InsufficientStock,
				Requested: it.Quantity, Available: 100, Elsewhere: []order.Elsewhere{{StoreID: 7, City: "Pune", Available: 9, DistanceKM: 12.4}}}})
		}
		made.Items = append(made.Items, inventory.HeldItem{ProductID: it.ProductID, Quantity: it.Quantity})
	}
	s.till.held, s.till.keys = append(s.till.held, hold), append(s.till.keys, r)
	return made, s.till.replayed, nil
}

func (s *shop) Release(_ context.Context, id int64) error {
	if id != 5 {
		return fault.New(fault.NotFound, "not found")
	}
	s.till.released = append(s.till.released, id)
	return s.fails
}
