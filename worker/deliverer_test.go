//go:build integration

package worker_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"aforro/pkg/notify"
	"aforro/pkg/testkit"
	"aforro/pkg/webhook"
)

func message(id int64, sequence int32) string { return notify.MessageID(id, sequence) }

func TestEveryEndpointIsToldOnce(t *testing.T) {
	t.Parallel()
	s := newShop(t, 1000)
	receivers := []*receiver{newReceiver(t, nil), newReceiver(t, nil)}
	for _, r := range receivers {
		s.subscribe(r)
	}
	o := s.delivering()
	work(t, o)
	work(t, s.delivering()) // a second worker
	const orders = 60
	want := map[string]int{}
	for range orders {
		want[message(s.tell(), 2)] = 1
	}
	for i, r := range receivers {
		r.awaitTaken(20*time.Second, orders)
		testkit.Eventually(t, 10*time.Second, "all is recorded", func() bool { return s.undelivered() == 0 })
		got := map[string]int{}
		for _, id := range r.taken() {
			got[id]++
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("receiver %d got %v", i, got)
		}
	}
	if n := count(t, o.Metrics.(*prometheus.Registry), "aforro_deliveries_total", "delivered"); n == 0 || n > 2*orders {
		t.Errorf("%v deliveries are counted", n)
	}
}

// The task is enough: nobody waits for the tick.
func TestTheTaskDeliversAtOnce(t *testing.T) {
	t.Parallel()
	s := newShop(t, 10)
	r := newReceiver(t, nil)
	s.subscribe(r)
	o := s.delivering()
	o.Deliver.Every = time.Hour
	work(t, o)
	first := s.tell()
	testkit.Eventually(t, 10*time.Second, "the task is taken and the webhook sent", func() bool {
		return s.queue.EnqueueConfirmation(t.Context(), first) == nil && len(r.taken()) == 1
	})
}

// The tick is enough: a lost task, or a lost Redis, loses nothing.
func TestALostTaskLosesNoWebhook(t *testing.T) {
	t.Parallel()
	s := newShop(t, 10)
	r := newReceiver(t, nil)
	s.subscribe(r)
	s.redis.Cut()
	work(t, s.delivering())
	s.tell()
	r.awaitTaken(10*time.Second, 1)
}

// While the first state of an order is not taken, the second waits, and what is
// told of other orders does not.
func TestStatesArriveInOrderAlthoughTheFirstFails(t *testing.T) {
	t.Parallel()
	s := newShop(t, 10)
	first := s.save(1)
	var healed atomic.Bool
	r := newReceiver(t, func(id string, _ int) int {
		if id == message(first, 2) && !healed.Load() {
			return 500
		}
		return 200
	})
	s.subscribe(r)
	s.decide(first)
	s.cancelled(first)
	other := s.tell()
	work(t, s.delivering())
	r.awaitTaken(10*time.Second, 1)
	testkit.Eventually(t, 10*time.Second, "the first was tried twice", func() bool { s.hurry(); return r.tried(message(first, 2)) >= 2 })
	if got := r.taken(); !slices.Equal(got, []string{message(other, 2)}) || r.tried(message(first, 3)) != 0 {
		t.Errorf("taken are %v", got)
	}
	healed.Store(true)
	testkit.Eventually(t, 10*time.Second, "all are taken", func() bool { s.hurry(); return len(r.taken()) == 3 })
	if got, want := r.taken(), []string{message(other, 2), message(first, 2), message(first, 3)}; !slices.Equal(got, want) {
		t.Errorf("taken are %v, want %v", got, want)
	}
}

// A failure is tried again later, with the same id; what fails for a day is
// parked, stays visible, and is sent when somebody says so.
func TestRetriedThenParkedThenRetriedByHand(t *testing.T) {
	t.Parallel()
	s := newShop(t, 10)
	var healed atomic.Bool
	r := newReceiver(t, func(string, int) int {
		if healed.Load() {
			return 204
		}
		return 503
	})
	endpoint := s.subscribe(r)
	id := message(s.tell(), 2)
	o := s.delivering()
	work(t, o)
	testkit.Eventually(t, 10*time.Second, "it is tried three times", func() bool { s.hurry(); return r.tried(id) >= 3 })
	s.exec(`UPDATE confirmations SET created_at = now() - interval '24 hours'`)
	var parked []notify.Record
	testkit.Eventually(t, 10*time.Second, "it is parked", func() bool {
		s.hurry()
		var err error
		parked, err = s.Deliveries(t.Context(), endpoint, notify.Parked, 0, 10)
		return err == nil && len(parked) == 1
	})
	if parked[0].LastError != "the endpoint answered 503" || parked[0].Attempts < 4 {
		t.Errorf("parked is %+v", parked[0])
	}
	tries := r.tried(id)
	healed.Store(true)
	other := message(s.tell(), 2)
	testkit.Eventually(t, 10*time.Second, "another is taken", func() bool { s.hurry(); return slices.Contains(r.taken(), other) })
	if r.tried(id) != tries {
		t.Error("what is parked was tried")
	}
	if n, err := s.RetryParked(t.Context(), endpoint); err != nil || n != 1 {
		t.Errorf("retried %d, %v", n, err)
	}
	r.awaitTaken(10*time.Second, 2)
	if n := count(t, o.Metrics.(*prometheus.Registry), "aforro_deliveries_total", "parked"); n != 1 {
		t.Errorf("%v are counted as parked", n)
	}
}

func TestGoneIsParkedAtOnce(t *testing.T) {
	t.Parallel()
	s := newShop(t, 10)
	r := newReceiver(t, func(string, int) int { return 410 })
	endpoint := s.subscribe(r)
	id := message(s.tell(), 2)
	work(t, s.delivering())
	testkit.Eventually(t, 10*time.Second, "it is parked", func() bool {
		list, err := s.Deliveries(t.Context(), endpoint, notify.Parked, 0, 10)
		return err == nil && len(list) == 1 && strings.Contains(list[0].LastError, "410 Gone")
	})
	if n := r.tried(id); n != 1 {
		t.Errorf("it was tried %d times", n)
	}
}

// During a rotation both secrets sign.
func TestBothSecretsSignDuringARotation(t *testing.T) {
	t.Parallel()
	s := newShop(t, 10)
	r := newReceiver(t, nil)
	endpoint := s.subscribe(r)
	before, err := s.Target(t.Context(), endpoint)
	if err != nil {
		t.Fatal(err)
	}
	next, err := notify.NewSecret()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.RotateSecret(t.Context(), endpoint, next); err != nil {
		t.Fatal(err)
	}
	r.expect(before.Secrets[0], next)
	s.tell()
	work(t, s.delivering())
	r.awaitTaken(10*time.Second, 1)
	s.exec(`UPDATE webhook_endpoints SET previous_until = now()`)
	r.expect(next)
	s.tell()
	r.awaitTaken(10*time.Second, 2)
}

// An endpoint that is removed while it is told is told no more, and the worker
// goes on.
func TestAnEndpointMayGoMidway(t *testing.T) {
	t.Parallel()
	s := newShop(t, 10)
	begun, release := make(chan struct{}, 10), make(chan struct{})
	going := newReceiver(t, func(string, int) int {
		begun <- struct{}{}
		<-release
		return 204
	})
	endpoint := s.subscribe(going)
	work(t, s.delivering())
	s.tell()
	<-begun
	if err := s.RemoveEndpoint(t.Context(), endpoint); err != nil {
		t.Fatal(err)
	}
	close(release)
	staying := newReceiver(t, nil)
	s.subscribe(staying)
	s.tell()
	staying.awaitTaken(10*time.Second, 1)
	if n := s.number(`SELECT count(*) FROM confirmations`); n != 1 {
		t.Errorf("%d deliveries are kept", n)
	}
}

// A receiver that hangs holds up its own webhooks only.
func TestASlowReceiverStarvesNobody(t *testing.T) {
	t.Parallel()
	s := newShop(t, 1000)
	release := make(chan struct{})
	slow := newReceiver(t, func(string, int) int { <-release; return 204 })
	t.Cleanup(func() { close(release) })
	quick := newReceiver(t, nil)
	s.subscribe(slow)
	for range 50 {
		s.tell()
	}
	s.subscribe(quick)
	work(t, s.delivering())
	testkit.Eventually(t, 10*time.Second, "the slow one is asked", func() bool {
		slow.mu.Lock()
		defer slow.mu.Unlock()
		return len(slow.tries) > 0
	})
	for range 10 {
		s.tell()
	}
	quick.awaitTaken(4*time.Second, 10) // the slow one takes 5 s to be given up
	slow.mu.Lock()
	defer slow.mu.Unlock()
	if len(slow.tries) > 8 {
		t.Errorf("%d webhooks are on their way to the slow one", len(slow.tries))
	}
}

// A stop waits for what is being sent, and records it.
func TestAStopFinishesWhatIsBeingSent(t *testing.T) {
	t.Parallel()
	s := newShop(t, 10)
	begun, release := make(chan struct{}, 10), make(chan struct{})
	r := newReceiver(t, func(string, int) int {
		begun <- struct{}{}
		<-release
		return 204
	})
	s.subscribe(r)
	s.tell()
	stop := work(t, s.delivering())
	<-begun
	time.AfterFunc(200*time.Millisecond, func() { close(release) })
	stop()
	if s.undelivered() != 0 || len(r.taken()) != 1 {
		t.Errorf("%d are undelivered, taken are %v", s.undelivered(), r.taken())
	}
}

// A stop does not wait for ever: what is not done in its grace is left to the
// lease, and sent again with the same id when that ends.
func TestWhatAStopAbandonsIsSentAgain(t *testing.T) {
	t.Parallel()
	s := newShop(t, 10)
	release := make(chan struct{})
	var hang atomic.Bool
	hang.Store(true)
	begun := make(chan struct{}, 10)
	r := newReceiver(t, func(string, int) int {
		begun <- struct{}{}
		if hang.Load() {
			<-release
			return 503
		}
		return 204
	})
	t.Cleanup(func() { close(release) })
	s.subscribe(r)
	id := message(s.tell(), 2)
	o := s.delivering()
	o.Deliver.Grace, o.Deliver.Lease = 100*time.Millisecond, time.Second
	stop := work(t, o)
	<-begun
	at := time.Now()
	stop()
	if took := time.Since(at); took > 4*time.Second {
		t.Errorf("the stop took %s", took)
	}
	if n := s.number(`SELECT attempts FROM confirmations`); n != 0 || s.undelivered() != 1 {
		t.Errorf("it counts %d attempts", n)
	}
	hang.Store(false)
	work(t, s.delivering())
	r.awaitTaken(10*time.Second, 1)
	if got := r.taken(); got[0] != id || r.tried(id) != 2 {
		t.Errorf("taken is %v, tried %d times", got, r.tried(id))
	}
}

// crashing is a sender whose process dies before it can say what came of it.
type crashing struct {
	notify.Sender
	dead chan struct{}
}

// Send sends and does not come back.
func (c crashing) Send(ctx context.Context, to notify.Target, id string, body []byte) notify.Result {
	c.Sender.Send(ctx, to, id, body)
	<-c.dead
	return notify.Failed("dead")
}

// A worker that dies between sending and recording has sent: the same message
// is sent again when the lease ends, with the same id, so that the receiver can
// tell. At least once.
func TestACrashAfterSendingSendsAgainWithTheSameID(t *testing.T) {
	t.Parallel()
	s := newShop(t, 10)
	r := newReceiver(t, nil)
	s.subscribe(r)
	id := message(s.tell(), 2)
	o := s.delivering()
	dead := make(chan struct{})
	o.Deliver.Webhooks, o.Deliver.Lease, o.Deliver.Grace = crashing{o.Deliver.Webhooks, dead}, 500*time.Millisecond, 10*time.Millisecond
	stop := work(t, o)
	r.awaitTaken(10*time.Second, 1)
	work(t, s.delivering())
	r.awaitTaken(10*time.Second, 2)
	if got := r.taken(); got[0] != id || got[1] != id {
		t.Errorf("taken are %v", got)
	}
	testkit.Eventually(t, 10*time.Second, "it is recorded", func() bool { return s.undelivered() == 0 })
	close(dead)
	stop()
	if n := s.number(`SELECT count(*) FROM confirmations WHERE delivered_at IS NOT NULL AND last_error = ''`); n != 1 {
		t.Error("the dead one's word counted")
	}
}

// Nothing that signs, and nothing of where it goes, is in the log, whatever
// fails.
func TestNoSecretIsLogged(t *testing.T) {
	t.Parallel()
	s := newShop(t, 10)
	r := newReceiver(t, func(_ string, n int) int { return map[bool]int{true: 500, false: 410}[n == 1] })
	endpoint := s.subscribe(r)
	s.exec(`UPDATE webhook_endpoints SET url = url || '/hunter2?key=hunter2'`)
	to, err := s.Target(t.Context(), endpoint)
	if err != nil {
		t.Fatal(err)
	}
	lines := &safeBuffer{}
	o := s.delivering()
	o.Log = slog.New(slog.NewTextHandler(lines, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s.tell()
	stop := work(t, o)
	testkit.Eventually(t, 10*time.Second, "it is parked", func() bool { s.hurry(); return s.undelivered() == 0 })
	stop()
	text := lines.String()
	if !strings.Contains(text, "a delivery is parked") || !strings.Contains(text, "endpoint="+fmt.Sprint(endpoint)) {
		t.Errorf("the log does not say it:\n%s", text)
	}
	if strings.Contains(text, "hunter2") || strings.Contains(text, strings.TrimPrefix(to.Secrets[0].Reveal(), "whsec_")) {
		t.Errorf("the log tells a secret:\n%s", text)
	}
}

type safeBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// What has piled up for a day behind an endpoint that never answers is parked
// with it, not tried one by one.
func TestABacklogOfADayIsParkedTogether(t *testing.T) {
	t.Parallel()
	s := newShop(t, 1000)
	r := newReceiver(t, func(string, int) int { return 500 })
	endpoint := s.subscribe(r)
	last := s.tell()
	s.exec(`INSERT INTO orders (store_id, status, decided_at) SELECT 1, 'CONFIRMED', now() FROM generate_series(1, 500)`)
	s.exec(`INSERT INTO order_events (order_id, sequence, status) SELECT id, 2, 'CONFIRMED' FROM orders WHERE id > $1`, last)
	s.exec(`INSERT INTO order_items (order_id, line, product_id, quantity_requested, unit_price) SELECT id, 0, 1, 1, 1 FROM orders WHERE id > $1`, last)
	s.exec(`INSERT INTO confirmations (order_id, sequence, endpoint_id) SELECT id, 2, $2 FROM orders WHERE id > $1`, last, endpoint)
	s.exec(`UPDATE confirmations SET created_at = now() - interval '25 hours'`)
	work(t, s.delivering())
	testkit.Eventually(t, 40*time.Second, "all are parked", func() bool { return s.undelivered() == 0 })
	r.mu.Lock()
	defer r.mu.Unlock()
	if n := len(r.tries); n < 10 || n > 40 {
		t.Errorf("%d of 501 were tried", n)
	}
}

// E-mail that nobody configured is parked at once, with the reason.
func TestMailThatIsNotConfiguredIsParked(t *testing.T) {
	t.Parallel()
	s := newShop(t, 10)
	id := s.save(1)
	s.exec(`UPDATE orders SET email = 'a@example.com'`)
	s.decide(id)
	work(t, s.delivering())
	testkit.Eventually(t, 10*time.Second, "it is parked", func() bool {
		return s.number(`SELECT count(*) FROM confirmations WHERE parked_at IS NOT NULL AND attempts = 1 AND last_error = 'e-mail is not configured'`) == 1
	})
}

// mailbox takes e-mails; the first attempt of each fails.
type mailbox struct {
	mu    sync.Mutex
	tries map[string]int
	got   []notify.Mail
}

func (m *mailbox) Send(_ context.Context, mail notify.Mail) notify.Result {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.tries[mail.ID]++; m.tries[mail.ID] == 1 {
		return notify.Result{Status: 451, Detail: "later"}
	}
	m.got = append(m.got, mail)
	return notify.Result{Delivered: true}
}

func TestMailsAreRetriedInOrder(t *testing.T) {
	t.Parallel()
	s := newShop(t, 10)
	id := s.save(1)
	s.exec(`UPDATE orders SET email = 'a@example.com'`)
	s.decide(id)
	s.cancelled(id)
	box := &mailbox{tries: map[string]int{}}
	o := s.delivering()
	o.Deliver.Mail = box
	work(t, o)
	testkit.Eventually(t, 20*time.Second, "both are sent", func() bool { s.hurry(); return s.undelivered() == 0 })
	box.mu.Lock()
	defer box.mu.Unlock()
	if len(box.got) != 2 || box.got[0].ID != message(id, 2) || box.got[1].ID != message(id, 3) || box.got[0].To != "a@example.com" ||
		!strings.Contains(box.got[1].Subject, "cancelled") || !strings.Contains(box.got[0].Body, "1 x Product 1: 10.00") {
		t.Errorf("got %+v", box.got)
	}
}

// Without the setting, a webhook to this machine fails and says why.
func TestPrivateAddressesAreRefusedByDefault(t *testing.T) {
	t.Parallel()
	s := newShop(t, 10)
	r := newReceiver(t, nil)
	s.subscribe(r)
	s.tell()
	o := s.delivering()
	sender := webhook.New(webhook.Options{})
	t.Cleanup(sender.Close)
	o.Deliver.Webhooks = sender
	work(t, o)
	testkit.Eventually(t, 10*time.Second, "it has failed", func() bool {
		return s.number(`SELECT count(*) FROM confirmations WHERE attempts > 0 AND last_error LIKE '%must begin with https://'`) == 1
	})
	if len(r.taken()) != 0 {
		t.Error("it was sent")
	}
}
