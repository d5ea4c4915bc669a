//go:build integration

package postgres_test

import (
	"context"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"aforro/pkg/notify"
	"aforro/pkg/order"
	"aforro/pkg/postgres/db"
	"aforro/pkg/testkit"
)

func TestConfirmationsAreQueuedForWhoIsToBeTold(t *testing.T) {
	t.Parallel()
	c := newTold(t)
	silent, mailed := c.decided(1), c.decided(1)
	c.exec(`UPDATE orders SET email = 'a@example.com' WHERE id = $1`, mailed.ID)
	if n := c.queue(silent.ID, 2); n != 0 {
		t.Errorf("%d rows for nobody", n)
	}
	if n := c.queue(silent.ID, 2, mailed.ID, 2); n != 1 {
		t.Errorf("%d rows for one address", n)
	}
	c.endpoint()
	c.endpoint()
	if n := c.queue(silent.ID, 2, mailed.ID, 2); n != 4 {
		t.Errorf("%d new rows for two endpoints", n)
	}
	if n := c.queue(silent.ID, 2, mailed.ID, 2); n != 0 {
		t.Errorf("%d rows for what is queued already", n)
	}
	if got, want := ids(c.take()), []string{"webhook msg_1_2", "webhook msg_1_2", "mail msg_2_2", "webhook msg_2_2", "webhook msg_2_2"}; !reflect.DeepEqual(got, want) {
		t.Errorf("due are %v, want %v", got, want)
	}
}

// The outbox is part of the transaction that changes the order.
func TestARolledBackChangeIsToldToNobody(t *testing.T) {
	t.Parallel()
	c := newTold(t)
	o := c.decided(1)
	c.endpoint()
	tx, err := c.conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if n, err := db.New(tx).QueueConfirmations(t.Context(), db.QueueConfirmationsParams{OrderIds: []int64{o.ID}, Sequences: []int32{2}}); err != nil || n != 1 {
		t.Fatalf("%d rows, %v", n, err)
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := c.take(); len(got) != 0 {
		t.Errorf("due are %v", ids(got))
	}
}

func TestADeliveryHasWhatItsMessageNeeds(t *testing.T) {
	t.Parallel()
	c := newTold(t)
	id := c.endpoint()
	sold, short := c.decided(3), c.decided(5000)
	c.exec(`UPDATE orders SET email = 'a@example.com' WHERE id = $1`, sold.ID)
	c.cancel(sold.ID)
	c.queue(sold.ID, 2, sold.ID, 3, short.ID, 2)
	first := c.take()
	if got, want := ids(first), []string{"mail msg_1_2", "webhook msg_1_2", "webhook msg_2_2"}; !reflect.DeepEqual(got, want) {
		t.Fatalf("due are %v, want %v", got, want)
	}
	m := first[1].Message
	want := notify.Message{Sequence: 2, At: *sold.DecidedAt, Store: "A", City: "Pune", Email: "a@example.com",
		Titles: map[int64]string{1: "Product 1", 2: "Product 2"},
		Order:  order.Order{ID: sold.ID, StoreID: 1, Status: order.Confirmed, CreatedAt: sold.CreatedAt, Items: sold.Items, Total: 4200}}
	if !reflect.DeepEqual(m, want) {
		t.Errorf("got  %+v\nwant %+v", m, want)
	}
	if to := first[1].Target; to.EndpointID != id || to.URL != "https://example.com/" || len(to.Secrets) != 1 || first[0].Target != nil {
		t.Errorf("it goes to %+v", to)
	}
	if r := first[2].Message.Order; r.Status != order.Rejected || !reflect.DeepEqual(r.Reasons, short.Reasons) || len(r.Reasons) != 1 {
		t.Errorf("the rejected is %+v, want the reasons %+v", r, short.Reasons)
	}
	c.record(notify.Result{Delivered: true}, first...)
	if second := c.take(); len(second) != 2 || second[0].Message.Order.Status != order.Cancelled || second[0].Message.ID() != "msg_1_3" {
		t.Errorf("then due are %v", ids(second))
	}
}

// A later state waits for the earlier one of the same order and receiver, and
// for nothing else, until that is delivered or parked.
func TestOrderPerOrderAndReceiver(t *testing.T) {
	t.Parallel()
	c := newTold(t)
	a, b := c.endpoint(), c.endpoint()
	one, two := c.decided(1), c.decided(1)
	c.cancel(one.ID)
	c.queue(one.ID, 3, one.ID, 2, two.ID, 2)
	taken := c.take()
	if got, want := ids(taken), []string{"webhook msg_1_2", "webhook msg_1_2", "webhook msg_2_2", "webhook msg_2_2"}; !reflect.DeepEqual(got, want) {
		t.Fatalf("due are %v, want %v", got, want)
	}
	if len(c.take()) != 0 {
		t.Error("the second state is due while the first is on its way")
	}
	c.record(notify.Failed("away"), taken[0]) // to a
	c.record(notify.Result{Delivered: true}, taken[1])
	next := c.take()
	if len(next) != 1 || next[0].Message.ID() != "msg_1_3" || next[0].Lane() != b {
		t.Fatalf("due are %v", ids(next))
	}
	c.hurry()
	again := c.takeInto(notify.Room{Endpoints: map[int64]int{a: 5, b: 0}})
	if len(again) != 2 || ids(again)[0] != "webhook msg_1_2" {
		t.Fatalf("due to a are %v", ids(again)) // and msg_2_2, whose lease ended
	}
	c.record(notify.Refused(410, "gone"), again[0])
	if last := c.takeInto(notify.Room{Endpoints: map[int64]int{a: 5, b: 0}}); len(last) != 1 || last[0].Message.ID() != "msg_1_3" {
		t.Errorf("after the first was parked, due to a are %v", ids(last))
	}
}

func TestRoomIsKept(t *testing.T) {
	t.Parallel()
	c := newTold(t)
	a, b := c.endpoint(), c.endpoint()
	for range 6 {
		o := c.decided(1)
		c.exec(`UPDATE orders SET email = 'a@example.com' WHERE id = $1`, o.ID)
		c.queue(o.ID, 2)
	}
	count := func(list []notify.Delivery) map[int64]int {
		n := map[int64]int{}
		for _, d := range list {
			n[d.Lane()]++
		}
		return n
	}
	if got, want := count(c.takeInto(notify.Room{Each: 4, Endpoints: map[int64]int{a: 1}})), (map[int64]int{a: 1, b: 4}); !reflect.DeepEqual(got, want) {
		t.Errorf("took %v, want %v", got, want)
	}
	if got, want := count(c.takeInto(notify.Room{Each: 4, Endpoints: map[int64]int{a: 0}, Mail: 5})), (map[int64]int{b: 2, 0: 5}); !reflect.DeepEqual(got, want) {
		t.Errorf("then took %v, want %v", got, want)
	}
}

// A taker that dies leaves a lease, which ends: the same message, with the same
// id, is due again. A failure that it tells of afterwards changes nothing.
func TestALeaseEnds(t *testing.T) {
	t.Parallel()
	c := newTold(t)
	id := c.endpoint()
	c.queue(c.decided(1).ID, 2)
	dead, err := c.TakeDeliveries(t.Context(), notify.Room{Each: 1}, 200*time.Millisecond)
	if err != nil || len(dead) != 1 {
		t.Fatal(dead, err)
	}
	if len(c.take()) != 0 {
		t.Error("it is due while it is leased")
	}
	var again []notify.Delivery
	testkit.Eventually(t, 5*time.Second, "it is due again", func() bool { again = c.take(); return len(again) == 1 })
	if again[0].Message.ID() != dead[0].Message.ID() || again[0].Attempts != 0 {
		t.Errorf("got %+v", again[0])
	}
	c.record(notify.Failed("late"), dead...)
	if list := c.mustList(id, notify.Due); len(list) != 1 || list[0].Attempts != 0 || list[0].LastError != "" {
		t.Errorf("the late failure was recorded: %+v", list)
	}
	c.record(notify.Result{Delivered: true}, dead...) // late, and yet delivered
	c.record(notify.Failed("second"), again...)
	if list := c.mustList(id, notify.Delivered); len(list) != 1 || list[0].LastError != "" || list[0].Attempts != 1 {
		t.Errorf("got %+v", list)
	}
}

func TestTwoTakersNeverTakeTheSame(t *testing.T) {
	t.Parallel()
	c := newTold(t)
	c.endpoint()
	const orders = 60
	for range orders {
		c.queue(c.decided(1).ID, 2)
	}
	var mu sync.Mutex
	seen := map[string]int{}
	var takers sync.WaitGroup
	for range 4 {
		takers.Go(func() {
			for {
				list, err := c.TakeDeliveries(context.Background(), notify.Room{Each: 3}, leased)
				if err != nil {
					t.Error(err)
				}
				if len(list) == 0 {
					return
				}
				mu.Lock()
				for _, d := range list {
					seen[d.Message.ID()]++
				}
				mu.Unlock()
			}
		})
	}
	takers.Wait()
	for id, n := range seen {
		if n != 1 {
			t.Errorf("%s was taken %d times", id, n)
		}
	}
	// Whoever met only rows that others held has left; nothing is lost by it.
	if rest := len(c.take()); len(seen)+rest != orders {
		t.Errorf("%d and %d of %d were taken", len(seen), rest, orders)
	}
}

// One row that cannot be read fails alone.
func TestABrokenDeliveryFailsAlone(t *testing.T) {
	t.Parallel()
	c := newTold(t)
	c.endpoint()
	bad := c.endpoint()
	c.exec(`UPDATE webhook_endpoints SET secret = 'hunter2' WHERE id = $1`, bad)
	short := c.decided(5000)
	c.exec(`UPDATE orders SET reasons = '{}' WHERE id = $1`, short.ID)
	c.queue(c.decided(1).ID, 2, short.ID, 2)
	list := c.take()
	if got, want := ids(list), []string{"webhook msg_1_2", "webhook msg_1_2", "webhook msg_2_2", "webhook msg_2_2"}; !reflect.DeepEqual(got, want) {
		t.Fatalf("due are %v, want %v", got, want)
	}
	for i, broken := range []bool{true, true, false, true} {
		if (list[i].Broken != "") != broken || strings.Contains(list[i].Broken, "hunter2") {
			t.Errorf("%s to %d: %q", list[i].Message.ID(), list[i].Lane(), list[i].Broken)
		}
	}
}

// An endpoint that goes while a decision is made neither breaks the decision
// nor leaves a row behind.
func TestAnEndpointMayGoWhileADecisionIsMade(t *testing.T) {
	t.Parallel()
	c := newTold(t)
	o := c.decided(1)
	gone, kept := c.endpoint(), c.endpoint()
	removing := testkit.Conn(t, c.url)
	tx, err := removing.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), `DELETE FROM webhook_endpoints WHERE id = $1`, gone); err != nil {
		t.Fatal(err)
	}
	n, err := db.New(testkit.Conn(t, c.url)).QueueConfirmations(t.Context(), db.QueueConfirmationsParams{OrderIds: []int64{o.ID}, Sequences: []int32{2}})
	if err != nil || n != 1 {
		t.Errorf("the decision waited for the removal, or told of itself to %d: %v", n, err)
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if list := c.take(); len(list) != 1 || list[0].Lane() != kept {
		t.Errorf("due are %v", ids(list))
	}
}

// With nobody to tell, queueing a batch of 500 decisions costs a small part of
// what deciding them does.
func BenchmarkQueueConfirmationsForNobody(b *testing.B) {
	c := newTold(b)
	var p db.QueueConfirmationsParams
	c.exec(`INSERT INTO orders (store_id, status, decided_at) SELECT 1, 'CONFIRMED', now() FROM generate_series(1, 500)`)
	for n := range int64(500) {
		p.OrderIds, p.Sequences = append(p.OrderIds, n+1), append(p.Sequences, 2)
	}
	for b.Loop() {
		if n, err := db.New(c.conn).QueueConfirmations(b.Context(), p); err != nil || n != 0 {
			b.Fatal(n, err)
		}
	}
}
