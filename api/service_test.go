//go:build integration

package api_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"aforro/api"
	"aforro/pkg/auth"
	"aforro/pkg/cache"
	"aforro/pkg/catalog"
	"aforro/pkg/notify"
	"aforro/pkg/order"
	"aforro/pkg/postgres"
	"aforro/pkg/search"
	"aforro/pkg/testkit"
	"aforro/pkg/webhook"
)

// indexPrice is what the engine says that everything costs.
const indexPrice = catalog.Price(99_99)

// engine stands in for the search engine, which has tests of its own: here it
// only counts how often it is asked.
type engine struct {
	api.Engine // what is not asked here
	asked      atomic.Int64
}

func (e *engine) Search(context.Context, search.Params) (search.Page, error) {
	return search.Page{Count: 1, Hits: []search.Hit{{ID: 1, Title: fmt.Sprint("T", e.asked.Add(1)), Price: indexPrice}}}, nil
}

func (e *engine) SuggestRich(context.Context, string, int64) ([]search.Suggestion, error) {
	return nil, nil
}

func (e *engine) Indexed(context.Context, []int64, int64) (map[int64]search.Live, error) {
	return nil, nil
}

func (e *engine) Suggest(context.Context, string, int64) ([]string, error) {
	return []string{fmt.Sprint("Canon ", e.asked.Add(1))}, nil
}

// nobody announces decisions and wakes no worker: what is placed stays PENDING
// until the test decides it.
type nobody struct{}

func (nobody) Listen(int64) (<-chan order.Decision, func()) { return nil, func() {} }
func (nobody) Tell([]order.Decision)                        {}
func (nobody) Live() bool                                   { return false }
func (nobody) Enqueue(context.Context, ...int64) error      { return nil }

// service is the API over a real PostgreSQL and a real Redis, each behind a
// proxy that the test can cut.
type service struct {
	tb              testing.TB
	base            string
	engine          engine
	database, redis *testkit.Proxy
	exec            func(sql string, args ...any)
	// tells is the channel of an indexer, of which the test is the one that tells.
	tells *postgres.Progress
	// direct and cache are the addresses of the database, past the proxy, and of
	// Redis.
	direct, cache string
	asked         *postgres.DB
}

func newService(tb testing.TB) *service {
	tb.Helper()
	dbURL := testkit.Postgres(tb)
	s := &service{tb: tb}
	conn := testkit.Conn(tb, dbURL)
	s.exec = func(sql string, args ...any) {
		tb.Helper()
		if _, err := conn.Exec(tb.Context(), sql, args...); err != nil {
			tb.Fatalf("%s: %v", sql, err)
		}
	}
	s.exec(`INSERT INTO categories (id, name) VALUES (1, 'Notebooks')`)
	s.exec(`INSERT INTO products (id, sku, title, category_id, price, attributes, released_on, active) SELECT n, 'S' || n, 'Product ' || lpad(n::text, 2, '0'), 1,
		n + 0.5, '{"colour": "black"}', '2019-06-21', n <> 9 FROM generate_series(1, 9) n`)
	s.exec(`INSERT INTO stores (id, name, city, latitude, longitude) VALUES (1, 'A', 'Pune', 18.52, 73.86), (2, 'B', 'Mumbai', 19.08, 72.88)`)
	s.exec(`INSERT INTO inventory SELECT 1, n, n * 10 FROM generate_series(1, 9) n`)
	s.direct, s.tells = dbURL, testkit.Open(tb, dbURL).Progress("s")
	dbURL, s.database = behind(tb, dbURL)
	s.cache, s.redis = behind(tb, testkit.Redis(tb))
	s.asked = testkit.Open(tb, dbURL)
	s.base = s.serve(&s.engine, s.asked)
	return s
}

// behind puts a proxy before the service of a URL.
func behind(tb testing.TB, raw string) (string, *testkit.Proxy) {
	tb.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		tb.Fatal(err)
	}
	proxy := testkit.NewProxy(tb, u.Host)
	u.Host = proxy.Addr
	return u.String(), proxy
}

// serve starts an API on the service's database and Redis, which hears of the
// index through hears, and returns where it answers. change may adjust its options.
func (s *service) serve(engine api.Engine, hears *postgres.DB, change ...func(*api.Options)) string {
	s.tb.Helper()
	db := s.asked
	log, metrics := slog.New(slog.DiscardHandler), prometheus.NewRegistry()
	kept, err := cache.Open(s.cache, log, metrics)
	if err != nil {
		s.tb.Fatal(err)
	}
	tokens, err := auth.NewTokens(strings.Repeat("s", auth.MinSecret))
	if err != nil {
		s.tb.Fatal(err)
	}
	watch := search.NewWatch(time.Minute, time.Now)
	s.follow(hears.Progress("s").Follow(watch, log))
	directory := &notify.Directory{Store: db, Secrets: db, Outbox: db, Sender: webhook.New(webhook.Options{AllowPrivate: true}), AllowPrivate: true}
	o := api.Options{
		Webhooks: directory, WebhookTools: directory,
		TrustedProxies: []string{"127.0.0.0/8"},
		Engine:         engine, Catalogue: db, Stores: db, Orders: db, Cache: kept, Limiter: kept,
		Truth: db, Positions: db, Watch: watch, PositionWait: 2 * time.Second,
		Stock: db, Reservations: db, Staff: auth.NewStaff(staffKey),
		Desk:   order.NewDesk(order.Parts{Saver: db, Reader: db, Waker: nobody{}, Signals: nobody{}}),
		Tokens: tokens, SearchCache: time.Minute, SuggestCache: 5 * time.Minute, RateLimit: 5, DecisionWait: 10 * time.Second, StopGrace: time.Second,
		Ready: db.Ping, Log: log, Metrics: metrics, MetricsPage: http.NotFoundHandler(),
	}
	for _, c := range change {
		c(&o)
	}
	server, err := api.New(o)
	if err != nil {
		s.tb.Fatal(err)
	}
	web := httptest.NewServer(server)
	s.tb.Cleanup(func() {
		web.Close()
		if err := kept.Close(); err != nil {
			s.tb.Error(err)
		}
	})
	return web.URL
}

// follow hears until the test ends.
func (s *service) follow(f *postgres.Follower) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- f.Run(ctx) }()
	s.tb.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			s.tb.Errorf("follow: %v", err)
		}
	})
}

// staffKey is the staff key of a service.
const staffKey = "staff-key-of-a-test"

type answer struct {
	status int
	header http.Header
	body   string
	took   time.Duration
}

func (s *service) call(method, target, body string, headers ...string) answer {
	s.tb.Helper()
	return s.callAt(s.base, method, target, body, headers...)
}

// callAt calls the API that answers at base.
func (s *service) callAt(base, method, target, body string, headers ...string) answer {
	s.tb.Helper()
	req, err := http.NewRequestWithContext(s.tb.Context(), method, base+target, strings.NewReader(body))
	if err != nil {
		s.tb.Fatal(err)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	begun := time.Now()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.tb.Fatal(err)
	}
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		s.tb.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil {
		s.tb.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, strings.TrimSpace(string(got)), time.Since(begun)}
}

func (s *service) get(target string, headers ...string) answer {
	s.tb.Helper()
	return s.call(http.MethodGet, target, "", headers...)
}

// field returns one field of a JSON object as text.
func (a answer) field(tb testing.TB, name string) string {
	tb.Helper()
	var v map[string]any
	if err := json.Unmarshal([]byte(a.body), &v); err != nil {
		tb.Fatalf("%d %s: %v", a.status, a.body, err)
	}
	return fmt.Sprint(v[name])
}
