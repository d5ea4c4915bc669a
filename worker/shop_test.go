//go:build integration

package worker_test

import (
	"context"
	"log/slog"
	"net/url"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"

	"aforro/pkg/order"
	"aforro/pkg/postgres"
	"aforro/pkg/queue"
	"aforro/pkg/testkit"
	"aforro/worker"
)

// shop is a database with one store and ten products, and a Redis behind a
// proxy, for the workers of one test.
type shop struct {
	*postgres.DB
	tb       testing.TB
	dbURL    string
	redisURL string // through the proxy
	redis    *testkit.Proxy
	direct   string // Redis itself
	queue    *queue.Client
	conn     *pgx.Conn
}

func newShop(tb testing.TB, stock int) *shop {
	tb.Helper()
	s := &shop{tb: tb, dbURL: testkit.Postgres(tb), direct: testkit.Redis(tb)}
	s.DB, s.conn = testkit.Open(tb, s.dbURL), testkit.Conn(tb, s.dbURL)
	u, err := url.Parse(s.direct)
	if err != nil {
		tb.Fatal(err)
	}
	s.redis = testkit.NewProxy(tb, u.Host)
	u.Host = s.redis.Addr
	s.redisURL = u.String()
	s.queue = mustQueue(tb, s.redisURL)
	s.exec(`INSERT INTO categories (id, name) VALUES (1, 'Notebooks')`)
	s.exec(`INSERT INTO products (id, sku, title, category_id, price) SELECT n, 'S' || n, 'Product ' || n, 1, 10 FROM generate_series(1, 10) n`)
	s.exec(`INSERT INTO stores (id, name, city, latitude, longitude) VALUES (1, 'A', 'Pune', 18.52, 73.86)`)
	s.exec(`INSERT INTO inventory SELECT 1, n, $1 FROM generate_series(1, 10) n`, stock)
	return s
}

func mustQueue(tb testing.TB, redisURL string) *queue.Client {
	tb.Helper()
	c, err := queue.Open(redisURL, slog.New(slog.DiscardHandler))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := c.Close(); err != nil {
			tb.Error(err)
		}
	})
	return c
}

func (s *shop) exec(sql string, args ...any) {
	s.tb.Helper()
	if _, err := s.conn.Exec(s.tb.Context(), sql, args...); err != nil {
		s.tb.Fatalf("%s: %v", sql, err)
	}
}

func (s *shop) number(sql string) (n int64) {
	s.tb.Helper()
	if err := s.conn.QueryRow(s.tb.Context(), sql).Scan(&n); err != nil {
		s.tb.Fatalf("%s: %v", sql, err)
	}
	return n
}

// save stores an order of one piece of a product without waking anyone.
func (s *shop) save(product int64) int64 {
	s.tb.Helper()
	saved, err := s.SaveOrders(s.tb.Context(), []order.Draft{{StoreID: 1, Items: []order.Item{{ProductID: product, Quantity: 1}}}})
	if err != nil || saved[0].Err != nil {
		s.tb.Fatal(err, saved)
	}
	return saved[0].Order.ID
}

func (s *shop) enqueue(ids ...int64) {
	s.tb.Helper()
	if err := s.queue.Enqueue(s.tb.Context(), ids...); err != nil {
		s.tb.Fatal(err)
	}
}

func (s *shop) awaitStatus(id int64, within time.Duration, want order.Status) {
	s.tb.Helper()
	testkit.Eventually(s.tb, within, "the order is "+string(want), func() bool {
		o, err := s.Order(s.tb.Context(), id)
		return err == nil && o.Status == want
	})
}

func (s *shop) awaitAllDecided(within time.Duration) {
	s.tb.Helper()
	testkit.Eventually(s.tb, within, "no order is PENDING", func() bool {
		return s.number(`SELECT count(*) FROM orders WHERE status = 'PENDING'`) == 0
	})
}

// audit checks that each order was decided once, that stock plus sold is what
// was seeded, and that the ledger agrees with the stock.
func (s *shop) audit(seeded int64) {
	s.tb.Helper()
	for what, sql := range map[string]string{
		"orders without exactly one decision": `SELECT count(*) FROM orders o WHERE (SELECT count(*) FROM order_events e
			WHERE e.order_id = o.id AND e.status = o.status AND e.sequence = 2) <> 1 OR (SELECT count(*) FROM order_events e WHERE e.order_id = o.id) <> 1`,
		"orders with more than one movement a product": `SELECT count(*) FROM (SELECT FROM stock_movements WHERE reason = 'order'
			GROUP BY reference, product_id HAVING count(*) > 1) m`,
		"lines that differ from their ledger": `SELECT count(*) FROM inventory i WHERE quantity <> (SELECT sum(delta) FROM stock_movements m
			WHERE m.store_id = i.store_id AND m.product_id = i.product_id)`,
	} {
		if n := s.number(sql); n != 0 {
			s.tb.Errorf("%d %s", n, what)
		}
	}
	left := s.number(`SELECT sum(quantity) FROM inventory`)
	sold := s.number(`SELECT coalesce(sum(quantity_requested), 0) FROM order_items JOIN orders ON id = order_id WHERE status = 'CONFIRMED'`)
	if left+sold != seeded {
		s.tb.Errorf("left %d and sold %d are not the %d seeded", left, sold, seeded)
	}
}

// desk takes orders in, and decides them itself when it cannot wake anybody.
func (s *shop) desk(signals order.Signals, decider *order.Decider) *order.Desk {
	return order.NewDesk(order.Parts{Saver: s.DB, Reader: s.DB, Waker: s.queue, Signals: signals, Decider: decider})
}

func onePiece(quantity int64) order.Draft {
	return order.Draft{StoreID: 1, Items: []order.Item{{ProductID: 1, Quantity: quantity}}}
}

// options are those of a worker of the shop, quick to sweep.
func (s *shop) options() worker.Options {
	return worker.Options{Orders: s.DB, Holds: s.DB, Queue: s.queue, Server: mustServer(s.tb, s.redisURL), Log: slog.New(slog.DiscardHandler),
		Metrics: prometheus.NewRegistry(), SweepEvery: 50 * time.Millisecond, RedriveAfter: 100 * time.Millisecond}
}

func mustServer(tb testing.TB, redisURL string) *queue.Server {
	tb.Helper()
	srv, err := queue.NewServer(queue.ServerOptions{URL: redisURL, Concurrency: 8, CheckEvery: 5 * time.Millisecond,
		Grace: 5 * time.Second, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		tb.Fatal(err)
	}
	return srv
}

// work runs a worker until the test ends or stop is called.
func work(tb testing.TB, o worker.Options) (stop func()) {
	tb.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	w := worker.New(o)
	go func() { ended <- w.Run(ctx) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-ended; err != nil {
			tb.Errorf("the worker ended with %v", err)
		}
	}
	tb.Cleanup(stop)
	return stop
}
