//go:build integration

package worker_test

import (
	"net/url"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"aforro/pkg/idempotency"
	"aforro/pkg/order"
	"aforro/pkg/postgres"
	"aforro/pkg/testkit"
	"aforro/worker"
)

// returned is within what stock that was held comes back after its time.
const returned = 5 * time.Second

// hold reserves one piece of each product for a second.
func (s *shop) hold() (expires time.Time) {
	s.tb.Helper()
	var items []order.Item
	for product := range int64(10) {
		items = append(items, order.Item{ProductID: product + 1, Quantity: 1})
	}
	made, _, err := s.Reserve(s.tb.Context(), 1, items, time.Second, idempotency.Request{})
	if err != nil {
		s.tb.Fatal(err)
	}
	return made.ExpiresAt
}

func (s *shop) awaitNoneHeld() {
	s.tb.Helper()
	testkit.Eventually(s.tb, 30*time.Second, "nothing is held", func() bool { return s.number(`SELECT sum(held) FROM inventory`) == 0 })
}

func (s *shop) mustHaveBeenInTime() {
	s.tb.Helper()
	if late := s.number(`SELECT coalesce(max(extract(epoch FROM ended_at - expires_at) * 1000), 0)::bigint FROM reservations`); late > returned.Milliseconds() {
		s.tb.Errorf("stock came back %d ms after its time", late)
	}
	if n := s.number(`SELECT count(*) FROM reservations WHERE status <> 'EXPIRED'`); n != 0 {
		s.tb.Errorf("%d reservations are not EXPIRED", n)
	}
}

// With the settings as they are by default, Redis there or not, and two workers
// at once.
func TestHeldStockComesBackInTime(t *testing.T) {
	t.Parallel()
	for name, take := range map[string]func(*testkit.Proxy){
		"redis there": func(*testkit.Proxy) {}, "redis cut": (*testkit.Proxy).Cut, "redis mute": (*testkit.Proxy).Mute,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t, 10)
			take(s.redis)
			o := s.options()
			o.ExpireEvery = 0
			work(t, o)
			other := s.options()
			other.ExpireEvery = 0
			work(t, other)
			for range 5 {
				s.hold()
			}
			if n := s.number(`SELECT sum(held) FROM inventory`); n != 50 {
				t.Fatalf("%d held", n)
			}
			s.awaitNoneHeld()
			s.mustHaveBeenInTime()
			testkit.Eventually(t, 10*time.Second, "each is counted once", func() bool {
				return total(t, o, "aforro_reservations_expired_total")+total(t, other, "aforro_reservations_expired_total") == 5
			})
		})
	}
}

// A database that was away is asked again.
func TestHeldStockComesBackAfterAnOutage(t *testing.T) {
	t.Parallel()
	s := newShop(t, 10)
	u, err := url.Parse(s.dbURL)
	if err != nil {
		t.Fatal(err)
	}
	proxy := testkit.NewProxy(t, u.Host)
	u.Host = proxy.Addr
	o := s.options()
	db, err := postgres.Open(t.Context(), u.String(), postgres.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	o.Orders, o.Holds, o.ExpireEvery = db, db, 10*time.Millisecond
	work(t, o)
	s.hold()
	s.awaitNoneHeld()
	proxy.Cut()
	expires := s.hold()
	testkit.Eventually(t, 10*time.Second, "its time is over", func() bool { return time.Since(expires) > 0 })
	if n := s.number(`SELECT sum(held) FROM inventory`); n != 10 {
		t.Fatalf("%d held: the worker reaches the database", n)
	}
	proxy.Heal()
	s.awaitNoneHeld()
}

func TestOldKeysAreForgottenAtTheStart(t *testing.T) {
	t.Parallel()
	s := newShop(t, 1)
	s.exec(`INSERT INTO idempotency_keys (route, key, fingerprint, created_at)
		SELECT 'orders', n::text, '', now() - make_interval(hours => CASE WHEN n <= 7 THEN 23 ELSE 25 END) FROM generate_series(1, 12000) n`)
	o := s.options()
	work(t, o)
	testkit.Eventually(t, 20*time.Second, "the old ones are forgotten", func() bool { return s.number(`SELECT count(*) FROM idempotency_keys`) == 7 })
	testkit.Eventually(t, 10*time.Second, "they are counted", func() bool { return total(t, o, "aforro_idempotency_keys_forgotten_total") == 12000-7 })
}

// total is a counter without labels of a worker.
func total(tb testing.TB, o worker.Options, name string) float64 {
	tb.Helper()
	families, err := o.Metrics.(*prometheus.Registry).Gather()
	if err != nil {
		tb.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == name {
			return f.GetMetric()[0].GetCounter().GetValue()
		}
	}
	tb.Fatalf("there is no metric %s", name)
	return 0
}
