//go:build integration

package indexer_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"aforro/indexer"
	"aforro/pkg/search"
	"aforro/pkg/testkit"
)

// detained holds the first bulk with documents back until it is released, and
// then says that the index was too busy for it, as one that is overloaded does.
type detained struct {
	indexer.Writer
	once    sync.Once
	held    chan bulk
	release chan struct{}
}

type bulk struct {
	index  string
	writes []search.Write
}

func (d *detained) Bulk(ctx context.Context, index string, list []search.Write) (results []search.WriteResult, err error) {
	d.once.Do(func() {
		d.held <- bulk{index, slices.Clone(list)}
		<-d.release
		for _, w := range list {
			results = append(results, search.WriteResult{ID: w.ID, Outcome: search.Retry})
		}
	})
	if results != nil {
		return results, nil
	}
	return d.Writer.Bulk(ctx, index, list)
}

// Trap 4, with an index that has really forgotten: a build reads a product and
// is held up, meanwhile the stream removes it from the very index, and the index
// forgets that. The build's old reading would then be taken; it is read again.
func TestForgottenDeleteIsNotUndone(t *testing.T) {
	t.Parallel()
	s := newShop(t).stock(10)
	s.started()
	d := &detained{Writer: s.engine, held: make(chan bulk, 1), release: make(chan struct{})}
	opts := s.opts
	opts.Writer, opts.GCDeletes = d, time.Second
	done := make(chan error, 1)
	go func() {
		_, err := indexer.NewReindexer(opts).Run(t.Context(), func(indexer.Step, int64, int64) {})
		done <- err
	}()
	held := <-d.held
	testkit.ESRequest(t, "PUT", s.node+"/"+held.index+","+strings.Replace(held.index, "-products-", "-titles-", 1)+"/_settings", `{"index.gc_deletes": "1s"}`)
	s.exec("DELETE FROM products WHERE id IN (1, 2)")
	s.passed()
	s.mustForget(held, 2)
	close(d.release)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if live := s.live(); live.Name != held.index {
		t.Errorf("%s is live, not %s", live.Name, held.index)
	}
	if doc, ok := s.stored(1); ok {
		t.Errorf("product 1 was deleted and is back, version %d", doc.Version)
	}
	s.mustEqual()
}

// passed waits until everything that is committed now has been written.
func (s *shop) passed() {
	s.tb.Helper()
	at, err := s.db.AnnounceTargets(s.tb.Context())
	if err != nil {
		s.tb.Fatal(err)
	}
	testkit.Eventually(s.tb, patience, "the changes are written", func() bool {
		state, err := s.slot.State(s.tb.Context())
		return err == nil && state.Confirmed >= at
	})
}

// mustForget waits until the index takes an old reading of a product that was
// deleted from it, which shows that it has forgotten the delete, and deletes the
// product again.
func (s *shop) mustForget(old bulk, id int64) {
	s.tb.Helper()
	at := slices.IndexFunc(old.writes, func(w search.Write) bool { return w.ID == id && w.Document != nil })
	if at < 0 {
		s.tb.Fatalf("product %d was not read", id)
	}
	try := func(w search.Write) search.Outcome {
		results, err := s.engine.Bulk(s.tb.Context(), old.index, []search.Write{w})
		if err != nil {
			s.tb.Fatal(err)
		}
		return results[0].Outcome
	}
	testkit.Eventually(s.tb, patience, "the index forgets the delete", func() bool {
		if err := s.engine.Refresh(s.tb.Context(), old.index); err != nil {
			s.tb.Fatal(err)
		}
		return try(old.writes[at]) == search.Stored
	})
	now, err := s.db.Position(s.tb.Context())
	if err != nil {
		s.tb.Fatal(err)
	}
	if outcome := try(search.Write{ID: id, Version: now}); outcome != search.Stored {
		s.tb.Fatalf("delete product %d again: outcome %d", id, outcome)
	}
}
