//go:build integration

package main

import (
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	"aforro/pkg/crash"
	"aforro/pkg/testkit"
)

// inBatch arms a point for the batch of placeInBatches, which is the third that
// gets there: the first is an order that shows that all is well, the second one
// that goes alone.
func inBatch(at crash.Point) string { return string(at) + ":3" }

// oneMinute keeps an armed worker's sweeper from doing what the task is to do.
const oneMinute = "--sweep-every=1m"

// apiDies: an API dies while it takes orders in.
func (s *crashShop) apiDies(at crash.Point) {
	s.run(theWorker, "")
	api := s.runAPI(inBatch(at))
	s.settle(s.clients[:1])
	answered := s.placeInBatches()
	s.awaitDeath(api, at)
	answered()
	s.lookAround()
	s.runAPI("")
	s.finish()
}

// workerDies: a worker dies with a task in hand.
func (s *crashShop) workerDies(at crash.Point) {
	worker := s.run(theWorker, inBatch(at), oneMinute)
	s.runAPI("")
	s.settle(s.clients[:1])
	answered := s.placeInBatches()
	s.awaitDeath(worker, at)
	s.lookAround()
	s.run(theWorker, "")
	answered()
	s.finish()
}

// sweeperDies: the tasks are lost with Redis, and a worker dies that decides all
// orders at once without any.
func (s *crashShop) sweeperDies(at crash.Point) {
	s.runAPI("")
	<-s.place(s.clients, "Prefer: respond-async")
	for _, c := range s.clients {
		if c.first.status != http.StatusAccepted {
			s.tb.Fatalf("%s: %d %s", c.key, c.first.status, c.first.body)
		}
	}
	if err := testkit.RedisClient(s.tb, s.direct[redisURL]).FlushDB(s.tb.Context()).Err(); err != nil {
		s.tb.Fatal(err)
	}
	s.awaitDeath(s.run(theWorker, string(at)), at)
	s.lookAround()
	s.run(theWorker, "")
	s.finish()
}

// loneAPIDies: an API dies that decides by itself, since Redis is away. Orders
// that it leaves are for the sweeper of a worker that starts later.
func (s *crashShop) loneAPIDies(at crash.Point) {
	var redis *testkit.Proxy
	s.direct[redisURL], redis = behind(s.tb, s.direct[redisURL])
	redis.Cut()
	api := s.runAPI(inBatch(at))
	s.settle(s.clients[:1])
	answered := s.placeInBatches()
	s.awaitDeath(api, at)
	answered()
	s.lookAround()
	s.run(theWorker, "")
	s.runAPI("")
	s.finish()
}

// asyncAPIDies: an API dies while it answers 202 to those who do not wait.
func (s *crashShop) asyncAPIDies(at crash.Point) {
	api := s.runAPI(inBatch(at))
	<-s.place(s.clients[:1], "Prefer: respond-async")
	answered := s.placeInBatches("Prefer: respond-async")
	s.awaitDeath(api, at)
	answered()
	s.lookAround()
	s.run(theWorker, "")
	s.runAPI("")
	s.finish()
}

// cancellingAPIDies: an API dies while it cancels an order, and everybody who
// wants it cancelled asks again at once.
func (s *crashShop) cancellingAPIDies(at crash.Point) {
	s.run(theWorker, "")
	api := s.runAPI(string(at) + ":2")
	s.settle(s.clients)
	targets := s.confirmedPages()
	if a, err := s.do(http.MethodPost, targets[0], ""); err != nil || a.status != http.StatusOK {
		s.tb.Fatalf("the first is cancelled: %d %s %v", a.status, a.body, err)
	}
	if a, err := s.do(http.MethodPost, targets[1], ""); err == nil {
		s.tb.Errorf("the second was answered: %d %s", a.status, a.body)
	}
	s.awaitDeath(api, at)
	s.lookAround()
	s.runAPI("")
	var all sync.WaitGroup
	for n := range 8 {
		all.Go(func() {
			if a, err := s.do(http.MethodPost, targets[n%2], ""); err != nil || a.status != http.StatusOK {
				s.tb.Errorf("a repeat: %d %s %v", a.status, a.body, err)
			}
		})
	}
	all.Wait()
	s.row.heal = seconds(time.Since(s.died))
	if n := s.number(`SELECT count(*) FROM orders WHERE status = 'CANCELLED'`); n != 2 {
		s.tb.Errorf("%d orders are cancelled", n)
	}
}

// confirmedPages are where the orders of the hot product that were CONFIRMED are
// cancelled.
func (s *crashShop) confirmedPages() (targets []string) {
	s.tb.Helper()
	for _, c := range s.clients {
		var p placed
		decode(s.tb, c.last, &p)
		if p.Status == "CONFIRMED" && p.Items[0].Product == hotProduct {
			targets = append(targets, fmt.Sprintf("/orders/%d/cancel/?token=%s", p.ID, url.QueryEscape(p.Token)))
		}
	}
	if len(targets) < 2 {
		s.tb.Fatalf("only %d orders are CONFIRMED", len(targets))
	}
	return targets
}
