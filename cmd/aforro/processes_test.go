//go:build integration

package main

import (
	"maps"
	"net"
	"net/http"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"aforro/pkg/testkit"
)

// Any API process with the same secret opens the orders of any other.
func TestTwoAPIProcessesShareTokens(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.stock()
	s.start(theAPI, theWorker)
	w := s.ware(8, 1, 0)
	first := s.order(8, [2]int64{w.id, 1})
	firstBase := s.base
	s.start(theAPI)
	if s.base == firstBase {
		t.Fatal("there is no second process")
	}
	if o := s.page(first); o.ID != first.ID || o.Status != "CONFIRMED" {
		t.Errorf("the second says of the first's order: %+v", o)
	}
	second := s.order(8, [2]int64{w.id, 1})
	s.base = firstBase
	if o := s.page(second); o.ID != second.ID {
		t.Errorf("the first says of the second's order: %+v", o)
	}
	other := maps.Clone(s.through)
	other[tokenSecret] = strings.Repeat("x", 32)
	s.startWith(other, theAPI)
	if got := s.get("/orders/1/?token=" + first.Token); got.status != http.StatusUnauthorized {
		t.Errorf("with another secret: %d %s", got.status, got.body)
	}
	if got := s.get("/orders/1/", "Authorization: Bearer "+s.direct["AFORRO_STAFF_KEY"]); got.status != http.StatusOK {
		t.Errorf("with the staff key: %d %s", got.status, got.body)
	}
}

// Until the index is there, /readyz and `aforro health` say how far it is.
func TestReadinessSaysWhatIsWaitedFor(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.stock()
	for name, value := range map[string]string{"AFORRO_BULK_SIZE": "5", "AFORRO_BULK_SENDERS": "1"} {
		s.through[name] = value
	}
	s.start(theAPI, theWorker, theIndexer)
	health := map[string]string{"AFORRO_HTTP_ADDR": strings.TrimPrefix(s.base, "http://")}
	building := regexp.MustCompile(`index building, \d+ %`)
	testkit.Eventually(t, patience, "the build is seen under way", func() bool {
		a := s.get("/readyz")
		if !building.MatchString(a.body) {
			return false
		}
		a.mustBeAway(t, "/readyz")
		return true
	})
	_, err := command(t, health, "health")
	if err == nil || !strings.Contains(err.Error(), "not ready (503)") || !strings.Contains(err.Error(), "index") {
		t.Errorf("aforro health says: %v", err)
	}
	if out, err := command(t, health, "health", "--live"); err != nil || !strings.Contains(out, "ok") {
		t.Errorf("aforro health --live says: %s %v", out, err)
	}
	s.awaitReady()
	if out, err := command(t, health, "health", "api"); err != nil || !strings.Contains(out, "ready") {
		t.Errorf("aforro health says: %s %v", out, err)
	}
}

// An API alone names what is missing, and finds it once somebody builds it.
func TestAnAPIAloneWaitsForTheIndex(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.stock()
	s.start(theAPI)
	if got := s.get("/readyz"); got.status != 503 || !strings.Contains(got.body, "the index is not built yet") {
		t.Errorf("/readyz: %d %s", got.status, got.body)
	}
	s.get(searchPath+"?q=laptop").mustBeAway(t, "a search")
	s.startProcess(theIndexer)
	s.awaitReady()
	if f := s.search("q", "laptop"); f.Count == 0 {
		t.Error("nothing is found")
	}
}

// Every role on its own becomes ready, and stops in good order on SIGTERM.
func TestRolesRunApartAndStopOnSIGTERM(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.stock()
	for _, role := range []string{theIndexer, theWorker, theAPI} {
		addr := freeAddr(t)
		cmd := s.startProcess(role, "--probe-addr="+addr, "--http-addr="+addr)
		at := map[string]string{"AFORRO_PROBE_ADDR": addr, "AFORRO_HTTP_ADDR": addr}
		testkit.Eventually(t, patience, role+" is ready", func() bool {
			_, err := command(t, at, "health", role)
			return err == nil
		})
		s.end(cmd, syscall.SIGTERM)
		if _, err := command(t, at, "health", "--live", role); err == nil {
			t.Errorf("the %s answers after its end", role)
		}
	}
}

// freeAddr is an address on which nothing listens.
func freeAddr(tb testing.TB) string {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	if err := l.Close(); err != nil {
		tb.Fatal(err)
	}
	return l.Addr().String()
}
