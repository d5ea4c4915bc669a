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

// together arms a point for the orders of placeTogether: what there is before
// them passes the points of saving twice, and the others once.
func together(at crash.Point) string {
	if at == crash.SaveBegun || at == crash.SaveWritten || at == crash.SaveCommitted {
		return string(at) + ":3"
	}
	return string(at) + ":2"
}

// oneMinute keeps an armed worker's sweeper from doing what the task is to do.
const oneMinute = "--sweep-every=1m"

// apiDies: an API dies while it takes orders in.
func (s *crashShop) apiDies(at crash.Point) {
	s.run(theWorker, "")
	api := s.runAPI(together(at))
	s.placeFirst()
	answered := s.placeTogether()
	s.awaitDeath(api, at)
	answered()
	s.lookAround()
	s.runAPI("")
	s.finish()
}

// workerDies: a worker dies with a task in hand.
func (s *crashShop) workerDies(at crash.Point) {
	worker := s.run(theWorker, together(at), oneMinute)
	s.runAPI("")
	s.placeFirst()
	answered := s.placeTogether()
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
	api := s.runAPI(together(at))
	s.placeFirst()
	answered := s.placeTogether()
	s.awaitDeath(api, at)
	answered()
	s.lookAround()
	s.run(theWorker, "")
	s.runAPI("")
	s.finish()
}

// asyncAPIDies: an API dies while it answers 202 to those who do not wait.
func (s *crashShop) asyncAPIDies(at crash.Point) {
	api := s.runAPI(together(at))
	<-s.place(s.clients[:1], "Prefer: respond-async")
	answered := s.placeTogether("Prefer: respond-async")
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
	api := s.runAPI(together(at))
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

// tellingWorkerDies: a worker dies while it tells a receiver what was decided.
// The lease of what it had in hand is ended.
func (s *crashShop) tellingWorkerDies(at crash.Point) {
	s.tellingWorkerDiesUntil(at, func() {
		done, err := s.conn.Exec(s.tb.Context(), `UPDATE confirmations SET next_at = now() WHERE delivered_at IS NULL AND next_at > now()`)
		if err != nil {
			s.tb.Fatal(err)
		}
		if done.RowsAffected() > 0 {
			s.row.lease = " + lease"
		}
	})
}

// leaseEnds is the same, and waits for the end of the lease.
func (s *crashShop) leaseEnds(at crash.Point) {
	s.tellingWorkerDiesUntil(at, func() {
		if n := s.number(`SELECT count(*) FROM confirmations WHERE delivered_at IS NULL AND next_at > now() + interval '10 seconds'`); n == 0 {
			s.tb.Error("no confirmation is in the dead worker's hand")
		}
	})
}

// tellingWorkerDiesUntil goes on after the death when over returns. Then one
// more order changes, and is told of in its turn.
func (s *crashShop) tellingWorkerDiesUntil(at crash.Point, over func()) {
	worker := s.run(theWorker, together(at), oneMinute)
	s.runAPI("")
	s.placeFirst()
	s.awaitTold(1)
	answered := s.placeTogether()
	s.awaitDeath(worker, at)
	s.lookAround()
	over()
	s.run(theWorker, "")
	answered()
	s.finish()
	if a, err := s.do(http.MethodPost, s.confirmedPages()[0], ""); err != nil || a.status != http.StatusOK {
		s.tb.Fatalf("an order is cancelled: %d %s %v", a.status, a.body, err)
	}
	s.awaitTold(s.number(`SELECT count(*) FROM order_events`))
	s.row.heal = seconds(time.Since(s.died)) + s.row.lease
	s.checkTold()
}

// awaitTold waits until so many states of orders were told of.
func (s *crashShop) awaitTold(states int64) {
	s.tb.Helper()
	testkit.Eventually(s.tb, patience, "the receiver was told", func() bool {
		return s.number(`SELECT count(*) FROM confirmations WHERE delivered_at IS NOT NULL`) >= states
	})
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
