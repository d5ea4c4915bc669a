//go:build integration

package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"aforro/pkg/testkit"
)

// outages are the two ways in which a service is away: it refuses, or it hangs.
var outages = map[string]func(*testkit.Proxy){"refuses": (*testkit.Proxy).Cut, "hangs": (*testkit.Proxy).Mute}

// Without Elasticsearch nobody waits long to hear so, orders go on, and what
// changed meanwhile is in the index once it is back.
func TestElasticsearchAwayAndBack(t *testing.T) {
	t.Parallel()
	for name, take := range outages {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			before, w := s.pieces(), s.ware(2, 5, 0)
			cached := func() bool { return s.get(searchPath+"?q=printer").header.Get("Age") != "" }
			testkit.Eventually(t, patience, "a page is in the cache", cached)
			take(s.engine)
			s.mustRefuseSearches(2 * time.Second)
			testkit.Eventually(t, patience, "what is in the cache is still answered", cached)
			if o := s.order(2, [2]int64{w.id, 2}); o.Status != "CONFIRMED" {
				t.Errorf("an order meanwhile: %+v", o)
			}
			s.exec(`UPDATE products SET title = title || ' meanwhile' WHERE id % 3 = 0 OR id = $1`, w.id)
			s.exec(`DELETE FROM products WHERE id % 10 = 1 AND id <> $1`, w.id)
			if got := s.get("/readyz"); got.status != http.StatusServiceUnavailable {
				t.Errorf("/readyz: %d %s", got.status, got.body)
			}
			if got := s.get("/healthz"); got.status != http.StatusOK {
				t.Errorf("/healthz: %d %s", got.status, got.body)
			}
			s.engine.Heal()
			s.awaitReady()
			left := s.number(`SELECT count(*) FROM products`)
			s.mustEqual(left)
			if q, ok := s.search("q", w.title, "store_id", "2").has(w.id); !ok || q != w.quantity-2 {
				t.Errorf("the search shows %d (%t) of %d after 2 were sold", q, ok, w.quantity)
			}
			s.audit(before - s.deletedPieces())
		})
	}
}

// deletedPieces went with deleted products.
func (s *shop) deletedPieces() int64 {
	return -s.number(`SELECT coalesce(sum(delta), 0) FROM stock_movements WHERE reason = 'sql' AND delta < 0 AND product_id NOT IN (SELECT id FROM products)`)
}

// mustRefuseSearches asks several times at once, so that a busy machine does
// not spoil the measure: the fastest answer counts.
func (s *shop) mustRefuseSearches(within time.Duration) {
	s.tb.Helper()
	for _, target := range []string{searchPath + "?q=laptop&in_stock=true", suggestPath + "?q=canon"} {
		answers := make(chan answer)
		const tries = 4
		for range tries {
			go func() {
				a, err := s.do(http.MethodGet, target, "")
				if err != nil {
					a.body = err.Error()
				}
				answers <- a
			}()
		}
		fastest := time.Hour
		for range tries {
			a := <-answers
			a.mustBeAway(s.tb, target)
			fastest = min(fastest, a.took)
			if strings.Contains(a.body, "dial") {
				s.tb.Errorf("the driver's words reach the caller: %s", a.body)
			}
		}
		if fastest > within {
			s.tb.Errorf("%s: answered after %s, want %s", target, fastest, within)
		}
	}
}

// An index that somebody deleted comes back by itself, and /readyz tells.
func TestAnEmptiedElasticsearchFillsItself(t *testing.T) {
	t.Parallel()
	s := open(t)
	for _, v := range s.indices() {
		testkit.ESRequest(t, http.MethodDelete, s.direct[elasticsearchURL]+"/"+v, "")
	}
	testkit.Eventually(t, patience, "the loss is noticed", func() bool { return !s.indexer.Status().Ready() })
	s.awaitReady()
	s.mustEqual(s.number(`SELECT count(*) FROM products WHERE active`))
}

// indices are the names of the shop's indices.
func (s *shop) indices() []string {
	s.tb.Helper()
	list := testkit.ESRequest(s.tb, http.MethodGet, s.direct[elasticsearchURL]+"/_cat/indices/"+s.direct["AFORRO_INDEX_PREFIX"]+"*?h=index", "")
	return strings.Fields(string(list))
}
