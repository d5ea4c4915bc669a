//go:build integration

package indexer_test

import (
	"context"
	"net/url"
	"sync"
	"testing"

	"aforro/indexer"
	"aforro/pkg/fault"
	"aforro/pkg/search"
	"aforro/pkg/testkit"
)

func mustProxy(tb testing.TB, service string) (*testkit.Proxy, *url.URL) {
	tb.Helper()
	u, err := url.Parse(service)
	if err != nil {
		tb.Fatal(err)
	}
	p := testkit.NewProxy(tb, u.Host)
	u.Host = p.Addr
	return p, u
}

// Elasticsearch goes away and comes back: the stream is answered meanwhile, the
// position stays, nothing is lost.
func TestIndexAwayAndBack(t *testing.T) {
	t.Parallel()
	s := newShop(t).stock(300)
	proxy, u := mustProxy(t, s.node)
	s.engine = newEngine(t, u.String(), s.prefix)
	s.opts.Writer, s.opts.Versions, s.opts.Reader = s.engine, s.engine, s.engine
	s.exec("DO $$ BEGIN EXECUTE 'ALTER DATABASE ' || current_database() || ' SET wal_sender_timeout = 2000'; END $$")
	x, _ := s.started()
	proxy.Cut()
	for n := range 300 {
		s.exec("UPDATE products SET title = title || '!' WHERE id = $1", n+1)
	}
	s.exec("DELETE FROM products WHERE id > 290")
	at, err := s.db.Position(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	// Longer than wal_sender_timeout, counted in retries that the log shows.
	testkit.Eventually(t, patience, "the indexer waits", func() bool { return s.metric("aforro_indexer_unavailable_total") >= 6 })
	if now := x.Status(); now.Ready() {
		t.Errorf("it says that it is ready while nothing reaches the index: %s", now)
	}
	state, err := s.slot.State(t.Context())
	if err != nil || !state.Active || state.Confirmed >= at {
		t.Errorf("while away: %+v of %d, %v", state, at, err)
	}
	proxy.Heal()
	s.streaming(x)
	s.mustEqual()
}

// PostgreSQL goes away and comes back.
func TestDatabaseAwayAndBack(t *testing.T) {
	t.Parallel()
	s := newShop(t).stock(300)
	proxy, u := mustProxy(t, s.url)
	d := testkit.Open(t, u.String())
	direct := s.opts
	s.opts.Source, s.opts.Log, s.opts.Slot = d, d, d.Slot(s.slotName)
	x, _ := s.started()
	proxy.Cut()
	s.exec("UPDATE products SET title = 'Meanwhile' WHERE id <= 200")
	testkit.Eventually(t, patience, "the loss is noticed", func() bool { return !x.Status().Ready() })
	proxy.Heal()
	s.streaming(x)
	s.opts.Source, s.opts.Log, s.opts.Slot = direct.Source, direct.Log, direct.Slot
	s.mustEqual()
}

// flaky answers some writes with Retry, some bulks not at all, and refuses one
// product: what a busy cluster does.
type flaky struct {
	indexer.Writer
	mu      sync.Mutex
	calls   int
	refused int64
}

func (f *flaky) Bulk(ctx context.Context, index string, list []search.Write) ([]search.WriteResult, error) {
	f.mu.Lock()
	f.calls++
	n := f.calls
	f.mu.Unlock()
	if n%5 == 0 {
		return nil, fault.New(fault.Unavailable, "busy")
	}
	var pass []search.Write
	results := make([]search.WriteResult, len(list))
	var at []int
	for i, w := range list {
		results[i] = search.WriteResult{ID: w.ID, Outcome: search.Retry}
		switch {
		case w.ID == f.refused:
			results[i].Outcome, results[i].Reason = search.Refused, "refused by the test"
		case (int(w.ID)+n)%3 != 0:
			pass, at = append(pass, w), append(at, i)
		}
	}
	if len(pass) == 0 {
		return results, nil
	}
	got, err := f.Writer.Bulk(ctx, index, pass)
	if err != nil {
		return nil, err
	}
	for i, r := range got {
		results[at[i]] = r
	}
	return results, nil
}

func TestBusyIndexGetsEverythingInTheEnd(t *testing.T) {
	t.Parallel()
	s := newShop(t).stock(500)
	s.opts.Writer = &flaky{Writer: s.engine}
	s.started()
	s.exec("UPDATE products SET price = price + 1")
	s.exec("DELETE FROM products WHERE id > 450")
	s.mustEqual()
	if s.metric("aforro_indexer_documents_total") == 0 {
		t.Error("nothing was counted")
	}
}

// A document that the index will never take does not hold up the others.
func TestRefusedDocumentDoesNotHoldUpOthers(t *testing.T) {
	t.Parallel()
	s := newShop(t).stock(50)
	s.opts.Writer = &flaky{Writer: s.engine, refused: 7}
	s.started()
	s.exec("UPDATE products SET price = price + 1")
	s.arrives(50)
	s.arrives(1)
	if _, ok := s.stored(7); ok {
		t.Error("the refused document is in")
	}
}

// A build that is interrupted goes on where it was.
func TestInterruptedBuildGoesOn(t *testing.T) {
	t.Parallel()
	s := newShop(t).stock(1000)
	w := &counting{Writer: s.engine, stopAt: 600}
	s.opts.Writer, s.opts.Senders, s.opts.CheckpointEvery = w, 1, 1
	_, stop := s.start()
	testkit.Eventually(t, patience, "the build is in the middle", func() bool { return w.count() >= 600 })
	stop()
	s.exec("DELETE FROM products WHERE id <= 10")
	w.mu.Lock()
	w.stopAt = 0
	before := w.sent
	w.mu.Unlock()
	s.started()
	s.mustEqual()
	if again := w.count() - before; again > 600 {
		t.Errorf("%d documents were sent again", again)
	}
}

// counting counts what is sent; from stopAt on it is away.
type counting struct {
	indexer.Writer
	mu           sync.Mutex
	sent, stopAt int
}

func (c *counting) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sent
}

func (c *counting) Bulk(ctx context.Context, index string, list []search.Write) ([]search.WriteResult, error) {
	c.mu.Lock()
	away := c.stopAt > 0 && c.sent >= c.stopAt
	if !away {
		c.sent += len(list)
	}
	c.mu.Unlock()
	if away {
		return nil, fault.New(fault.Unavailable, "away")
	}
	return c.Writer.Bulk(ctx, index, list)
}
