//go:build integration

package worker_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"aforro/pkg/order"
	"aforro/pkg/postgres"
	"aforro/pkg/queue"
	"aforro/pkg/testkit"
)

func TestAnOrderIsPlacedAndDecided(t *testing.T) {
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
	desk := s.desk(signals, nil)
	for quantity, want := range map[int64]order.Status{2: order.Confirmed, 9: order.Rejected} {
		got, _, err := desk.Place(t.Context(), onePiece(quantity), 10*time.Second)
		if err != nil || got.Status != want {
			t.Errorf("%d pieces: %s %v", quantity, got.Status, err)
		}
	}
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
	if n := count(t, o.Metrics.(*prometheus.Registry), "aforro_orders_swept_total"); n != 20 {
		t.Errorf("the sweeper decided %v", n)
	}
}

func TestOrdersAreDecidedWithoutRedis(t *testing.T) {
	t.Parallel()
	s := newShop(t, 100)
	s.redis.Cut()
	stop := work(t, s.options())
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

// TestAnOrderIsAnsweredWithoutRedisAndWorker: the API decides by the same code.
func TestAnOrderIsAnsweredWithoutRedisAndWorker(t *testing.T) {
	t.Parallel()
	s := newShop(t, 2)
	signals, err := queue.NewDecisions(s.redisURL, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	s.redis.Cut()
	desk := s.desk(signals, order.NewDecider(s.DB, nil))
	for i, want := range []order.Status{order.Confirmed, order.Confirmed, order.Rejected} {
		begun := time.Now()
		got, _, err := desk.Place(t.Context(), onePiece(1), 10*time.Second)
		if err != nil || got.Status != want || time.Since(begun) > 2*time.Second {
			t.Errorf("order %d: %s %v after %s", i, got.Status, err, time.Since(begun))
		}
	}
	s.audit(20)
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

// The traps of asynq: what becomes of a task never keeps an order waiting for
// longer than the sweeper does. Each makes of the task of order 1 what the trap
// leaves behind.
func TestTasksThatAreNeverDoneHoldNoOrder(t *testing.T) {
	t.Parallel()
	for name, trap := range map[string]func(ctx context.Context, rdb *redis.Client, ins *asynq.Inspector) error{
		// A task that is given up stays in the archive (asynq issue 492).
		"archived": func(_ context.Context, _ *redis.Client, ins *asynq.Inspector) error {
			_, err := ins.ArchiveAllPendingTasks("orders")
			return err
		},
		// A worker that dies leaves its task active, with a lease that nobody
		// extends; asynq looks for those after minutes, or never (1051, 1144).
		"active for ever": func(ctx context.Context, rdb *redis.Client, _ *asynq.Inspector) error {
			return rdb.LMove(ctx, "asynq:{orders}:pending", "asynq:{orders}:active", "RIGHT", "LEFT").Err()
		},
		// A death eats a retry, the last one too (1015): the task waits for long.
		"waiting for a retry": func(ctx context.Context, rdb *redis.Client, _ *asynq.Inspector) error {
			id, err := rdb.RPop(ctx, "asynq:{orders}:pending").Result()
			return errors.Join(err, rdb.ZAdd(ctx, "asynq:{orders}:retry", redis.Z{Score: float64(time.Now().Add(time.Hour).Unix()), Member: id}).Err())
		},
		// The list knows of a task that is not there.
		"without a body": func(ctx context.Context, rdb *redis.Client, _ *asynq.Inspector) error {
			id, err := rdb.LIndex(ctx, "asynq:{orders}:pending", 0).Result()
			return errors.Join(err, rdb.Del(ctx, "asynq:{orders}:t:"+id).Err())
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t, 5)
			id := s.save(1)
			s.enqueue(id)
			rdb := testkit.RedisClient(t, s.direct)
			if err := trap(t.Context(), rdb, asynq.NewInspectorFromRedisClient(rdb)); err != nil {
				t.Fatal(err)
			}
			o := s.options()
			o.SweepEvery, o.RedriveAfter = 0, 0 // the defaults
			work(t, o)
			s.awaitStatus(id, 10*time.Second, order.Confirmed)
			// Another order is not held up behind it.
			next := s.save(1)
			s.enqueue(next)
			s.awaitStatus(next, 10*time.Second, order.Confirmed)
			s.audit(50)
		})
	}
}

// TestAPoisonedOrderFailsAlone: an order that cannot be decided keeps none of
// its batch from it, and is left alone for longer and longer.
func TestAPoisonedOrderFailsAlone(t *testing.T) {
	t.Parallel()
	s := newShop(t, 5)
	var ids []int64
	for i := range int64(10) {
		ids = append(ids, s.save(1+i))
	}
	s.exec(`ALTER TABLE order_events ADD CONSTRAINT poison CHECK (order_id <> ` + strconv.FormatInt(ids[4], 10) + `)`)
	s.enqueue(ids...)
	work(t, s.options())
	testkit.Eventually(t, 10*time.Second, "the others are decided", func() bool {
		return s.number(`SELECT count(*) FROM orders WHERE status = 'CONFIRMED'`) == 9
	})
	s.exec(`ALTER TABLE order_events DROP CONSTRAINT poison`)
	s.awaitAllDecided(15 * time.Second)
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

// count sums a metric's series that carry all these label values.
func count(tb testing.TB, r *prometheus.Registry, name string, values ...string) (sum float64) {
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
			var labels []string
			for _, l := range m.GetLabel() {
				labels = append(labels, l.GetValue())
			}
			if !slices.ContainsFunc(values, func(v string) bool { return !slices.Contains(labels, v) }) {
				sum += m.GetCounter().GetValue()
			}
		}
	}
	return sum
}
