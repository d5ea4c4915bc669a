//go:build integration

package indexer_test

import (
	"testing"
	"time"

	"aforro/indexer"
	"aforro/pkg/fault"
	"aforro/pkg/testkit"
)

func TestEmptyIndexIsBuilt(t *testing.T) {
	t.Parallel()
	s := newShop(t).stock(1000)
	s.exec("UPDATE products SET active = false WHERE id = 5")
	s.started()
	if r := s.mustEqual(); r.Compared != 999 {
		t.Errorf("compared %d", r.Compared)
	}
	if v := s.live(); !v.Meta.Complete || v.Docs != 999 {
		t.Errorf("%+v", v)
	}
}

func TestEveryKindOfChangeArrives(t *testing.T) {
	t.Parallel()
	s := newShop(t).stock(500)
	s.started()
	for _, c := range []struct {
		sql string
		ids []int64
	}{
		{"UPDATE products SET title = 'Renamed', price = 9.99 WHERE id = 1", []int64{1}},
		{"UPDATE inventory SET quantity = quantity + 1 WHERE product_id = 2", []int64{2}},
		{"DELETE FROM inventory WHERE product_id = 3", []int64{3}},
		{"INSERT INTO inventory VALUES (1, 3, 7), (2, 3, 0)", []int64{3}},
		{"UPDATE products SET active = false WHERE id = 4", []int64{4}},
		{"UPDATE products SET active = true WHERE id = 4", []int64{4}},
		{"DELETE FROM products WHERE id = 6", []int64{6}},
		{"INSERT INTO products (id, sku, title, category_id, price) VALUES (6, 'x', 'Back again', 2, 1)", []int64{6}},
		{"UPDATE products SET id = 10000 WHERE id = 6", []int64{6, 10000}},
		{"UPDATE categories SET name = 'Rodents' WHERE id = 1", []int64{9, 12, 300}},
		{"DELETE FROM stores WHERE id = 2", []int64{9, 11, 499}},
	} {
		s.exec(c.sql)
		for _, id := range c.ids {
			s.arrives(id)
		}
	}
	s.mustEqual()
}

func TestTruncateEmptiesTheIndex(t *testing.T) {
	t.Parallel()
	s := newShop(t).stock(500)
	s.started()
	s.exec("TRUNCATE inventory")
	s.mustEqual()
	s.exec("TRUNCATE products CASCADE")
	if r := s.mustEqual(); r.Compared != 0 {
		t.Errorf("compared %d", r.Compared)
	}
	if _, ok := s.stored(1); ok {
		t.Error("product 1 is still there")
	}
}

func TestChangesWhileStoppedArriveLater(t *testing.T) {
	t.Parallel()
	s := newShop(t).stock(300)
	_, stop := s.started()
	stop()
	s.exec("UPDATE products SET title = 'Meanwhile' WHERE id <= 100")
	s.exec("DELETE FROM products WHERE id > 250")
	before := s.live().Name
	s.started()
	s.mustEqual()
	if s.live().Name != before {
		t.Error("a new index was built")
	}
}

func TestSecondIndexerStandsBy(t *testing.T) {
	t.Parallel()
	s := newShop(t).stock(100)
	_, stop := s.started()
	second, _ := s.start()
	testkit.Eventually(t, patience, "the second stands by", func() bool { return second.Status().Phase == indexer.StandingBy })
	stop()
	s.streaming(second)
	s.exec("UPDATE products SET title = 'Taken over' WHERE id = 1")
	s.arrives(1)
}

func TestLostSlotIsHealed(t *testing.T) {
	t.Parallel()
	s := newShop(t).stock(300)
	_, stop := s.started()
	stop()
	testkit.Eventually(t, patience, "the slot can be dropped", func() bool {
		return s.slot.Drop(t.Context()) == nil
	})
	if _, err := s.opts.Slot.State(t.Context()); !fault.Is(err, fault.NotFound) {
		t.Fatal(err)
	}
	before := s.live()
	s.exec("UPDATE products SET title = 'Unseen' WHERE id <= 100")
	s.exec("UPDATE inventory SET quantity = 0 WHERE product_id BETWEEN 100 AND 120")
	s.exec("DELETE FROM products WHERE id > 250")
	s.exec("INSERT INTO products (id, sku, title, category_id, price) VALUES (1000, 'new', 'Unseen too', 1, 1)")
	s.started()
	testkit.Eventually(t, patience, "the index is not suspect any more", func() bool { return !s.live().Meta.Suspect })
	s.mustEqual()
	// It was compared and mended, not built anew: searches went on with it.
	if v := s.live(); v.Name != before.Name || !v.Meta.CreatedAt.Equal(before.Meta.CreatedAt) {
		t.Errorf("the index is %s, was %s", v.Name, before.Name)
	}
	if n := s.metric("aforro_indexer_slots_lost_total"); n != 1 {
		t.Errorf("lost %v slots", n)
	}
}

// A server that was set back to an earlier state keeps its name and its
// timeline. What the index knows of the future gives it away.
func TestARestoredServerIsNoticed(t *testing.T) {
	t.Parallel()
	s := newShop(t).stock(100)
	_, stop := s.started()
	first := s.live()
	stop()
	testkit.ESRequest(t, "PUT", s.node+"/"+first.Name+"/_doc/1?version=9000000000000000000&version_type=external&refresh=true", s.project(1))
	s.start()
	testkit.Eventually(t, patience, "another index is live", func() bool { return s.live().Meta.CreatedAt.After(first.Meta.CreatedAt) })
	s.mustEqual()
}

func TestDeletedIndexIsBuiltAgain(t *testing.T) {
	t.Parallel()
	s := newShop(t).stock(300)
	s.started()
	first := s.live()
	if err := s.engine.DeleteIndex(t.Context(), first.Name); err != nil {
		t.Fatal(err)
	}
	s.builtAnew(first)
	s.mustEqual()
}

func TestEmptiedIndexIsBuiltAgain(t *testing.T) {
	t.Parallel()
	s := newShop(t).stock(300)
	s.started()
	first := s.live()
	testkit.ESRequest(t, "POST", s.node+"/"+first.Name+"/_delete_by_query?refresh=true", `{"query":{"match_all":{}}}`)
	s.builtAnew(first)
	s.mustEqual()
}

// An index that lost most of its documents while nobody looked after it is noticed
// by the next who does, though he has never seen it whole.
func TestAnIndexEmptiedBeforeTheFirstLookIsBuiltAgain(t *testing.T) {
	t.Parallel()
	s := newShop(t).stock(300)
	_, stop := s.started()
	first := s.live()
	stop()
	testkit.ESRequest(t, "POST", s.node+"/"+first.Name+"/_delete_by_query?refresh=true", `{"query":{"range":{"id":{"gt":100}}}}`)
	s.started()
	s.builtAnew(first)
	s.mustEqual()
}

// A thousand single commits are coalesced, and none is lost.
func TestManySmallCommits(t *testing.T) {
	t.Parallel()
	s := newShop(t).stock(300)
	s.opts.MaxPending = 50
	s.started()
	begun := time.Now()
	for n := range 1000 {
		s.exec("UPDATE inventory SET quantity = quantity + 1 WHERE product_id = $1", 1+n%300)
	}
	t.Logf("1000 commits in %s", time.Since(begun))
	s.mustEqual()
}
