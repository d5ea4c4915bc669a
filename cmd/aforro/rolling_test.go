//go:build integration

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"aforro/pkg/stack"
	"aforro/pkg/testkit"
)

// handedBack bounds a decision while workers are replaced: what a worker drops
// instead of finishing it or handing it back is decided after ten seconds.
const handedBack = 5 * time.Second

// Every API and worker process is replaced, one after the other, while orders
// come in on kept connections. Clients know both addresses and try the other
// when one refuses; nothing else may go wrong.
func TestARollingRestartFailsNoRequest(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.stock()
	s.exec(`UPDATE inventory SET quantity = 100000 WHERE store_id = 1`)
	before := s.pieces()
	type role struct {
		name, addr string
		cmd        *exec.Cmd
	}
	run := func(r *role) {
		r.cmd = s.startProcess(r.name, "--http-addr="+r.addr, "--probe-addr="+r.addr, "--stop-delay=1s")
		testkit.Eventually(t, patience, r.name+" answers", func() bool { return s.alive(r.addr) })
	}
	var all []*role
	for _, name := range []string{theAPI, theWorker, theAPI, theWorker} {
		r := &role{name: name, addr: quietAddr(t)}
		run(r)
		all = append(all, r)
	}
	buyers := s.sendBuyers(8, "http://"+all[0].addr, "http://"+all[2].addr)
	buyers.mustGoOn()
	for _, r := range all {
		s.end(r.cmd, syscall.SIGTERM)
		buyers.mustGoOn()
		run(r)
		buyers.mustGoOn()
	}
	placed := buyers.goHome()
	s.awaitDecided(placed)
	if n := s.number(`SELECT count(*) FROM orders`); n != placed {
		t.Errorf("%d orders are there, %d were placed", n, placed)
	}
	s.audit(before)
	if n := s.number(`SELECT coalesce(max(extract(epoch FROM decided_at - created_at) * 1000)::bigint, 0) FROM orders`); n > handedBack.Milliseconds() {
		t.Errorf("an order waited %d ms for its decision", n)
	}
}

// quietAddr is an address on which what was stopped can listen again.
func quietAddr(tb testing.TB) string {
	tb.Helper()
	port, err := stack.QuietPort(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	return fmt.Sprintf("127.0.0.1:%d", port)
}

func (s *shop) alive(addr string) bool {
	req, err := http.NewRequestWithContext(s.tb.Context(), http.MethodGet, "http://"+addr+"/healthz", nil)
	if err != nil {
		s.tb.Fatal(err)
	}
	resp, err := s.client.Do(req)
	return err == nil && resp.Body.Close() == nil && resp.StatusCode == http.StatusOK
}

// buyers place orders all the time.
type buyers struct {
	tb     testing.TB
	bodies []string
	client *http.Client
	placed atomic.Int64
	stop   context.CancelFunc
	gone   sync.WaitGroup
}

func (s *shop) sendBuyers(n int, addresses ...string) *buyers {
	s.tb.Helper()
	ctx, stop := context.WithCancel(s.tb.Context())
	b := &buyers{tb: s.tb, stop: stop, client: &http.Client{Timeout: 15 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: n}}}
	for nth := range int64(5) {
		b.bodies = append(b.bodies, orderOf(1, [2]int64{s.ware(1, 1, nth).id, 1}))
	}
	for i := range n {
		b.gone.Go(func() { b.buy(ctx, i, addresses) })
	}
	s.tb.Cleanup(func() { stop(); b.gone.Wait(); b.client.CloseIdleConnections() })
	return b
}

func (b *buyers) buy(ctx context.Context, at int, addresses []string) {
	refused := 0
	for n := at; ctx.Err() == nil; n++ {
		resp, err := b.client.Post(addresses[at%len(addresses)]+"/orders/", "application/json", strings.NewReader(b.bodies[n%len(b.bodies)]))
		if errors.Is(err, syscall.ECONNREFUSED) && refused < len(addresses) {
			at, refused = at+1, refused+1
			continue
		}
		refused = 0
		if err == nil {
			_, err = io.Copy(io.Discard, resp.Body)
			err = errors.Join(err, resp.Body.Close())
		}
		if err != nil || (resp.StatusCode != http.StatusCreated && resp.StatusCode != http.StatusAccepted) {
			b.tb.Errorf("an order failed: %+v, %v", resp, err)
			return
		}
		b.placed.Add(1)
	}
}

// mustGoOn returns when some more orders were placed.
func (b *buyers) mustGoOn() {
	b.tb.Helper()
	from := b.placed.Load()
	testkit.Eventually(b.tb, patience, "orders come in", func() bool { return b.tb.Failed() || b.placed.Load() >= from+50 })
}

// goHome ends the placing and says how many orders there were.
func (b *buyers) goHome() int64 {
	b.stop()
	b.gone.Wait()
	return b.placed.Load()
}
