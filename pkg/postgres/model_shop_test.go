//go:build integration

package postgres_test

import (
	"fmt"
	"maps"
	"slices"

	"aforro/pkg/catalog"
	"aforro/pkg/inventory"
	"aforro/pkg/order"
)

// modelShop is what the database should be after every step: orders, stock and
// reservations by the plainest rules, one thing after the other.
type modelShop struct {
	stores, products []int64
	price            map[int64]catalog.Price
	inactive         map[int64]bool
	shelves          map[modelLine]modelShelf
	orders           map[int64]*modelOrder
	holds            map[int64]*modelHold
	keys             map[string]modelUse
}

type modelLine struct{ store, product int64 }

// modelShelf is what is on hand in a line, and how much of it is held.
type modelShelf struct{ onHand, held int64 }

type modelOrder struct {
	id, store, reservation int64
	items                  []order.Item
	status                 order.Status
	reasons                []string
}

type modelHold struct {
	id, store int64
	pieces    map[int64]int64
	status    inventory.ReservationStatus
}

// modelUse is the order that a key was used for, and what that asked for.
type modelUse struct {
	order int64
	body  string
}

func (o *modelOrder) total() (sum catalog.Price) {
	for _, it := range o.items {
		sum += it.UnitPrice * catalog.Price(it.Quantity)
	}
	return sum
}

// pieces sums lines by product.
func pieces(items []order.Item) map[int64]int64 {
	sum := map[int64]int64{}
	for _, it := range items {
		sum[it.ProductID] += it.Quantity
	}
	return sum
}

// refused says why a draft is not taken in: "" when it is.
func (m *modelShop) refused(store int64, items []order.Item) string {
	if !slices.Contains(m.stores, store) {
		return "not_found"
	}
	why := ""
	for _, it := range items {
		switch {
		case !slices.Contains(m.products, it.ProductID):
			return "not_found"
		case m.inactive[it.ProductID]:
			why = "invalid"
		}
	}
	return why
}

// save takes an order in at the present prices.
func (m *modelShop) save(id int64, d order.Draft) {
	o := &modelOrder{id: id, store: d.StoreID, reservation: d.Reservation, status: order.Pending}
	for _, it := range d.Items {
		it.UnitPrice = m.price[it.ProductID]
		o.items = append(o.items, it)
	}
	m.orders[id] = o
	if d.Request.Keyed() {
		m.keys[d.Request.Key] = modelUse{id, fmt.Sprint(d.Request.Fingerprint)}
	}
}

// decide decides the PENDING ones among the orders, by id, and returns them. The
// other stores that a rejection names are those before any of it.
func (m *modelShop) decide(ids []int64) (decided []*modelOrder) {
	before := maps.Clone(m.shelves)
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	for _, id := range ids {
		if o := m.orders[id]; o.status == order.Pending {
			m.judge(o, before)
			decided = append(decided, o)
		}
	}
	return decided
}

func (m *modelShop) judge(o *modelOrder, before map[modelLine]modelShelf) {
	own := m.holds[o.reservation]
	if own == nil || own.store != o.store || own.status != inventory.Active {
		own = &modelHold{}
	}
	want := pieces(o.items)
	o.status, o.reasons = order.Confirmed, m.short(o.store, want, own.pieces, before)
	for i, it := range o.items {
		o.items[i].UnitPrice = m.price[it.ProductID]
	}
	if len(o.reasons) > 0 {
		o.status = order.Rejected
		return
	}
	for product, n := range want {
		m.change(modelLine{o.store, product}, -n, 0)
	}
	if own.pieces != nil {
		m.end(own, inventory.Consumed)
	}
}

// short names, by product, what there is too little of: product, code, asked,
// available, and where else it is.
func (m *modelShop) short(store int64, want, own map[int64]int64, before map[modelLine]modelShelf) (reasons []string) {
	for _, product := range slices.Sorted(maps.Keys(want)) {
		shelf, carried := m.shelves[modelLine{store, product}]
		have := max(0, shelf.onHand-max(0, shelf.held-own[product]))
		switch {
		case !carried || m.inactive[product]:
			reasons = append(reasons, fmt.Sprintf("%d not_carried %d 0%s", product, want[product], m.elsewhere(store, product, before)))
		case have < want[product]:
			reasons = append(reasons, fmt.Sprintf("%d insufficient_stock %d %d%s", product, want[product], have, m.elsewhere(store, product, before)))
		}
	}
	return reasons
}

func (m *modelShop) elsewhere(store, product int64, shelves map[modelLine]modelShelf) (text string) {
	for _, other := range m.stores {
		shelf := shelves[modelLine{other, product}]
		if other != store && !m.inactive[product] && shelf.onHand > shelf.held {
			text += fmt.Sprintf(" %d:%d", other, shelf.onHand-shelf.held)
		}
	}
	return text
}

// change moves a line, which is there from then on.
func (m *modelShop) change(l modelLine, onHand, held int64) {
	shelf := m.shelves[l]
	m.shelves[l] = modelShelf{shelf.onHand + onHand, shelf.held + held}
}

// cancel gives back what a CONFIRMED order took and reports whether the order is
// CANCELLED then.
func (m *modelShop) cancel(id int64) bool {
	o := m.orders[id]
	if o.status == order.Confirmed {
		o.status = order.Cancelled
		for product, n := range pieces(o.items) {
			m.change(modelLine{o.store, product}, n, 0)
		}
	}
	return o.status == order.Cancelled
}

func (m *modelShop) hold(id, store int64, items []order.Item) {
	h := &modelHold{id: id, store: store, pieces: pieces(items), status: inventory.Active}
	m.holds[id] = h
	for product, n := range h.pieces {
		m.change(modelLine{store, product}, 0, n)
	}
}

// end gives back what an ACTIVE reservation holds.
func (m *modelShop) end(h *modelHold, status inventory.ReservationStatus) {
	if h.status != inventory.Active {
		return
	}
	h.status = status
	for product, n := range h.pieces {
		m.change(modelLine{h.store, product}, 0, -n)
	}
}

// adjust applies all lines, or none when one would be below nothing; it reports
// which.
func (m *modelShop) adjust(store int64, lines []inventory.AdjustmentLine) bool {
	after := maps.Clone(m.shelves)
	for _, l := range lines {
		shelf := after[modelLine{store, l.ProductID}]
		if l.Change == inventory.Set {
			shelf.onHand = 0
		}
		if shelf.onHand += l.Pieces; shelf.onHand < 0 {
			return false
		}
		after[modelLine{store, l.ProductID}] = shelf
	}
	m.shelves = after
	return true
}
