//go:build integration

package worker_test

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/prometheus/client_golang/prometheus"

	"aforro/pkg/order"
	"aforro/pkg/postgres"
	"aforro/pkg/queue"
	"aforro/pkg/testkit"
)

func TestAnOrderIsPlacedDecidedAndConfirmed(t *testing.T) {
	t.Parallel()
	s := newShop(t, 5)
	o := s.options()
	o.SweepEvery = time.Minute // the queue alone
	work(t, o)
	signals, err := queue.NewDecisions(s.redisURL, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- signals.Run(ctx) }()
	testkit.Eventually(t, 10*time.Second, "announcements arrive", signals.Live)
	desk := &order.Desk{Saver: s.DB, Reader: s.DB, Waker: s.queue, Signals: signals}
	for quantity, want := range map[int64]order.Status{2: order.Confirmed, 9: order.Rejected} {
		got, err := desk.Place(t.Context(), 1, []order.Item{{ProductID: 1, Quantity: quantity}}, 10*time.Second)
		if err != nil || got.Status != want {
			t.Errorf("%d pieces: %s %v", quantity, got.Status, err)
		}
	}
	testkit.Eventually(t, 10*time.Second, "both are confirmed", func() bool {
		return s.number(`SELECT count(*) FROM order_events WHERE status <> 'PENDING' AND announced_at IS NOT NULL`) == 2
	})
	s.audit(50)
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestAnEmptiedQueueLosesNoOrder(t *testing.T) {
	t.Parallel()
	s := newShop(t, 100)
	for i := range int64(20) {
		s.enqueue(s.save(1 + i%10))
	}
	if err := testkit.RedisClient(t, s.direct).FlushDB(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	o := s.options()
	work(t, o)
	s.awaitAllDecided(15 * time.Second)
	s.audit(1000)
	if n := count(t, o.Metrics.(*prometheus.Registry), "aforro_orders_swept_total", "enqueued"); n == 0 {
		t.Error("the sweeper enqueued nothing")
	}
}

func TestOrdersAreDecidedWithoutRedis(t *testing.T) {
	t.Parallel()
	s := newShop(t, 100)
	s.redis.Cut()
	o := s.options()
	o.RedriveAfter = time.Hour // not waited for while Redis is away
	stop := work(t, o)
	if s.queue.Enqueue(t.Context(), s.save(1)) == nil {
		t.Fatal("Redis is there")
	}
	for i := range int64(20) {
		s.save(1 + i%10)
	}
	s.awaitAllDecided(15 * time.Second)
	begun := time.Now()
	stop()
	if took := time.Since(begun); took > 10*time.Second {
		t.Errorf("the stop took %s without Redis", took)
	}
	s.audit(1000)
}

// TestAnOrderIsAnsweredWithoutRedis: with the settings as they are by default,
// an order is decided within the wait although nobody could be woken.
func TestAnOrderIsAnsweredWithoutRedis(t *testing.T) {
	t.Parallel()
	s := newShop(t, 100)
	o := s.options()
	o.SweepEvery, o.RedriveAfter = 0, 0
	o.Queue = mustQueue(t, s.redisURL)
	work(t, o)
	signals, err := queue.NewDecisions(s.redisURL, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	s.redis.Cut()
	var unwoken atomic.Int32
	desk := &order.Desk{Saver: s.DB, Reader: s.DB, Waker: s.queue, Signals: signals, Unwoken: func(int64, error) { unwoken.Add(1) }}
	for range 3 {
		got, err := desk.Place(t.Context(), 1, []order.Item{{ProductID: 1, Quantity: 1}}, 10*time.Second)
		if err != nil || got.Status != order.Confirmed || got.DecidedAt.Sub(got.CreatedAt) > 3*time.Second {
			t.Errorf("got %s %v", got.Status, err)
		}
	}
	if unwoken.Load() != 3 {
		t.Errorf("%d of 3 orders were found unwoken", unwoken.Load())
	}
}

func TestAWorkerOutlivesRedis(t *testing.T) {
	t.Parallel()
	s := newShop(t, 100)
	work(t, s.options())
	s.enqueue(s.save(1))
	s.awaitAllDecided(15 * time.Second)
	s.redis.Mute()
	s.save(2)
	s.awaitAllDecided(15 * time.Second)
	s.redis.Heal()
	testkit.Eventually(t, 15*time.Second, "the queue is used again", func() bool { return s.queue.Ping(t.Context()) == nil })
	s.enqueue(s.save(3))
	s.awaitAllDecided(15 * time.Second)
	s.audit(1000)
}

func TestAnArchivedTaskDoesNotHoldAnOrder(t *testing.T) {
	t.Parallel()
	s := newShop(t, 5)
	id := s.save(1)
	s.enqueue(id)
	if err := asynq.NewInspectorFromRedisClient(testkit.RedisClient(t, s.direct)).ArchiveTask("orders", taskID(id)); err != nil {
		t.Fatal(err)
	}
	work(t, s.options())
	s.awaitStatus(id, 5*time.Second, order.Confirmed)
}

// TestATaskThatIsActiveForEverHoldsNoOrder makes the task what a killed worker
// leaves behind: active, with a lease that nobody extends.
func TestATaskThatIsActiveForEverHoldsNoOrder(t *testing.T) {
	t.Parallel()
	s := newShop(t, 5)
	id := s.save(1)
	s.enqueue(id)
	rdb := testkit.RedisClient(t, s.direct)
	ctx := t.Context()
	if err := errors.Join(
		rdb.LMove(ctx, "asynq:{orders}:pending", "asynq:{orders}:active", "RIGHT", "LEFT").Err(),
		rdb.HSet(ctx, "asynq:{orders}:t:"+taskID(id), "state", "active").Err()); err != nil {
		t.Fatal(err)
	}
	if working, err := s.queue.Working(ctx, id); err != nil || !working {
		t.Fatalf("the task is not active: %v %v", working, err)
	}
	o := s.options()
	o.DecideAfter = 0 // the default, 10 s
	work(t, o)
	begun := time.Now()
	s.awaitStatus(id, 12*time.Second, order.Confirmed)
	if took := time.Since(begun); took < 8*time.Second {
		t.Errorf("it was decided after %s: the queue's word was not respected", took)
	}
	s.audit(50)
}

// TestAFailingCommitIsRetried lets three commits fail.
func TestAFailingCommitIsRetried(t *testing.T) {
	t.Parallel()
	s := newShop(t, 5)
	s.exec(`CREATE SEQUENCE attempts`)
	s.exec(`CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
		IF nextval('attempts') <= 3 THEN RAISE EXCEPTION 'at commit'; END IF; RETURN NULL; END $$`)
	s.exec(`CREATE CONSTRAINT TRIGGER fails AFTER UPDATE ON orders DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION fail()`)
	o := s.options()
	o.SweepEvery = time.Minute
	id := s.save(1)
	s.enqueue(id)
	work(t, o)
	s.awaitStatus(id, 20*time.Second, order.Confirmed)
	s.audit(50)
}

// TestKilledBackendsAreRetried ends the workers' connections again and again
// while they decide.
func TestKilledBackendsAreRetried(t *testing.T) {
	t.Parallel()
	s := newShop(t, 40)
	victim, err := postgres.Open(t.Context(), s.dbURL, postgres.Options{ApplicationName: "victim"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(victim.Close)
	o := s.options()
	o.Orders = victim
	work(t, o)
	for i := range int64(200) {
		id := s.save(1 + i%10)
		s.enqueue(id)
		if i%10 == 0 {
			s.exec(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()
				AND application_name = 'victim' AND xact_start IS NOT NULL`)
		}
	}
	s.awaitAllDecided(30 * time.Second)
	s.audit(400)
}

func TestConfirmationsAreSentAtLeastOnce(t *testing.T) {
	t.Parallel()
	s := newShop(t, 100)
	var lines atomic.Int32
	for i := range int64(10) {
		if _, err := s.Decide(t.Context(), s.save(1+i)); err != nil { // decided, and then the worker died
			t.Fatal(err)
		}
	}
	o := s.options()
	o.Log = slog.New(counting{slog.DiscardHandler, &lines})
	o.ConfirmAfter = 50 * time.Millisecond
	work(t, o)
	unannounced := func() bool {
		return s.number(`SELECT count(*) FROM order_events WHERE status <> 'PENDING' AND announced_at IS NULL`) == 0
	}
	testkit.Eventually(t, 15*time.Second, "all are confirmed", unannounced)
	s.redis.Cut()
	if _, err := s.Decide(t.Context(), s.save(1)); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, 15*time.Second, "the last is confirmed without Redis", unannounced)
	if n := lines.Load(); n < 11 {
		t.Errorf("%d confirmations were logged", n)
	}
}

// counting counts the lines of confirmations.
type counting struct {
	slog.Handler
	n *atomic.Int32
}

func (c counting) Enabled(context.Context, slog.Level) bool { return true }
func (c counting) Handle(_ context.Context, r slog.Record) error {
	if r.Message == "order confirmation" {
		c.n.Add(1)
	}
	return nil
}

// count sums a metric's series that carry the label value.
func count(tb testing.TB, r *prometheus.Registry, name, label string) (sum float64) {
	tb.Helper()
	families, err := r.Gather()
	if err != nil {
		tb.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				if l.GetValue() == label {
					sum += m.GetCounter().GetValue()
				}
			}
		}
	}
	return sum
}
