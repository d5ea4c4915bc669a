//go:build integration

package indexer_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"

	"aforro/indexer"
	"aforro/pkg/elasticsearch"
	"aforro/pkg/postgres"
	"aforro/pkg/search"
	"aforro/pkg/testkit"
)

// patience bounds what a test waits for.
const patience = 30 * time.Second

// engine is everything that is needed of the search engine.
type engine interface {
	indexer.Writer
	indexer.Versions
	indexer.Reader
}

// shop is a database of the test's own, with stock, and where it is indexed.
type shop struct {
	tb     testing.TB
	url    string
	db     *postgres.DB
	conn   *pgx.Conn
	engine engine
	// node and prefix are where the index is and what its names begin with.
	node, prefix string
	slot         *postgres.Slot
	// slotName and metrics are what slot and the options carry.
	slotName string
	metrics  *prometheus.Registry
	opts     indexer.Options
}

func newShop(tb testing.TB) *shop {
	tb.Helper()
	return newShopAt(tb, testkit.Postgres(tb))
}

// newEngine is the adapter with the test's own prefix.
func newEngine(tb testing.TB, node, prefix string) engine {
	tb.Helper()
	c, err := elasticsearch.New(elasticsearch.Options{URLs: node, IndexPrefix: prefix})
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// newShopAt is a shop in a migrated database.
func newShopAt(tb testing.TB, url string) *shop {
	tb.Helper()
	node, prefix := testkit.Elasticsearch(tb)
	s := &shop{tb: tb, url: url, node: node, prefix: prefix, db: testkit.Open(tb, url), conn: testkit.Conn(tb, url)}
	// The flushed position moves with each commit, whatever the server's own setting.
	s.exec("SET synchronous_commit = on")
	s.engine = newEngine(tb, node, prefix)
	s.slotName, s.metrics = testkit.Unique(tb), prometheus.NewRegistry()
	s.slot = s.db.Slot(s.slotName)
	s.opts = indexer.Options{
		Source: s.db, Log: s.db, Slot: s.slot, Writer: s.engine, Versions: s.engine, Reader: s.engine, Quarantine: s.db, Teller: s.db.Progress(s.slotName),
		Locks: s.db, Keep: time.Hour,
		Window: 10 * time.Millisecond, BulkSize: 100, Senders: 2, CheckEvery: 200 * time.Millisecond,
		Logger: slog.New(slog.NewTextHandler(tb.Output(), &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	return s
}

// stock fills the shop with n products in three categories and two stores.
func (s *shop) stock(n int) *shop {
	s.tb.Helper()
	s.exec(`INSERT INTO categories (id, name) VALUES (1, 'Mice'), (2, 'Keyboards'), (3, 'Screens')`)
	s.exec(`INSERT INTO stores (id, name, city, latitude, longitude) VALUES (1, 'A', 'Pune', 18.5, 73.9), (2, 'B', 'Goa', 15.3, 74.1)`)
	s.exec(`INSERT INTO products (id, sku, title, description, category_id, price, attributes)
		SELECT n, 's' || n, 'Product ' || n, repeat('word ', 20), 1 + n % 3, n / 100.0, jsonb_build_object('n', n) FROM generate_series(1, $1::int) n`, n)
	s.exec(`INSERT INTO inventory SELECT 1 + n % 2, n, n % 5 FROM generate_series(1, $1::int) n`, n)
	return s
}

func (s *shop) exec(sql string, args ...any) {
	s.tb.Helper()
	if _, err := s.conn.Exec(s.tb.Context(), sql, args...); err != nil {
		s.tb.Fatalf("%s: %v", sql, err)
	}
}

// start runs an Indexer until the test ends, or until stop.
func (s *shop) start() (x *indexer.Indexer, stop func()) {
	s.tb.Helper()
	s.metrics = prometheus.NewRegistry()
	s.opts.Metrics = s.metrics
	x = indexer.New(s.opts)
	ctx, cancel := context.WithCancel(s.tb.Context())
	done := make(chan error, 1)
	go func() { done <- x.Run(ctx) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			s.tb.Errorf("Run: %v", err)
		}
	}
	s.tb.Cleanup(stop)
	return x, stop
}

// started runs an Indexer that has built the index.
func (s *shop) started() (*indexer.Indexer, func()) {
	s.tb.Helper()
	x, stop := s.start()
	s.streaming(x)
	return x, stop
}

func (s *shop) streaming(x *indexer.Indexer) {
	s.tb.Helper()
	testkit.Eventually(s.tb, patience, "the indexer streams", func() bool { return x.Status().Ready() })
}

// mustEqual fails unless the live index is what the database makes of it.
func (s *shop) mustEqual() indexer.Report {
	s.tb.Helper()
	r, err := indexer.NewVerifier(s.opts).Live(s.tb.Context(), func(int64, int64) {})
	if err != nil {
		s.tb.Fatal(err)
	}
	if r.Differences() != 0 {
		s.tb.Errorf("the index differs: %+v", r)
	}
	return r
}

// builtAnew waits until the only index is a live one that is younger than another.
func (s *shop) builtAnew(than search.IndexVersion) {
	s.tb.Helper()
	testkit.Eventually(s.tb, patience, "a new index is live", func() bool {
		versions, err := s.engine.Indices(s.tb.Context())
		return err == nil && len(versions) == 1 && versions[0].Live && versions[0].Meta.CreatedAt.After(than.Meta.CreatedAt)
	})
}

func (s *shop) live() search.IndexVersion {
	s.tb.Helper()
	versions, err := s.engine.Indices(s.tb.Context())
	if err != nil {
		s.tb.Fatal(err)
	}
	for _, v := range versions {
		if v.Live {
			return v
		}
	}
	s.tb.Fatal("there is no live index")
	return search.IndexVersion{}
}

// stored reads one document of the live index; false when it has none.
func (s *shop) stored(id int64) (search.StoredDocument, bool) {
	s.tb.Helper()
	list, err := s.engine.Get(s.tb.Context(), s.live().Name, search.Products, []int64{id})
	if err != nil {
		s.tb.Fatal(err)
	}
	if len(list) == 0 {
		return search.StoredDocument{}, false
	}
	return list[0], true
}

// project is what the index would hold of a product now.
func (s *shop) project(id int64) string {
	s.tb.Helper()
	return s.projectPart(id, search.Products)
}

// projectPart is the same of one part of the index.
func (s *shop) projectPart(id int64, part search.Part) string {
	s.tb.Helper()
	docs, err := s.db.Project(s.tb.Context(), []int64{id})
	if err != nil || len(docs) > 1 {
		s.tb.Fatal(err, len(docs))
	}
	if len(docs) == 0 {
		return ""
	}
	b, err := s.engine.Render(&docs[0], part)
	if err != nil {
		s.tb.Fatal(err)
	}
	return string(b)
}

// arrives waits until the index holds of a product what the database says.
func (s *shop) arrives(id int64) {
	s.tb.Helper()
	testkit.Eventually(s.tb, patience, fmt.Sprintf("product %d is in the index as it is", id), func() bool {
		d, ok := s.stored(id)
		return string(d.Source) == s.project(id) && ok == (s.project(id) != "")
	})
}

// metric sums a counter over its labels.
func (s *shop) metric(name string) float64 {
	s.tb.Helper()
	families, err := s.metrics.Gather()
	if err != nil {
		s.tb.Fatal(err)
	}
	sum := 0.0
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			sum += m.GetCounter().GetValue()
		}
	}
	return sum
}
