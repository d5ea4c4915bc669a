//go:build integration

package indexer_test

import (
	"slices"
	"strings"
	"testing"

	"aforro/indexer"
	"aforro/pkg/search"
	"aforro/pkg/testkit"
)

// quarantined are the products in quarantine, by id.
func (s *shop) quarantined() (ids []int64) {
	s.tb.Helper()
	list, total, err := s.db.Quarantined(s.tb.Context(), 1000)
	if err != nil || int64(len(list)) != total {
		s.tb.Fatalf("%d of %d, %v", len(list), total, err)
	}
	for _, q := range list {
		ids = append(ids, q.Product)
	}
	return ids
}

// tooLong is a brand that Elasticsearch refuses: a keyword of more than 32,766
// bytes. PostgreSQL takes it.
var tooLong = strings.Repeat("x", 40_000)

// A document that the index refuses is in quarantine; those around it pass, and
// the position with them. It leaves when its product has changed.
func TestARefusedDocumentIsInQuarantine(t *testing.T) {
	t.Parallel()
	s := newShop(t).stock(300)
	s.started()
	s.exec("UPDATE products SET brand = $1, title = 'Refused' WHERE id IN (7, 8)", tooLong)
	s.exec("UPDATE products SET title = 'Passed' WHERE id BETWEEN 9 AND 200")
	s.arrives(200)
	testkit.Eventually(t, patience, "both are in quarantine", func() bool { return slices.Equal(s.quarantined(), []int64{7, 8}) })
	at, err := s.db.Position(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, patience, "the position passes", func() bool {
		state, err := s.slot.State(t.Context())
		return err == nil && state.Confirmed >= at
	})
	list, _, err := s.db.Quarantined(t.Context(), 1)
	if err != nil || !strings.Contains(list[0].Reason, "brand.key") || list[0].Refusals < 1 || list[0].First.IsZero() || list[0].Index != s.live().Name {
		t.Errorf("%+v, %v", list, err)
	}
	// Tried again without a change: refused again, and counted.
	if _, err := s.db.AskFor(t.Context(), []int64{7}); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, patience, "the second refusal is counted", func() bool {
		list, _, err := s.db.Quarantined(t.Context(), 1)
		return err == nil && list[0].Refusals == 2 && list[0].Last.After(list[0].First)
	})
	s.exec("UPDATE products SET brand = 'Acme' WHERE id = 7")
	s.arrives(7)
	s.exec("DELETE FROM products WHERE id = 8")
	testkit.Eventually(t, patience, "nothing is in quarantine", func() bool { return len(s.quarantined()) == 0 })
	s.mustEqual()
}

// One refused document does not keep a new index from taking over, nor does the
// quarantine of an index outlive it.
func TestAReindexKnowsTheQuarantine(t *testing.T) {
	t.Parallel()
	s := newShop(t).stock(300)
	s.started()
	s.exec("UPDATE products SET brand = $1 WHERE id = 7", tooLong)
	testkit.Eventually(t, patience, "it is in quarantine", func() bool { return slices.Equal(s.quarantined(), []int64{7}) })
	done, err := indexer.NewReindexer(s.opts).Run(t.Context(), func(indexer.Step, int64, int64) {})
	if err != nil {
		t.Fatalf("%v\n%+v", err, done.Verdict)
	}
	list, _, err := s.db.Quarantined(t.Context(), 10)
	if err != nil || !slices.ContainsFunc(list, func(q search.Quarantined) bool { return q.Index == done.Index }) {
		t.Errorf("%+v, %v", list, err)
	}
}
