//go:build integration

package main

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestOneKeyPostedAHundredTimes: a hundred requests at once with one key make
// one order, and each is answered with it.
func TestOneKeyPostedAHundredTimes(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.stock()
	s.start(theAPI, theWorker)
	before, w := s.pieces(), s.ware(5, 20, 0)
	body := orderOf(5, [2]int64{w.id, 2})
	const times = 100
	answers := make([]answer, times)
	var all sync.WaitGroup
	for i := range times {
		all.Go(func() {
			a, err := s.do(http.MethodPost, "/orders/", body, "Idempotency-Key: one of a kind", "Prefer: wait=10")
			if err != nil {
				t.Error(err)
			}
			answers[i] = a
		})
	}
	all.Wait()
	replayed := 0
	var first placed
	decode(t, answers[0], &first)
	for _, a := range answers {
		var p placed
		decode(t, a, &p)
		if a.status != http.StatusCreated || p.ID != first.ID || p.Token != first.Token || p.Status != "CONFIRMED" {
			t.Errorf("got %d %s", a.status, a.body)
		}
		if a.header.Get("Idempotent-Replayed") == "true" {
			replayed++
		}
	}
	if n := s.number(`SELECT count(*) FROM orders`); n != 1 || replayed != times-1 {
		t.Errorf("%d orders, %d of %d answers say that they repeat", n, replayed, times)
	}
	if a := s.must(422, http.MethodPost, "/orders/", orderOf(5, [2]int64{w.id, 3}), "Idempotency-Key: one of a kind"); !strings.Contains(a.body, "header.Idempotency-Key") {
		t.Errorf("another body: %s", a.body)
	}
	s.audit(before)
}

// TestAnOrderIsFollowedAndCancelled from outside, step by step.
func TestAnOrderIsFollowedAndCancelled(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.stock()
	stop := s.start(theAPI)
	w := s.ware(6, 20, 0)
	var p placed
	decode(t, s.must(202, http.MethodPost, "/orders/", orderOf(6, [2]int64{w.id, 2}), "Prefer: respond-async"), &p)
	page := fmt.Sprintf("/orders/%d/", p.ID)
	token := "?token=" + p.Token
	s.must(409, http.MethodPost, page+"cancel/"+token, "")
	followed := make(chan answer, 1)
	go func() {
		a, err := s.do(http.MethodGet, page+"events/"+token, "")
		if err != nil {
			t.Error(err)
		}
		followed <- a
	}()
	stopWorker := s.startBeside(theWorker)
	select {
	case a := <-followed:
		ids := strings.Count(a.body, "\nevent: status\n")
		if a.status != 200 || ids < 1 || ids > 2 || !strings.Contains(a.body, `"status":"CONFIRMED"`) {
			t.Errorf("followed: %d %s", a.status, a.body)
		}
	case <-time.After(patience):
		t.Fatal("the stream did not end with the decision")
	}
	s.must(204, http.MethodGet, page+"events/"+token, "", "Last-Event-ID: 2")
	for range 2 {
		if a := s.must(200, http.MethodPost, page+"cancel/"+token, ""); !strings.Contains(a.body, `"status":"CANCELLED"`) {
			t.Errorf("cancelled: %s", a.body)
		}
	}
	if n := s.number(`SELECT quantity FROM inventory WHERE store_id = 6 AND product_id = $1`, w.id); n != w.quantity {
		t.Errorf("%d in stock, %d before", n, w.quantity)
	}
	stopWorker()
	stop()
}

// startBeside starts a role in addition to those that run.
func (s *shop) startBeside(role string) (stop func()) {
	base := s.base
	stop = s.start(role)
	s.base = base
	return stop
}
