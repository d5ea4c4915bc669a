//go:build integration

package indexer_test

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"aforro/indexer"
	"aforro/pkg/search"
	"aforro/pkg/testkit"
)

// hidden makes transactions look as they do between the flush of a commit and
// its visibility (long, with a synchronous standby): streamed, but not seen.
// Everything else is the real database.
type hidden struct {
	indexer.Source
	open  chan struct{}
	asked atomic.Int64
	read  atomic.Bool
}

func (h *hidden) Visible(ctx context.Context, transactions []uint32) (bool, error) {
	select {
	case <-h.open:
		return h.Source.Visible(ctx, transactions)
	default:
		if len(transactions) == 0 {
			return true, nil
		}
		h.asked.Add(1)
		return false, nil
	}
}

func (h *hidden) Project(ctx context.Context, ids []int64) ([]search.Document, error) {
	h.read.Store(true)
	return h.Source.Project(ctx, ids)
}

// Trap 1: a commit is streamed before it is visible.
func TestNothingIsReadBeforeTheCommitIsVisible(t *testing.T) {
	t.Parallel()
	s := newShop(t).stock(10)
	_, stop := s.started()
	stop()
	before, err := s.slot.State(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	h := &hidden{Source: s.db, open: make(chan struct{})}
	s.opts.Source = h
	s.started()
	s.exec("UPDATE products SET title = 'Not yet' WHERE id = 1")
	testkit.Eventually(t, patience, "visibility is asked for again and again", func() bool { return h.asked.Load() > 20 })
	after, err := s.slot.State(t.Context())
	if err != nil || h.read.Load() {
		t.Errorf("read before the commit was visible (%v)", err)
	}
	if v, err := s.db.Position(t.Context()); err != nil || after.Confirmed >= v || after.Confirmed < before.Confirmed {
		t.Errorf("confirmed %d of %d, %v", after.Confirmed, v, err)
	}
	close(h.open)
	s.arrives(1)
}

// between runs something between the taking of the version and the reading.
type between struct {
	indexer.Source
	indexer.Log
	mu       sync.Mutex
	run      func()
	versions []search.Version
}

func (b *between) Position(ctx context.Context) (search.Version, error) {
	v, err := b.Log.Position(ctx)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.versions = append(b.versions, v)
	return v, err
}

func (b *between) Project(ctx context.Context, ids []int64) ([]search.Document, error) {
	b.mu.Lock()
	run := b.run
	b.run = nil
	b.mu.Unlock()
	if run != nil {
		run()
	}
	return b.Source.Project(ctx, ids)
}

// Trap 2: a version taken with or after the reading could be newer than what
// was read. Here a change commits between the two: the first document has it
// already, with the older version, and the second writing is not refused.
func TestVersionIsOlderThanTheReading(t *testing.T) {
	t.Parallel()
	s := newShop(t).stock(10)
	_, stop := s.started()
	stop()
	b := &between{Source: s.db, Log: s.db}
	s.opts.Source, s.opts.Log = b, b
	s.started()
	meddler := testkit.Conn(t, s.url)
	// The flushed position must move with the commit, whatever the server's own setting.
	if _, err := meddler.Exec(t.Context(), "SET synchronous_commit = on"); err != nil {
		t.Fatal(err)
	}
	var committed search.Version
	b.mu.Lock()
	b.versions = nil
	b.run = func() {
		if _, err := meddler.Exec(t.Context(), "UPDATE products SET title = 'Second' WHERE id = 1"); err != nil {
			t.Error(err)
		}
		var err error
		if committed, err = s.db.Position(t.Context()); err != nil {
			t.Error(err)
		}
	}
	b.mu.Unlock()
	s.exec("UPDATE products SET title = 'First' WHERE id = 1")
	s.arrives(1)
	testkit.Eventually(t, patience, "the second change is written with its own version", func() bool {
		d, _ := s.stored(1)
		b.mu.Lock()
		defer b.mu.Unlock()
		return committed > 0 && d.Version >= committed && b.versions[0] < committed
	})
}

// Trap 3: a newer version in the index is another history's, not late news.
func TestForeignVersionsLeadToANewIndex(t *testing.T) {
	t.Parallel()
	s := newShop(t).stock(100)
	s.started()
	first := s.live()
	testkit.ESRequest(t, "PUT", s.node+"/"+first.Name+"/_doc/1?version=9000000000000000000&version_type=external", s.project(1))
	s.exec("UPDATE products SET title = 'Mine' WHERE id = 1")
	testkit.Eventually(t, patience, "another index is live", func() bool {
		versions, err := s.engine.Indices(t.Context())
		return err == nil && slices.ContainsFunc(versions, func(v search.IndexVersion) bool { return v.Live && v.Meta.CreatedAt.After(first.Meta.CreatedAt) })
	})
	s.arrives(1)
	s.mustEqual()
}

// Trap 3, at the start: the index of a restored or another server.
func TestForeignHistoryLeadsToANewIndex(t *testing.T) {
	t.Parallel()
	s := newShop(t).stock(100)
	_, stop := s.started()
	stop()
	first := s.live()
	first.Meta.History.Timeline++
	if err := s.engine.SetMeta(t.Context(), first.Name, first.Meta); err != nil {
		t.Fatal(err)
	}
	s.started()
	if !s.live().Meta.CreatedAt.After(first.Meta.CreatedAt) {
		t.Error("the foreign index is still live")
	}
	s.mustEqual()
}

// A late write of our own is no foreign history.
func TestLateWriteIsIgnored(t *testing.T) {
	t.Parallel()
	s := newShop(t).stock(10)
	s.started()
	name := s.live().Name
	now, err := s.db.Position(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	late := []search.Write{{ID: 1, Version: 1}, {ID: 2, Version: now}}
	results, err := s.engine.Bulk(t.Context(), name, late)
	if err != nil || results[0].Outcome != search.Late || results[0].Stored <= 1 || results[1].Outcome != search.Stored {
		t.Errorf("%+v, %v", results, err)
	}
	yields := []search.Write{{ID: 2, Version: now, Yield: true}}
	if results, err = s.engine.Bulk(t.Context(), name, yields); err != nil || results[0].Outcome != search.Late {
		t.Errorf("a tie with one that yields: %+v, %v", results, err)
	}
	s.exec("UPDATE products SET title = 'x' WHERE id = 2")
	s.arrives(2)
	if s.live().Name != name {
		t.Error("a late write led to a new index")
	}
}

// stalled holds one bulk back, as an absent index does.
type stalled struct {
	indexer.Writer
	mu   sync.Mutex
	hold time.Duration
	sent [][]search.Write
}

func (w *stalled) Bulk(ctx context.Context, index string, list []search.Write) ([]search.WriteResult, error) {
	w.mu.Lock()
	hold := w.hold
	w.hold = 0
	if hold > 0 {
		w.mu.Unlock()
		timer := time.NewTimer(hold)
		defer timer.Stop()
		<-timer.C
		results := make([]search.WriteResult, len(list))
		for i := range list {
			results[i] = search.WriteResult{ID: list[i].ID, Outcome: search.Retry}
		}
		return results, nil
	}
	w.sent = append(w.sent, list)
	w.mu.Unlock()
	return w.Writer.Bulk(ctx, index, list)
}

// Trap 4: the index forgets deletes, so that an old reading would bring a
// deleted product back. What was read too long ago is read again.
func TestOldReadingIsNotSent(t *testing.T) {
	t.Parallel()
	s := newShop(t).stock(10)
	_, stop := s.started()
	stop()
	w := &stalled{Writer: s.engine}
	s.opts.Writer, s.opts.GCDeletes = w, 400*time.Millisecond
	s.started()
	w.mu.Lock()
	w.hold = 600 * time.Millisecond
	w.sent = nil
	w.mu.Unlock()
	s.exec("UPDATE products SET title = 'Doomed' WHERE id = 1")
	testkit.Eventually(t, patience, "a bulk is held back", func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.hold == 0
	})
	// Deleted, and the delete forgotten, while the old reading waits.
	s.exec("DELETE FROM products WHERE id = 1")
	s.arrives(1)
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, list := range w.sent {
		for _, write := range list {
			if write.ID == 1 && write.Document != nil {
				t.Errorf("the old reading was sent: version %d", write.Version)
			}
		}
	}
}
