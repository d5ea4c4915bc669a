//go:build integration

package postgres_test

import (
	"fmt"
	"testing"
	"time"

	"aforro/pkg/notify"
)

func TestDeliveriesAreListedByState(t *testing.T) {
	t.Parallel()
	c := newTold(t)
	id, other := c.endpoint(), c.endpoint()
	short := c.decided(5000)
	c.queue(short.ID, 2, c.decided(1).ID, 2, c.decided(1).ID, 2)
	taken := c.takeInto(notify.Room{Endpoints: map[int64]int{id: 9, other: 0}})
	c.record(notify.Result{Delivered: true}, taken[0])
	c.record(notify.Refused(410, "gone"), taken[1])
	c.record(notify.Failed("away"), taken[2])
	for in, want := range map[notify.State]string{
		notify.Delivered: "[{1 order.rejected delivered 1 false true false }]",
		notify.Parked:    "[{2 order.confirmed parked 1 false false true gone}]",
		notify.Due:       "[{3 order.confirmed due 1 true false false away}]",
		"":               "[{3 order.confirmed due 1 true false false away} {2 order.confirmed parked 1 false false true gone} {1 order.rejected delivered 1 false true false }]",
	} {
		type line struct {
			Order                   int64
			Type                    notify.EventType
			State                   notify.State
			Attempts                int
			Next, Delivered, Parked bool
			Error                   string
		}
		got := []line{}
		for _, r := range c.mustList(id, in) {
			got = append(got, line{r.OrderID, r.Type, r.State, r.Attempts, r.NextAt != nil, r.DeliveredAt != nil, r.ParkedAt != nil, r.LastError})
		}
		if fmt.Sprint(got) != want {
			t.Errorf("%s: got %v, want %s", in, got, want)
		}
	}
	if n := len(c.mustList(other, notify.Due)); n != 3 {
		t.Errorf("%d are due to the other", n)
	}
	all := c.mustList(id, "")
	for _, in := range []notify.State{"", notify.Due} {
		page, err := c.Deliveries(t.Context(), id, in, all[0].ID, 1)
		if err != nil || (in == "" && (len(page) != 1 || page[0].ID != all[1].ID)) || (in == notify.Due && len(page) != 0) {
			t.Errorf("before %d: %v %v", all[0].ID, page, err)
		}
	}
}

// What failed for a day is parked: at the first failure after it, however few
// attempts there were.
func TestAfterADayADeliveryIsParkedAndCanBeRetried(t *testing.T) {
	t.Parallel()
	c := newTold(t)
	id := c.endpoint()
	for range 3 {
		c.queue(c.decided(1).ID, 2)
	}
	c.exec(`UPDATE confirmations SET created_at = now() - interval '23 hours 59 minutes'`)
	c.record(notify.Failed("away"), c.take()...)
	if n := len(c.mustList(id, notify.Due)); n != 3 {
		t.Fatalf("%d of 3 are due before the day is over", n)
	}
	c.exec(`UPDATE confirmations SET created_at = now() - interval '24 hours' WHERE order_id <= 2`)
	c.hurry()
	c.record(notify.Failed("still away"), c.take()...)
	parked := c.mustList(id, notify.Parked)
	if len(parked) != 2 || parked[0].Attempts != 2 || parked[0].LastError != "still away" || len(c.mustList(id, notify.Due)) != 1 {
		t.Fatalf("parked are %+v", parked)
	}
	c.hurry()
	if got := c.take(); len(got) != 1 || got[0].Message.Order.ID != 3 {
		t.Errorf("what is parked is due: %v", ids(got))
	}
	if n, err := c.RetryParked(t.Context(), id); err != nil || n != 2 {
		t.Errorf("retried %d, %v", n, err)
	}
	again := c.take()
	if len(again) != 2 || again[0].Attempts != 0 || again[0].Age > time.Minute {
		t.Errorf("after the retry are due %+v", again)
	}
	c.record(notify.Failed("away"), again...)
	if n := len(c.mustList(id, notify.Due)); n != 3 {
		t.Errorf("%d of 3 are due: the day did not begin anew", n)
	}
}

func TestManyAreRetriedInSteps(t *testing.T) {
	t.Parallel()
	c := newTold(t)
	id, other := c.endpoint(), c.endpoint()
	c.manyParked(id, 2500)
	c.exec(`INSERT INTO confirmations (order_id, sequence, endpoint_id, parked_at) VALUES (1, 2, $1, now())`, other)
	if n, err := c.RetryParked(t.Context(), id); err != nil || n != 2500 {
		t.Errorf("retried %d, %v", n, err)
	}
	if n := c.number(`SELECT count(*) FROM confirmations WHERE parked_at IS NOT NULL`); n != 1 {
		t.Errorf("%d are parked still", n)
	}
}

// manyParked gives an endpoint that many parked deliveries.
func (c told) manyParked(id int64, n int) {
	c.tb.Helper()
	c.exec(`INSERT INTO orders (store_id, status, decided_at) SELECT 1, 'CONFIRMED', now() FROM generate_series(1, $1::integer)`, n)
	c.exec(`INSERT INTO order_events (order_id, sequence, status) SELECT id, 2, 'CONFIRMED' FROM orders`)
	c.exec(`INSERT INTO confirmations (order_id, sequence, endpoint_id, parked_at) SELECT id, 2, $1, now() FROM orders`, id)
}

// What has piled up for a day behind an endpoint that is away is parked at once,
// and nothing younger, nothing leased and nothing of others.
func TestOverdueDeliveriesAreParkedTogether(t *testing.T) {
	t.Parallel()
	c := newTold(t)
	id, other := c.endpoint(), c.endpoint()
	c.manyParked(id, 2203)
	c.exec(`UPDATE confirmations SET parked_at = NULL, created_at = now() - interval '25 hours'`)
	c.exec(`UPDATE confirmations SET created_at = now() - interval '23 hours' WHERE order_id = 1`)
	c.exec(`INSERT INTO confirmations (order_id, sequence, endpoint_id, created_at) VALUES (3, 2, $1, now() - interval '25 hours')`, other)
	leased := c.takeInto(notify.Room{Endpoints: map[int64]int{id: 2, other: 0}})
	if n, err := c.ParkOverdue(t.Context(), id, "away"); err != nil || n < 2200 || n+int64(len(leased)) < 2202 {
		t.Errorf("parked %d, %v", n, err)
	}
	if n := c.number(`SELECT count(*) FROM confirmations WHERE parked_at IS NULL`); n < 3 || n > 4 {
		t.Errorf("%d are left; want the two that are leased, the young one and the other's", n)
	}
	if n := len(c.mustList(other, notify.Parked)); n != 0 {
		t.Errorf("%d of the other are parked", n)
	}
}

func TestTheBacklogIsMeasured(t *testing.T) {
	t.Parallel()
	c := newTold(t)
	id := c.endpoint()
	check := func(what string, parked int64, overdue time.Duration) {
		t.Helper()
		got, err := c.Backlog(t.Context())
		if err != nil || got.Parked != parked || (got.Overdue-overdue).Abs() > 30*time.Second {
			t.Errorf("%s: got %+v %v, want %d and %s", what, got, err, parked, overdue)
		}
	}
	check("nothing queued", 0, 0)
	o := c.decided(1)
	c.cancel(o.ID)
	c.queue(o.ID, 2, o.ID, 3, c.decided(1).ID, 2)
	c.exec(`UPDATE confirmations SET next_at = now() - interval '1 hour'`)
	check("all are due", 0, time.Hour)
	taken := c.take()
	check("one waits for its order's first", 0, 0)
	c.record(notify.Refused(410, "gone"), taken...)
	check("it is its turn", 2, time.Hour)
	c.exec(`UPDATE confirmations SET delivered_at = now() WHERE parked_at IS NULL`)
	c.exec(`UPDATE orders SET email = 'a@example.com' WHERE id = 2`)
	c.exec(`INSERT INTO confirmations (order_id, sequence, next_at) VALUES (2, 2, now() - interval '2 hours')`)
	check("an e-mail is due", 2, 2*time.Hour)
	if err := c.RemoveEndpoint(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	check("the endpoint is gone", 0, 2*time.Hour)
}

func TestOldDeliveriesAreDropped(t *testing.T) {
	t.Parallel()
	c := newTold(t)
	id := c.endpoint()
	c.manyParked(id, 4500)
	c.exec(`UPDATE confirmations SET created_at = now() - interval '40 days', parked_at = NULL, delivered_at = now() - interval '8 days'`)
	for order, change := range map[int]string{
		7:    `delivered_at = now() - interval '6 days'`,
		8:    `delivered_at = NULL, parked_at = now() - interval '29 days'`,
		9:    `delivered_at = NULL, parked_at = now() - interval '31 days'`,
		10:   `delivered_at = NULL`,
		4400: `delivered_at = NULL, created_at = now()`,
	} {
		c.exec(`UPDATE confirmations SET `+change+` WHERE order_id = $1`, order)
	}
	const day = 24 * time.Hour
	for _, want := range []int64{4496, 0} {
		if n, err := c.PurgeDeliveries(t.Context(), 7*day, 30*day); err != nil || n != want {
			t.Errorf("dropped %d, %v; want %d", n, err, want)
		}
	}
	if n := c.number(`SELECT count(*) FROM confirmations WHERE order_id IN (7, 8, 10, 4400)`); n != 4 {
		t.Errorf("%d of the 4 that stay are left", n)
	}
}

// A walk for old rows ends where all are young.
func TestDroppingDoesNotReadWhatIsYoung(t *testing.T) {
	t.Parallel()
	c := newTold(t)
	c.manyParked(c.endpoint(), 3000)
	c.exec(`UPDATE confirmations SET parked_at = NULL, delivered_at = now()`)
	c.exec(`UPDATE confirmations SET delivered_at = now() - interval '8 days' WHERE order_id = 2900`) // queued today, so none to be found
	if n, err := c.PurgeDeliveries(t.Context(), 7*24*time.Hour, 30*24*time.Hour); err != nil || n != 0 {
		t.Errorf("dropped %d, %v", n, err)
	}
}
