//go:build integration

package main

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"aforro/pkg/testkit"
)

// redisLoss is what a search may lose without Redis.
const redisLoss = 50 * time.Millisecond

func TestRedisAwayAndBack(t *testing.T) {
	t.Parallel()
	for name, take := range outages {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			before, w := s.pieces(), s.ware(3, 20, 0)
			s.searchTimes("warm")
			healthy := median(s.searchTimes("with"))
			take(s.redis)
			s.mustLoseLittle(healthy)
			for _, probe := range []string{"/readyz", "/healthz"} {
				if got := s.get(probe); got.status != http.StatusOK {
					t.Errorf("%s: %d %s", probe, got.status, got.body)
				}
			}
			// Nobody can be woken, so the API decides by itself, while the sender waits.
			testkit.Eventually(t, patience, "an order is decided while its sender waits", func() bool {
				return s.order(3, [2]int64{w.id, 1}).Status == "CONFIRMED"
			})
			s.redis.Heal()
			testkit.Eventually(t, patience, "a worker decides again", func() bool {
				decided := s.metric(`aforro_orders_decided_total{status="CONFIRMED"}`)
				o := s.order(3, [2]int64{w.id, 1})
				return o.Status == "CONFIRMED" && s.metric(`aforro_orders_decided_total{status="CONFIRMED"}`) > decided
			})
			testkit.Eventually(t, patience, "answers are cached again", func() bool {
				return s.get(searchPath+"?q=mouse").header.Get("Age") != ""
			})
			s.audit(before)
		})
	}
}

// searchTimes measures searches that are not in the cache.
func (s *shop) searchTimes(label string) []time.Duration {
	s.tb.Helper()
	var times []time.Duration
	for n := range 10 {
		a := s.get(fmt.Sprintf("%s?q=laptop&max_price=%d&category=&page_size=%d", searchPath, 1000+n, 20+len(label)))
		if a.status != http.StatusOK {
			s.tb.Fatalf("a search: %d %s", a.status, a.body)
		}
		times = append(times, a.took)
	}
	return times
}

func median(times []time.Duration) time.Duration {
	slices.Sort(times)
	return times[len(times)/2]
}

// mustLoseLittle compares the slowest of some searches with what one took
// before. Where other tests keep the machine busy it may be tried again: what
// waits for Redis each time does so in every round.
func (s *shop) mustLoseLittle(healthy time.Duration) {
	s.tb.Helper()
	var lost time.Duration
	for range 8 {
		lost = slices.Max(s.searchTimes("without")) - healthy
		if lost <= redisLoss {
			return
		}
	}
	s.tb.Errorf("without Redis a search lost %s over %s, and may lose %s", lost, healthy, redisLoss)
}

// metric reads one sample of /metrics; 0 when it is not there.
func (s *shop) metric(name string) float64 {
	s.tb.Helper()
	for line := range strings.Lines(s.get("/metrics").body) {
		if text, ok := strings.CutPrefix(line, name+" "); ok {
			v, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
			if err != nil {
				s.tb.Fatal(err)
			}
			return v
		}
	}
	return 0
}

// Redis is emptied after orders were saved and queued, before any was decided.
func TestRedisEmptiedBetweenSaveAndDecision(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.stock()
	s.start(theAPI)
	before, w := s.pieces(), s.ware(4, 20, 0)
	redis := testkit.RedisClient(t, s.direct[redisURL])
	var orders []placed
	for range 20 {
		a, err := s.do(http.MethodPost, "/orders/", orderOf(4, [2]int64{w.id, 1}), "Prefer: respond-async")
		if err != nil || a.status != http.StatusAccepted || a.header.Get("Location") == "" {
			t.Fatalf("got %d %s %v", a.status, a.body, err)
		}
		var p placed
		decode(t, a, &p)
		orders = append(orders, p)
	}
	if n := redis.DBSize(t.Context()).Val(); n < 20 {
		t.Errorf("%d keys in Redis: the orders are not in the queue", n)
	}
	if err := redis.FlushDB(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	s.start(theWorker)
	for _, o := range orders {
		testkit.Eventually(t, patience, fmt.Sprintf("order %d is decided", o.ID), func() bool { return s.page(o).Status == "CONFIRMED" })
	}
	s.audit(before)
}

// Redis is emptied again and again while orders come in.
func TestRedisEmptiedAgainAndAgain(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.stock()
	s.start(theAPI, theWorker)
	before := s.pieces()
	redis := testkit.RedisClient(t, s.direct[redisURL])
	placing := s.placeMany(120, 4)
	for done := false; !done; {
		if err := redis.FlushDB(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
		tick := time.NewTimer(10 * time.Millisecond)
		select {
		case <-placing:
			done = true
		case <-tick.C:
		}
		tick.Stop()
	}
	s.awaitDecided(120)
	s.audit(before)
}
