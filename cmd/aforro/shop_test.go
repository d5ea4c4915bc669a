//go:build integration

package main

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"aforro/demo"
	"aforro/indexer"
	"aforro/pkg/config"
	"aforro/pkg/testkit"
)

// patience bounds what a test waits for on a busy machine.
const patience = 60 * time.Second

// The roles that a shop can run.
const (
	theAPI     = "api"
	theWorker  = "worker"
	theIndexer = "indexer"
)

// shop is the product on services of the test's own, each behind a proxy. Roles
// are wired and run the way main does.
type shop struct {
	tb testing.TB
	// through are the settings by which the roles reach the services, direct
	// those by which the test does.
	through, direct         map[string]string
	database, redis, engine *testkit.Proxy
	conn                    *pgx.Conn
	// base is where the API that was started last answers.
	base    string
	client  *http.Client
	indexer *indexer.Indexer
}

// newShop is a shop with the demo's stores and nothing else.
func newShop(tb testing.TB) *shop {
	tb.Helper()
	node, prefix := testkit.Elasticsearch(tb)
	s := &shop{tb: tb, client: &http.Client{Timeout: 15 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}}
	tb.Cleanup(s.client.CloseIdleConnections)
	s.direct = map[string]string{
		postgresURL: testkit.Postgres(tb), redisURL: testkit.Redis(tb), elasticsearchURL: node,
		tokenSecret: strings.Repeat("t", 32), "AFORRO_STAFF_KEY": strings.Repeat("k", 16),
		"AFORRO_INDEX_PREFIX": prefix, "AFORRO_SLOT": testkit.Unique(tb), "AFORRO_POSTGRES_POOL": "8",
		"AFORRO_INDEX_WINDOW": "10ms", "AFORRO_VERIFY_RATE": "0", "AFORRO_SWEEP_EVERY": "100ms", "AFORRO_STOP_GRACE": "5s", "AFORRO_STOP_DELAY": "0s", "AFORRO_LOG_LEVEL": "info",
	}
	s.through = map[string]string{}
	for name, value := range s.direct {
		s.through[name] = value
	}
	s.through[postgresURL], s.database = behind(tb, s.direct[postgresURL])
	s.through[redisURL], s.redis = behind(tb, s.direct[redisURL])
	s.through[elasticsearchURL], s.engine = behind(tb, s.direct[elasticsearchURL])
	s.conn = testkit.Conn(tb, s.direct[postgresURL])
	if _, err := testkit.Open(tb, s.direct[postgresURL]).AddStores(tb.Context(), demo.Stores()); err != nil {
		tb.Fatal(err)
	}
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

// open is a shop with a sample of the demo, and all roles running.
func open(tb testing.TB) *shop {
	tb.Helper()
	s := newShop(tb)
	s.stock()
	s.start(theAPI, theWorker, theIndexer)
	s.awaitReady()
	return s
}

// start runs roles in one process until the test ends, or until stop.
func (s *shop) start(roles ...string) (stop func()) {
	s.tb.Helper()
	return s.startWith(s.through, roles...)
}

func (s *shop) startWith(vars map[string]string, roles ...string) (stop func()) {
	s.tb.Helper()
	cfg, err := config.Load(vars)
	if err != nil {
		s.tb.Fatal(err)
	}
	a := newApp(cfg, s.logger())
	for _, role := range roles {
		if err := s.add(a, role, roles); err != nil {
			s.tb.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- a.run(ctx) }()
	stop = sync.OnceFunc(func() {
		s.client.CloseIdleConnections()
		cancel()
		if err := <-ended; err != nil {
			s.tb.Errorf("%v ended with: %v", roles, err)
		}
		a.closeAll()
	})
	s.tb.Cleanup(stop)
	return stop
}

func (s *shop) add(a *app, role string, roles []string) (err error) {
	ctx := context.Background()
	switch role {
	case theAPI:
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		s.base = "http://" + listener.Addr().String()
		if len(roles) == 1 {
			return a.addAPI(ctx, listener, nil)
		}
		return a.addAPI(ctx, listener, func(ctx context.Context) error { return indexerReady(s.indexer)(ctx) })
	case theWorker:
		_, err = a.addWorker(ctx)
	case theIndexer:
		s.indexer, err = a.addIndexer(ctx)
	}
	return err
}

// awaitReady waits until the API says that it and what it needs is ready.
func (s *shop) awaitReady() {
	s.tb.Helper()
	if s.indexer != nil {
		testkit.Eventually(s.tb, patience, "the indexer follows changes", func() bool { return s.indexer.Status().Ready() })
	}
	testkit.Eventually(s.tb, patience, "the API is ready", func() bool { return s.get("/readyz").status == http.StatusOK })
}

// logger is the log of a process's roles.
func (s *shop) logger() *slog.Logger { return slog.New(slog.NewTextHandler(s.lines(), nil)) }

// lines keeps what is logged and shows it when the test fails.
func (s *shop) lines() io.Writer {
	kept := &logLines{}
	s.tb.Cleanup(func() {
		if s.tb.Failed() {
			s.tb.Logf("what was logged:\n%s", kept)
		}
	})
	return kept
}

type logLines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logLines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *logLines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// openDemo is a shop with the demo's whole catalogue. No worker runs yet.
func openDemo(tb testing.TB) *shop {
	tb.Helper()
	s := newShop(tb)
	s.exec(`DELETE FROM stores`) // the demo is loaded into nothing but an empty database
	loaded, err := demo.Load(tb.Context(), testkit.Open(tb, s.direct[postgresURL]), nil)
	if err != nil || loaded.Products.New == 0 {
		tb.Fatalf("load the demo: %+v, %v", loaded, err)
	}
	s.start(theAPI, theIndexer)
	testkit.Eventually(tb, 10*time.Minute, "the index is built", func() bool { return s.indexer.Status().Ready() })
	s.awaitReady()
	return s
}
