package api

import (
	"context"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"aforro/pkg/order"
	"aforro/pkg/search"
)

// movingLog is a log that moves with each reading.
type movingLog struct{ begun, beside atomic.Int64 }

func (l *movingLog) Position(context.Context) (search.Version, error) {
	if l.beside.Add(1) > 1 {
		panic("two readings at once")
	}
	defer l.beside.Add(-1)
	at := search.Version(l.begun.Add(1))
	for range 100 {
		runtime.Gosched()
	}
	return at, nil
}

// Whoever asks gets a reading that began after he asked, and many share one.
func TestOneReadingServesMany(t *testing.T) {
	t.Parallel()
	log := &movingLog{}
	r := &positionRegister{log: log}
	const askers, asks = 100, 50
	var all sync.WaitGroup
	for range askers {
		all.Go(func() {
			for range asks {
				before := search.Version(log.begun.Load())
				if got, err := r.read(t.Context()); err != nil || got <= before {
					t.Errorf("got reading %d, which began before: %d had begun; %v", got, before, err)
				}
			}
		})
	}
	all.Wait()
	if n := log.begun.Load(); n > askers*asks/10 {
		t.Errorf("%d readings for %d who asked", n, askers*asks)
	}
}

func TestAReadingThatFailsEndsWithItsAsker(t *testing.T) {
	t.Parallel()
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for _, ctx := range []context.Context{gone, t.Context()} {
		if _, err := (&positionRegister{log: &shop{}}).read(ctx); err == nil {
			t.Error("a position came out of nothing")
		}
	}
}

// writes are requests that write, with the status of their success.
var writes = []struct {
	method, target, body string
	status               int
}{
	{"POST", "/orders/", twoCables, 201},
	{"POST", "/orders/1/cancel/", "", 200},
	{"POST", "/reservations/", `{"store_id": 2, "items": [{"product_id": 10, "quantity": 1}]}`, 201},
	{"DELETE", "/reservations/5/", "", 204},
	{"POST", "/stores/2/inventory/adjustments/", `{"reason": "recount", "lines": [{"product_id": 10, "set": 5}]}`, 200},
	{"PATCH", "/stores/2/inventory/10/", `{"quantity": 5}`, 200},
}

func TestEveryWriteSaysItsPosition(t *testing.T) {
	t.Parallel()
	for _, position := range []search.Version{0, 0x16B3748} {
		s := &shop{position: position, decided: order.Order{ID: 1, StoreID: 2, Status: order.Confirmed, CreatedAt: made}}
		server := mustServe(t, s)
		want := ""
		if position > 0 {
			want = "0/16B3748"
		}
		for _, w := range writes {
			got := call(server, w.method, w.target, w.body, "Authorization: Bearer staff-key-of-a-test")
			if got.Code != w.status || got.Header().Get(positionHeader) != want {
				t.Errorf("%s %s: %d, position %q, want %q: %s", w.method, w.target, got.Code, got.Header().Get(positionHeader), want, got.Body)
			}
		}
		got := call(server, "POST", "/orders/", twoCables, "Prefer: respond-async")
		if got.Code != 202 || got.Header().Get(positionHeader) != want {
			t.Errorf("202: %d, position %q", got.Code, got.Header().Get(positionHeader))
		}
	}
}

func TestAPositionThatIsNone(t *testing.T) {
	t.Parallel()
	server := mustServe(t, &shop{page: hits(1)})
	for _, target := range []string{searchPath, "/api/search/suggest/?q=can", "/api/products/10/"} {
		for _, bad := range []string{"x", "0", "12345", "0/16B3748 ", "80000000/0", "0/-1", strings.Repeat("0", 9) + "/0"} {
			w := call(server, http.MethodGet, target, "", positionHeader+": "+bad)
			if p := mustProblem(t, w, 400, "header."+positionHeader); !strings.Contains(p.Detail, positionHeader) {
				t.Errorf("%s: %s", bad, p.Detail)
			}
		}
		if w := call(server, http.MethodGet, target, "", positionHeader+": 0/100"); w.Code != 200 {
			t.Errorf("%s: %d %s", target, w.Code, w.Body)
		}
	}
}

// The shop's index is at 0/100.
func TestSearchesWaitForAPosition(t *testing.T) {
	t.Parallel()
	for _, target := range []string{searchPath + "?q=can", "/api/search/suggest/?q=can"} {
		for name, c := range map[string]struct {
			asked   string
			flushed search.Version
			then    search.Version
			stale   string
			quick   bool
		}{
			"no position":                  {"", 0x100, 0, "", true},
			"reached":                      {"0/100", 0x100, 0, "", true},
			"not reached in time":          {"0/101", 0x101, 0, "true", false},
			"reached while it waits":       {"0/101", 0x101, 0x101, "", true},
			"beyond the database's own":    {"0/102", 0x101, 0, "true", true},
			"the database does not answer": {"0/101", 0, 0, "true", true},
		} {
			s := &shop{page: hits(1), titles: []string{"Canon"}, position: c.flushed}
			server := mustServe(t, s, func(o *Options) {
				if c.quick {
					o.PositionWait = time.Minute // longer than any test may take
				}
			})
			if c.then != 0 {
				go s.hear(2, c.then)
			}
			var headers []string
			if c.asked != "" {
				headers = append(headers, positionHeader+": "+c.asked)
			}
			w := call(server, http.MethodGet, target, "", headers...)
			if w.Code != 200 || w.Header().Get("X-Aforro-Stale") != c.stale {
				t.Errorf("%s, %s: %d, stale %q", target, name, w.Code, w.Header().Get("X-Aforro-Stale"))
			}
			if w.Header().Get(positionHeader) == "" || w.Header().Get("X-Aforro-Index-Age") == "" {
				t.Errorf("%s, %s: does not say how far the index is: %v", target, name, w.Header())
			}
		}
	}
}

func TestNothingIsSaidOfAnIndexThatIsNotKnown(t *testing.T) {
	t.Parallel()
	s := &shop{page: hits(1), watch: search.NewWatch(time.Minute, time.Now)}
	w := call(mustServe(t, s), http.MethodGet, searchPath, "")
	for _, name := range []string{positionHeader, "X-Aforro-Index-Age", "X-Aforro-Stale"} {
		if got := w.Header().Get(name); w.Code != 200 || got != "" {
			t.Errorf("%d, %s: %q", w.Code, name, got)
		}
	}
}

// A page or suggestions from the cache are good for a position only when they
// were made with it.
func TestCachedAnswersAndPositions(t *testing.T) {
	t.Parallel()
	for _, target := range []string{searchPath + "?q=can", "/api/search/suggest/?q=can"} {
		s := &shop{page: hits(1), titles: []string{"Canon"}, age: 3 * time.Second, position: 0x200}
		server := mustServe(t, s)
		get := func(asked string) (age, position string) {
			w := call(server, http.MethodGet, target, "", positionHeader+": "+asked)
			if w.Code != 200 || w.Header().Get("X-Aforro-Stale") != "" {
				t.Errorf("%s, %s: %d %v", target, asked, w.Code, w.Header())
			}
			return w.Header().Get("Age"), w.Header().Get(positionHeader)
		}
		for i, c := range []struct{ asked, age, position string }{
			{"0/0", "", "0/100"}, {"0/0", "3", "0/100"}, {"0/100", "3", "0/100"},
			{"0/150", "", "0/200"}, {"0/150", "3", "0/200"}, {"0/0", "3", "0/200"},
		} {
			if i == 3 {
				s.hear(2, 0x200)
			}
			if age, position := get(c.asked); age != c.age || position != c.position {
				t.Errorf("%s, request %d: age %q, position %q, want %+v", target, i, age, position, c)
			}
		}
	}
}
