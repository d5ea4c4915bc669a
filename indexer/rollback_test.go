//go:build integration

package indexer_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"aforro/indexer"
	"aforro/pkg/fault"
	"aforro/pkg/search"
	"aforro/pkg/testkit"
)

func (s *shop) mustReindex() indexer.Reindexed {
	s.tb.Helper()
	result, err := indexer.NewReindexer(s.opts).Run(s.tb.Context(), noProgress)
	if err != nil {
		s.tb.Fatal(err)
	}
	return result
}

func (s *shop) mustRollBack() indexer.Reindexed {
	s.tb.Helper()
	result, err := indexer.NewReindexer(s.opts).Rollback(s.tb.Context())
	if err != nil {
		s.tb.Fatal(err)
	}
	return result
}

// What is written between the swap and the roll-back, and during it, is found
// after it; and one can go forth again.
func TestARollbackLosesNothing(t *testing.T) {
	t.Parallel()
	s := newShop(t).stock(2000)
	s.started()
	forth := s.mustReindex()
	s.exec("UPDATE products SET title = 'Between' WHERE id = 7")
	s.exec("DELETE FROM products WHERE id = 8")
	var wg sync.WaitGroup
	s.meddle(&wg, 3, 500, 2000)
	s.exec("UPDATE products SET title = 'Late' WHERE id = 2000")
	back := s.mustRollBack()
	if back.Index != forth.Previous || back.Previous != forth.Index || s.live().Name != forth.Previous {
		t.Errorf("%+v after %+v", back, forth)
	}
	s.mustEqual()
	wg.Wait()
	s.mustEqual()
	if again := s.mustRollBack(); again.Index != forth.Index || s.live().Name != forth.Index {
		t.Errorf("forth again: %+v", again)
	}
	s.mustEqual()
}

// Everything committed before a roll-back is found by it the moment it is over.
func TestARollbackIsNotBehind(t *testing.T) {
	t.Parallel()
	s := newShop(t).stock(50)
	s.started()
	s.mustReindex()
	for n := range 5 {
		s.exec("UPDATE products SET title = 'Round ' || $1::int WHERE id = 5", n)
		s.mustRollBack()
		if d, _ := s.stored(5); string(d.Source) != s.project(5) {
			t.Errorf("round %d: %s", n, d.Source)
		}
	}
}

func TestNothingToGoBackTo(t *testing.T) {
	t.Parallel()
	s := newShop(t).stock(100)
	s.started()
	if _, err := indexer.NewReindexer(s.opts).Rollback(t.Context()); !fault.Is(err, fault.Conflict) {
		t.Errorf("before any reindex: %v", err)
	}
	done := s.mustReindex()
	testkit.ESRequest(t, "DELETE", s.node+"/"+done.Previous+"/_doc/10", "")
	_, err := indexer.NewReindexer(s.opts).Rollback(t.Context())
	if !fault.Is(err, fault.Conflict) || !strings.Contains(err.Error(), "99 documents for 100 products") || s.live().Name != done.Index {
		t.Errorf("to one that lacks a document: %v", err)
	}
}

// remark changes what a version says of itself.
func (s *shop) remark(name string, change func(*search.IndexMeta)) {
	s.tb.Helper()
	versions, err := s.engine.Indices(s.tb.Context())
	if err != nil {
		s.tb.Fatal(err)
	}
	for _, v := range versions {
		if v.Name == name {
			change(&v.Meta)
			if err := s.engine.SetMeta(s.tb.Context(), name, v.Meta); err != nil {
				s.tb.Fatal(err)
			}
			return
		}
	}
	s.tb.Fatalf("there is no %s", name)
}

// reindexable reports whether nobody holds the lock of reindexes.
func (s *shop) reindexable() bool {
	s.tb.Helper()
	lock, err := s.opts.Locks.LockReindex(s.tb.Context())
	if fault.Is(err, fault.Conflict) {
		return false
	}
	if err != nil {
		s.tb.Fatal(err)
	}
	lock.Release()
	return true
}

func (s *shop) exists(name string) bool {
	s.tb.Helper()
	versions, err := s.engine.Indices(s.tb.Context())
	if err != nil {
		s.tb.Fatal(err)
	}
	for _, v := range versions {
		if v.Name == name {
			return true
		}
	}
	return false
}

// The running indexer removes a version when its time is over, not before, and
// goes on with the rest.
func TestAnOldIndexGoesWhenItsTimeIsOver(t *testing.T) {
	t.Parallel()
	s := newShop(t).stock(500)
	x, _ := s.started()
	abandoned := s.interrupted(s.opts).Name
	s.remark(abandoned, func(m *search.IndexMeta) { m.CreatedAt = time.Now().Add(-25 * time.Hour) })
	testkit.Eventually(t, patience, "an abandoned reindex is removed", func() bool { return !s.exists(abandoned) })
	testkit.Eventually(t, patience, "its removal has ended", s.reindexable)
	done := s.mustReindex()
	young := s.interrupted(s.opts).Name
	if !s.exists(done.Previous) {
		t.Fatal("the index before is gone already")
	}
	s.remark(done.Previous, func(m *search.IndexMeta) { m.RetiredAt = time.Now().Add(-time.Hour) })
	testkit.Eventually(t, patience, "the index before is removed", func() bool { return !s.exists(done.Previous) })
	if !s.exists(young) || !s.exists(done.Index) {
		t.Error("more was removed")
	}
	testkit.Eventually(t, patience, "it is no longer written", func() bool { return len(x.Targets()) == 2 })
	s.exec("UPDATE products SET title = 'After' WHERE id = 1")
	s.arrives(1)
	s.mustEqual()
}
