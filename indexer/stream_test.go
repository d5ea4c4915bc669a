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
	s.exec("UPDATE products SET title = 'Unseen' WHERE id <= 100")
	s.exec("DELETE FROM products WHERE id > 250")
	s.started()
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
	testkit.Eventually(t, patience, "a new index is live", func() bool {
		versions, err := s.engine.Indices(t.Context())
		return err == nil && len(versions) == 1 && versions[0].Live && versions[0].Meta.CreatedAt.After(first.Meta.CreatedAt)
	})
	s.mustEqual()
}

func TestEmptiedIndexIsBuiltAgain(t *testing.T) {
	t.Parallel()
	s := newShop(t).stock(300)
	s.started()
	first := s.live()
	testkit.ESRequest(t, "POST", s.node+"/"+first.Name+"/_delete_by_query?refresh=true", `{"query":{"match_all":{}}}`)
	testkit.Eventually(t, patience, "a new index is live", func() bool {
		versions, err := s.engine.Indices(t.Context())
		return err == nil && len(versions) == 1 && versions[0].Live && versions[0].Meta.CreatedAt.After(first.Meta.CreatedAt)
	})
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
