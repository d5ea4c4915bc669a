//go:build integration

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"aforro/pkg/testkit"
)

// placeMany places orders of one piece each, for ten products of store 1, in so
// many goroutines. The channel is closed when all are taken in.
func (s *shop) placeMany(orders, senders int) <-chan struct{} {
	s.tb.Helper()
	var wares []ware
	for n := range int64(10) {
		wares = append(wares, s.ware(1, 1, n))
	}
	var next atomic.Int64
	var all sync.WaitGroup
	for range senders {
		all.Go(func() {
			for n := next.Add(1); n <= int64(orders); n = next.Add(1) {
				a, err := s.do(http.MethodPost, "/orders/", orderOf(1, [2]int64{wares[n%10].id, 1}), "Prefer: respond-async")
				if err != nil || a.status != http.StatusAccepted {
					s.tb.Errorf("an order was not taken in: %d %s %v", a.status, a.body, err)
					return
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { all.Wait(); close(done) }()
	return done
}

func (s *shop) pending() int64 {
	return s.number(`SELECT count(*) FROM orders WHERE status = 'PENDING'`)
}

// awaitDecided waits until no order is PENDING, of at least so many.
func (s *shop) awaitDecided(atLeast int64) {
	s.tb.Helper()
	testkit.Eventually(s.tb, patience, "no order is PENDING", func() bool { return s.pending() == 0 })
	if n := s.number(`SELECT count(*) FROM orders`); n < atLeast {
		s.tb.Errorf("%d of %d orders are there", n, atLeast)
	}
}

// startProcess starts a role as a process of its own, reaped at the test's end.
func (s *shop) startProcess(role string, more ...string) *exec.Cmd {
	s.tb.Helper()
	args := append([]string{role, "--probe-addr=127.0.0.1:0"}, flags(s.direct)...)
	cmd := process(append(args, more...)...)
	cmd.Stdout, cmd.Stderr = io.Discard, s.lines()
	if err := cmd.Start(); err != nil {
		s.tb.Fatal(err)
	}
	s.tb.Cleanup(func() {
		if cmd.ProcessState == nil {
			s.end(cmd, syscall.SIGKILL)
		}
	})
	return cmd
}

// end signals a process and reaps it; only a stop on SIGTERM must be clean.
func (s *shop) end(cmd *exec.Cmd, sig syscall.Signal) {
	s.tb.Helper()
	if err := cmd.Process.Signal(sig); err != nil {
		s.tb.Error(err)
	}
	if err := cmd.Wait(); err != nil && sig != syscall.SIGKILL {
		s.tb.Errorf("the process's end: %v", err)
	}
}

// Worker processes are killed -9 in the middle of decisions while orders come
// in; the last one finishes what they left.
func TestKilledWorkersLoseAndRepeatNothing(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.stock()
	s.exec(`UPDATE inventory SET quantity = 40 WHERE store_id = 1`)
	s.start(theAPI)
	before := s.pieces()
	const orders, kills = 600, 3
	placing := s.placeMany(orders, 4)
	decided := func() int64 { return s.number(`SELECT count(*) FROM orders WHERE status <> 'PENDING'`) }
	for n := range kills {
		begun := decided()
		worker := s.startProcess(theWorker)
		testkit.Eventually(t, patience, "some orders are decided", func() bool { return decided() >= begun+20 })
		s.end(worker, syscall.SIGKILL)
		testkit.Eventually(t, patience, fmt.Sprintf("orders are left after kill %d", n), func() bool { return s.pending() > 0 })
	}
	last := s.startProcess(theWorker)
	<-placing
	s.awaitDecided(orders)
	s.end(last, syscall.SIGTERM)
	s.audit(before)
	if n := s.number(`SELECT count(*) FROM orders WHERE status = 'CONFIRMED'`); n != 400 {
		t.Errorf("%d of 400 pieces were sold to %d orders", n, orders)
	}
}

// Two orders for the last unit, 200 times: one is confirmed, one is not.
func TestTheLastUnitIsSoldOnce(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.stock()
	const times, atOnce = 200, 8
	s.exec(`UPDATE inventory SET quantity = 1`)
	s.start(theAPI, theWorker)
	before := s.pieces()
	rows, err := s.conn.Query(t.Context(), `SELECT store_id, product_id FROM inventory ORDER BY product_id, store_id LIMIT $1`, times)
	if err != nil {
		t.Fatal(err)
	}
	type unit struct{ store, product int64 }
	units := make(chan unit, times)
	for rows.Next() {
		var u unit
		if err := rows.Scan(&u.store, &u.product); err != nil {
			t.Fatal(err)
		}
		units <- u
	}
	close(units)
	var all sync.WaitGroup
	for range atOnce {
		all.Go(func() {
			for u := range units {
				s.raceFor(u.store, u.product)
			}
		})
	}
	all.Wait()
	s.audit(before)
	for status, sql := range map[string]string{
		"CONFIRMED": `SELECT count(*) FROM orders WHERE status = 'CONFIRMED'`, "REJECTED": `SELECT count(*) FROM orders WHERE status = 'REJECTED'`,
	} {
		if n := s.number(sql); n != times {
			t.Errorf("%d orders are %s, want %d", n, status, times)
		}
	}
}

// raceFor has two clients order the same piece at once; the answers must be one
// of each kind. It may be called from any goroutine.
func (s *shop) raceFor(store, product int64) {
	statuses := make(chan string, 2)
	for range cap(statuses) {
		go func() {
			a, err := s.do(http.MethodPost, "/orders/", orderOf(store, [2]int64{product, 1}))
			var o placed
			if err = errors.Join(err, json.Unmarshal([]byte(a.body), &o)); err != nil {
				s.tb.Errorf("an order: %d %s %v", a.status, a.body, err)
			}
			statuses <- o.Status
		}()
	}
	if a, b := <-statuses, <-statuses; a == b || (a != "CONFIRMED" && b != "CONFIRMED") {
		s.tb.Errorf("two orders for the last piece of %d in store %d: %s and %s", product, store, a, b)
	}
}
