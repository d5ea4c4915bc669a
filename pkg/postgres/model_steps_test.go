//go:build integration

package postgres_test

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"pgregory.net/rapid"

	"aforro/pkg/catalog"
	"aforro/pkg/fault"
	"aforro/pkg/idempotency"
	"aforro/pkg/inventory"
	"aforro/pkg/order"
)

// unknown is the id of no store and of no product.
const unknown = 1 << 40

// anItem asks for a few pieces of a product, seldom of one that does not exist.
func (m *model) anItem(t *rapid.T) order.Item {
	product := rapid.SampledFrom(m.products).Draw(t, "product")
	if rapid.IntRange(0, 29).Draw(t, "unknown") == 29 {
		product = unknown
	}
	return want(product, rapid.Int64Range(1, 4).Draw(t, "quantity"))
}

func (m *model) someItems(t *rapid.T) []order.Item {
	return rapid.SliceOfN(rapid.Custom(m.anItem), 1, 3).Draw(t, "items")
}

func (m *model) aStore(t *rapid.T) int64 { return rapid.SampledFrom(m.stores).Draw(t, "store") }

// one draws one of the ids; false when there is none.
func one[V any](t *rapid.T, of map[int64]V, what string) (id int64, ok bool) {
	if len(of) == 0 {
		return 0, false
	}
	return rapid.SampledFrom(slices.Sorted(maps.Keys(of))).Draw(t, what), true
}

// aDraft is an order, sometimes under a key that was used before, sometimes with
// a reservation, whoever's.
func (m *model) aDraft(t *rapid.T) order.Draft {
	d := order.Draft{StoreID: m.aStore(t), Items: m.someItems(t)}
	if rapid.IntRange(0, 29).Draw(t, "nowhere") == 29 {
		d.StoreID = unknown
	}
	if rapid.Bool().Draw(t, "with a reservation") {
		d.Reservation, _ = one(t, m.holds, "reservation")
	}
	if rapid.IntRange(0, 3).Draw(t, "with a key") == 0 {
		key := fmt.Sprintf("%d-%d", m.stores[0], rapid.IntRange(0, 9).Draw(t, "key"))
		body := fmt.Sprint(rapid.IntRange(0, 2).Draw(t, "body"))
		d.Request = idempotency.New("orders", key, []byte(body))
	}
	return d
}

func (m *model) save(t *rapid.T) {
	m.saveAll(t, rapid.SliceOfN(rapid.Custom(m.aDraft), 1, 4).Draw(t, "drafts"))
}

func (m *model) saveAll(t *rapid.T, drafts []order.Draft) {
	used := maps.Clone(m.keys)
	saved := m.modelDriver.save(drafts)
	for i, s := range saved {
		if why := m.refusal(used, drafts[i]); s.Err == nil && !s.Replayed {
			if why != "" {
				t.Fatalf("draft %d is order %d, and should be refused: %s", i, s.Order.ID, why)
			}
			m.taken(t, drafts[i], s.Order)
		}
	}
	for i, s := range saved {
		m.left(t, used, i, drafts[i], s)
	}
}

// refusal is why a draft makes no order: "used" when its key was used before.
func (m *model) refusal(used map[string]modelUse, d order.Draft) string {
	if _, before := used[d.Request.Key]; before {
		return "used"
	}
	return m.refused(d.StoreID, d.Items)
}

// taken is a draft that became an order: of several with one key only one does.
func (m *model) taken(t *rapid.T, d order.Draft, o order.Order) {
	if _, twice := m.keys[d.Request.Key]; d.Request.Keyed() && twice || m.orders[o.ID] != nil {
		t.Fatalf("order %d is made twice, or its key", o.ID)
	}
	m.modelShop.save(o.ID, d)
	m.mustBeShown(t, o)
	m.seen["saved"]++
}

// left is a draft that became no order: it is refused, or it repeats another.
func (m *model) left(t *rapid.T, used map[string]modelUse, i int, d order.Draft, s order.Saved) {
	if s.Err == nil && !s.Replayed {
		return
	}
	why, use := m.refusal(used, d), m.keys[d.Request.Key]
	got := string(fault.CodeOf(s.Err))
	switch {
	case why != "" && why != "used":
	case use.body == fmt.Sprint(d.Request.Fingerprint):
		why = ""
		m.mustBeShown(t, s.Order)
		if s.Order.ID != use.order {
			t.Fatalf("draft %d repeats order %d, and got %d", i, use.order, s.Order.ID)
		}
	default:
		why = string(fault.Unprocessable)
	}
	if got != why {
		t.Fatalf("draft %d is refused with %q (%v), want %q", i, got, s.Err, why)
	}
	m.seen[cmp.Or(why, "replayed")]++
}

// buyHeld orders what a reservation holds, at times twice at once.
func (m *model) buyHeld(t *rapid.T) {
	h := m.holds[m.oneActive(t)]
	if h == nil {
		return
	}
	d := order.Draft{StoreID: h.store, Reservation: h.id}
	for _, product := range slices.Sorted(maps.Keys(h.pieces)) {
		d.Items = append(d.Items, want(product, h.pieces[product]))
	}
	var ids []int64
	for range rapid.IntRange(1, 2).Draw(t, "times") {
		m.saveAll(t, []order.Draft{d})
		ids = slices.Sorted(maps.Keys(m.orders))
	}
	m.decideAll(t, ids[max(0, len(ids)-2):])
}

// oneActive draws a reservation that holds something; 0 when there is none.
func (m *model) oneActive(t *rapid.T) int64 {
	live := map[int64]bool{}
	for id, h := range m.holds {
		if h.status == inventory.Active {
			live[id] = true
		}
	}
	id, _ := one(t, live, "reservation")
	return id
}

func (m *model) decide(t *rapid.T) {
	if all := slices.Sorted(maps.Keys(m.orders)); len(all) > 0 {
		m.decideAll(t, rapid.SliceOfN(rapid.SampledFrom(all), 1, 6).Draw(t, "orders"))
	}
}

func (m *model) decideAll(t *rapid.T, ids []int64) {
	active := m.active()
	decided, want := m.modelDriver.decide(ids), m.modelShop.decide(ids)
	if len(decided) != len(want) {
		t.Fatalf("%d of the orders %v are decided, want %d", len(decided), ids, len(want))
	}
	slices.SortFunc(decided, func(a, b order.Decision) int { return int(a.ID - b.ID) })
	for i, o := range want {
		d := decided[i]
		if d.ID != o.id || d.Status != o.status || d.Total != o.total() || !slices.Equal(worded(d.Reasons), o.reasons) {
			t.Fatalf("decided %+v, want %+v of %s", d, *o, o.total())
		}
		m.mustBeShown(t, m.order(d.ID))
		m.seen[string(d.Status)]++
	}
	m.seen["consumed"] += active - m.active()
	if len(want) > 1 {
		m.seen["decided in a batch"]++
	} else if len(want) == 0 {
		m.seen["decided already"]++
	}
}

// active counts the reservations that hold something.
func (m *model) active() (n int) {
	for _, h := range m.holds {
		if h.status == inventory.Active {
			n++
		}
	}
	return n
}

func (m *model) cancel(t *rapid.T) {
	id, ok := one(t, m.orders, "order")
	if !ok {
		return
	}
	o, err := m.modelDriver.cancel(id)
	if !m.modelShop.cancel(id) {
		if !fault.Is(err, fault.Conflict) {
			t.Fatalf("cancelling order %d, which is %s: %v", id, m.orders[id].status, err)
		}
		m.seen["not to be cancelled"]++
		return
	}
	m.must(err)
	m.mustBeShown(t, o)
	m.seen["CANCELLED"]++
}

func (m *model) reserve(t *rapid.T) {
	store, items := m.aStore(t), m.someItems(t)
	r, err := m.modelDriver.reserve(store, items)
	why := m.refused(store, items)
	if why == "" && len(m.short(store, pieces(items), nil, m.shelves)) > 0 {
		why = string(fault.Conflict)
	}
	if got := string(fault.CodeOf(err)); got != why {
		t.Fatalf("reserving %v in store %d: %q (%v), want %q", items, store, got, err, why)
	}
	if why != "" {
		m.seen["not reserved"]++
		return
	}
	m.hold(r.ID, store, items)
	m.seen["reserved"]++
}

func (m *model) release(t *rapid.T) {
	if id, ok := one(t, m.holds, "reservation"); ok {
		m.modelDriver.release(id)
		m.end(m.holds[id], inventory.Released)
		m.seen["released"]++
	}
}

// expire lets the time of some reservations be over, live or not.
func (m *model) expire(t *rapid.T) {
	all := slices.Sorted(maps.Keys(m.holds))
	if len(all) == 0 {
		return
	}
	ids := rapid.SliceOfNDistinct(rapid.SampledFrom(all), 1, -1, rapid.ID[int64]).Draw(t, "reservations")
	active := m.active()
	n := m.modelDriver.expire(ids)
	for _, id := range ids {
		m.end(m.holds[id], inventory.Expired)
	}
	if n != active-m.active() {
		t.Fatalf("%d reservations are given back, want %d", n, active-m.active())
	}
	m.seen["expired"] += n
}

func (m *model) adjust(t *rapid.T) {
	store := m.aStore(t)
	products := rapid.SliceOfNDistinct(rapid.SampledFrom(m.products), 1, 3, rapid.ID[int64]).Draw(t, "products")
	lines := make([]inventory.AdjustmentLine, len(products))
	for i, product := range products {
		lines[i] = set(product, rapid.SampledFrom([]int64{0, 1, 6, 15}).Draw(t, "set"))
		if rapid.Bool().Draw(t, "relative") {
			lines[i] = add(product, rapid.Int64Range(-6, 8).Draw(t, "add"))
		}
	}
	after, err := m.modelDriver.adjust(store, lines)
	if !m.modelShop.adjust(store, lines) {
		if !fault.Is(err, fault.Conflict) {
			t.Fatalf("adjusting %+v: %v, want a conflict", lines, err)
		}
		m.seen["not adjusted"]++
		return
	}
	m.must(err)
	for i, s := range after {
		if shelf := m.shelves[modelLine{store, products[i]}]; s.ProductID != products[i] || s.OnHand != shelf.onHand || s.Held != shelf.held {
			t.Fatalf("adjusted to %+v, want %+v", s, shelf)
		}
	}
	m.seen["adjusted"]++
}

func (m *model) reprice(t *rapid.T) {
	product := rapid.SampledFrom(m.products).Draw(t, "product")
	m.price[product] = catalog.Price(rapid.Int64Range(0, 100_000).Draw(t, "price"))
	m.exec(`UPDATE products SET price = $2 WHERE id = $1`, product, m.price[product])
}

// discontinue takes a product out of the catalogue, or back in.
func (m *model) discontinue(t *rapid.T) {
	product := rapid.SampledFrom(m.products).Draw(t, "product")
	m.inactive[product] = !m.inactive[product] && rapid.IntRange(0, 3).Draw(t, "out") == 0
	m.exec(`UPDATE products SET active = $2 WHERE id = $1`, product, !m.inactive[product])
}

// changeBySQL sets a line as somebody may by plain SQL, or removes one that
// holds nothing.
func (m *model) changeBySQL(t *rapid.T) {
	l := modelLine{m.aStore(t), rapid.SampledFrom(m.products).Draw(t, "product")}
	shelf, carried := m.shelves[l]
	n := rapid.SampledFrom([]int64{-1, 0, 2, 9, 15}).Draw(t, "pieces")
	switch {
	case n >= 0:
		m.shelves[l] = modelShelf{n, shelf.held}
		m.exec(`INSERT INTO inventory VALUES ($1, $2, $3) ON CONFLICT (store_id, product_id) DO UPDATE SET quantity = excluded.quantity`, l.store, l.product, n)
	case carried && shelf.held == 0:
		delete(m.shelves, l)
		m.exec(`DELETE FROM inventory WHERE store_id = $1 AND product_id = $2`, l.store, l.product)
		m.seen["carried no more"]++
	}
}
