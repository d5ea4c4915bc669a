//go:build integration

package postgres_test

import (
	"cmp"
	"slices"
	"testing"
	"time"

	"aforro/pkg/notify"
	"aforro/pkg/order"
	"aforro/pkg/postgres/db"
)

// told is a counter whose store has stock, for tests of the outbox.
type told struct{ *counter }

func newTold(tb testing.TB) told {
	tb.Helper()
	c := newCounter(tb)
	for product := range int64(5) {
		c.stock(1, product+1, 1000)
	}
	return told{c}
}

// endpoint adds one and returns its id.
func (c told) endpoint() int64 {
	c.tb.Helper()
	e, err := c.AddEndpoint(c.tb.Context(), "https://example.com/", "", c.secret())
	if err != nil {
		c.tb.Fatal(err)
	}
	return e.ID
}

func (c told) secret() notify.Secret {
	c.tb.Helper()
	s, err := notify.NewSecret()
	if err != nil {
		c.tb.Fatal(err)
	}
	return s
}

// decided is an order that was decided just now; quantity 5000 is too much.
func (c told) decided(quantity int64) order.Order {
	c.tb.Helper()
	return c.mustDecide(c.mustSave(1, want(1, quantity), want(2, 1)).ID)
}

// cancel writes what a cancellation does to the order and its history.
func (c told) cancel(id int64) {
	c.tb.Helper()
	c.exec(`UPDATE orders SET status = 'CANCELLED' WHERE id = $1`, id)
	c.exec(`INSERT INTO order_events (order_id, sequence, status) VALUES ($1, 3, 'CANCELLED')`, id)
}

// queue queues states of orders, in pairs of order and sequence, as the
// deciding transaction does.
func (c told) queue(pairs ...int64) int64 {
	c.tb.Helper()
	var p db.QueueConfirmationsParams
	for i := 0; i < len(pairs); i += 2 {
		p.OrderIds, p.Sequences = append(p.OrderIds, pairs[i]), append(p.Sequences, int32(pairs[i+1]))
	}
	n, err := db.New(c.conn).QueueConfirmations(c.tb.Context(), p)
	if err != nil {
		c.tb.Fatal(err)
	}
	return n
}

const leased = time.Minute

// take takes everything that is due.
func (c told) take() []notify.Delivery {
	c.tb.Helper()
	return c.takeInto(notify.Room{Each: 100, Mail: 100})
}

func (c told) takeInto(room notify.Room) []notify.Delivery {
	c.tb.Helper()
	list, err := c.TakeDeliveries(c.tb.Context(), room, leased)
	if err != nil {
		c.tb.Fatal(err)
	}
	return list
}

// record judges what became of deliveries and records it.
func (c told) record(r notify.Result, list ...notify.Delivery) {
	c.tb.Helper()
	outcomes := make([]notify.Outcome, len(list))
	for i, d := range list {
		outcomes[i] = notify.Judge(d, r, 0.5)
	}
	if err := c.RecordDeliveries(c.tb.Context(), outcomes); err != nil {
		c.tb.Fatal(err)
	}
}

// hurry makes everything that waits for its time due now.
func (c told) hurry() {
	c.tb.Helper()
	c.exec(`UPDATE confirmations SET next_at = now() - interval '1 second' WHERE delivered_at IS NULL AND parked_at IS NULL`)
}

func (c told) mustList(endpoint int64, in notify.State) []notify.Record {
	c.tb.Helper()
	list, err := c.Deliveries(c.tb.Context(), endpoint, in, 0, 100)
	if err != nil {
		c.tb.Fatal(err)
	}
	return list
}

// ids are the messages and lanes of deliveries, in order.
func ids(list []notify.Delivery) []string {
	slices.SortFunc(list, func(a, b notify.Delivery) int {
		return cmp.Or(cmp.Compare(a.Message.ID(), b.Message.ID()), cmp.Compare(a.Lane(), b.Lane()))
	})
	names := make([]string, len(list))
	for i, d := range list {
		names[i] = d.Kind() + " " + d.Message.ID()
	}
	return names
}
