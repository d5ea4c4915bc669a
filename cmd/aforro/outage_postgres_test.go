//go:build integration

package main

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"aforro/pkg/testkit"
)

// Without PostgreSQL everything that needs it says so, search goes on, and all
// of it resumes by itself.
func TestPostgreSQLAwayAndBack(t *testing.T) {
	t.Parallel()
	for name, take := range outages {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			before, w := s.pieces(), s.ware(5, 5, 0)
			s.search("q", "canon", "store_id", "5")
			take(s.database)
			s.mustRefuse(8*time.Second, map[string]string{
				"/orders/":                             orderOf(5, [2]int64{w.id, 1}),
				"/stores/5/orders/":                    "",
				"/stores/5/inventory/":                 "",
				fmt.Sprintf("/api/products/%d/", w.id): "",
				searchPath + "?q=canon&store_id=6":     "",
				"/readyz":                              "",
			})
			if f := s.search("q", "canon"); f.Count == 0 {
				t.Error("a search finds nothing")
			}
			if got := s.get("/healthz"); got.status != http.StatusOK {
				t.Errorf("/healthz: %d %s", got.status, got.body)
			}
			// Who is not behind the proxy changes something meanwhile.
			s.exec(`UPDATE products SET title = 'Meanwhile ' || title WHERE id % 2 = 0`)
			s.database.Heal()
			s.awaitReady()
			testkit.Eventually(t, patience, "an order is confirmed", func() bool {
				a, err := s.do(http.MethodPost, "/orders/", orderOf(5, [2]int64{w.id, 1}))
				if err != nil || a.status != http.StatusCreated {
					return false
				}
				var o placed
				decode(t, a, &o)
				return o.Status == "CONFIRMED"
			})
			s.mustEqual(s.number(`SELECT count(*) FROM products WHERE active`))
			s.awaitDecided(1)
			s.audit(before)
		})
	}
}

// mustRefuse asks all of it at once (those with a body are posted) and fails
// unless each is answered 503 in time.
func (s *shop) mustRefuse(within time.Duration, targets map[string]string) {
	s.tb.Helper()
	type outcome struct {
		target string
		answer answer
		err    error
	}
	outcomes := make(chan outcome)
	for target, body := range targets {
		method := http.MethodGet
		if body != "" {
			method = http.MethodPost
		}
		go func() {
			a, err := s.do(method, target, body)
			outcomes <- outcome{target, a, err}
		}()
	}
	for range targets {
		o := <-outcomes
		if o.err != nil {
			s.tb.Errorf("%s: %v", o.target, o.err)
			continue
		}
		o.answer.mustBeAway(s.tb, o.target)
		if o.answer.took > within {
			s.tb.Errorf("%s: answered after %s, want %s", o.target, o.answer.took, within)
		}
	}
}
