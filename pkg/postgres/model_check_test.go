//go:build integration

package postgres_test

import (
	"fmt"
	"reflect"
	"slices"

	"pgregory.net/rapid"

	"aforro/pkg/order"
)

// check holds all that the database has of the stores against the model.
func (m *model) check(t *rapid.T) {
	m.seen["step"]++
	var lines, states []string
	shown := map[int64][]string{}
	for l, shelf := range m.shelves {
		lines = append(lines, fmt.Sprintf("%d/%d: %d, %d held", l.store, l.product, shelf.onHand, shelf.held))
		if !m.inactive[l.product] {
			shown[l.store] = append(shown[l.store], fmt.Sprintf("%d: %d", l.product, max(0, shelf.onHand-shelf.held)))
		}
	}
	for _, o := range m.orders {
		states = append(states, fmt.Sprintf("order %d: %s, %s", o.id, o.status, o.total()))
	}
	for _, h := range m.holds {
		states = append(states, fmt.Sprintf("reservation %d: %s", h.id, h.status))
	}
	mustBeAlike(t, "stock lines", m.stock(m.stores), lines)
	mustBeAlike(t, "orders and reservations", m.states(m.stores), states)
	for _, store := range m.stores {
		mustBeAlike(t, "the page of a store", m.shown(store), shown[store])
	}
}

// mustBeAlike compares what the database says with what the model says, in any
// order.
func mustBeAlike(t *rapid.T, what string, got, want []string) {
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Fatalf("%s:\n%q, want\n%q", what, got, want)
	}
}

// mustBeShown holds an order, as it is shown, against the model's.
func (m *model) mustBeShown(t *rapid.T, got order.Order) {
	o := m.orders[got.ID]
	if o == nil {
		t.Fatalf("there is no order %d", got.ID)
	}
	history := map[order.Status][]order.Status{order.Pending: {}, order.Confirmed: {order.Confirmed}, order.Rejected: {order.Rejected},
		order.Cancelled: {order.Confirmed, order.Cancelled}}[o.status]
	states := []order.Status{}
	for _, e := range got.History[1:] {
		states = append(states, e.Status)
	}
	if got.StoreID != o.store || got.Status != o.status || got.Total != o.total() || !reflect.DeepEqual(got.Items, o.items) ||
		!slices.Equal(worded(got.Reasons), o.reasons) || got.History[0].Status != order.Pending || !slices.Equal(states, history) ||
		(got.DecidedAt == nil) != (o.status == order.Pending) {
		t.Fatalf("the order is shown as %+v, want %+v of %s", got, *o, o.total())
	}
}

// worded gives reasons in the model's words.
func worded(reasons []order.Reason) (list []string) {
	for _, r := range reasons {
		text := fmt.Sprintf("%d %s %d %d", r.ProductID, r.Code, r.Requested, r.Available)
		for _, e := range r.Elsewhere {
			text += fmt.Sprintf(" %d:%d", e.StoreID, e.Available)
		}
		list = append(list, text)
	}
	return list
}
