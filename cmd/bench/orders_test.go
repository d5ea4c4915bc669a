package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// till is an API that answers orders by turns and remembers what it was sent.
type till struct {
	*httptest.Server
	mu      sync.Mutex
	keys    map[string]bool
	orders  []drawn
	answers []string // "201 CONFIRMED"; the last goes on
}

func mustTill(tb testing.TB, answers ...string) *till {
	tb.Helper()
	s := &till{keys: map[string]bool{}, answers: answers}
	s.Server = httptest.NewServer(http.HandlerFunc(s.take))
	tb.Cleanup(s.Close)
	return s
}

func (s *till) addr() string { return strings.TrimPrefix(s.URL, "http://") }

func (s *till) take(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Store int64 `json:"store_id"`
		Items []struct {
			Product  int64 `json:"product_id"`
			Quantity int64 `json:"quantity_requested"`
		}
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil || len(body.Items) != 2 || r.URL.Path != "/orders/" || body.Items[1].Quantity != 1 {
		http.Error(w, fmt.Sprint("not an order: ", err), http.StatusUnprocessableEntity)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys[r.Header.Get("Idempotency-Key")] = true
	s.orders = append(s.orders, drawn{body.Store, body.Items[0].Product, body.Items[1].Product})
	next := s.answers[0]
	if len(s.answers) > 1 {
		s.answers = s.answers[1:]
	}
	code, status, _ := strings.Cut(next, " ")
	w.WriteHeader(map[string]int{"201": 201, "202": 202, "503": 503}[code])
	fmt.Fprintf(w, `{"id":1,"status":"%s"}`, status)
}

func TestClientTellsAnswersApart(t *testing.T) {
	t.Parallel()
	s := mustTill(t, "201 CONFIRMED", "201 REJECTED", "202 PENDING", "503 ", "201 PENDING", "201 CONFIRMED")
	c := newClient(s.addr(), 1, 1)
	var got answers
	for i := range 6 {
		what, err := c.place(t.Context(), drawn{7, int64(i), 100})
		got.count(what, err, time.Duration(i))
	}
	if err := c.close(); err != nil {
		t.Fatal(err)
	}
	if got.confirmed != 2 || got.rejected != 1 || got.accepted != 1 || got.failed != 2 || !strings.Contains(got.firstFail, "503") || len(got.latencies) != 4 {
		t.Errorf("got %+v", got)
	}
	if len(s.keys) != 6 || s.orders[3] != (drawn{7, 3, 100}) {
		t.Errorf("%d keys; sent %v", len(s.keys), s.orders)
	}
}

func TestClosedLoopCountsWhatWasAnswered(t *testing.T) {
	t.Parallel()
	s := mustTill(t, "201 CONFIRMED")
	p := pace{warm: 20 * time.Millisecond, length: 300 * time.Millisecond}
	got, err := closedLoop(t.Context(), s.addr(), 4, p, func(stream uint64) draw { return uniformDraw(1, stream) })
	if err != nil || got.failed != 0 || got.confirmed == 0 {
		t.Fatalf("%+v, %v", got, err)
	}
	measured := got.perSecond * p.length.Seconds()
	if int(got.confirmed) != len(s.orders) || len(s.keys) != len(s.orders) || measured < 1 || measured > float64(got.confirmed) || len(got.latencies) != int(measured+0.5) {
		t.Errorf("%d confirmed, %.1f of them measured; the server saw %d with %d keys", got.confirmed, measured, len(s.orders), len(s.keys))
	}
}

func TestAFailureEndsALoad(t *testing.T) {
	t.Parallel()
	s := mustTill(t, "503 ")
	p := pace{length: time.Minute}
	hot := func(stream uint64) draw { return hotDraw(1, stream) }
	if got, err := closedLoop(t.Context(), s.addr(), 3, p, hot); err != nil || got.failed != 3 || len(s.orders) != 3 {
		t.Errorf("closed loop: %+v, %v", got, err)
	}
	if got, err := openLoop(t.Context(), s.addr(), 3, p, steady(1000, 50*time.Millisecond), hot); err != nil || got.failed != 3 || len(s.orders) != 6 {
		t.Errorf("open loop: %+v, %v", got, err)
	}
}

func TestOpenLoopCountsFromTheScheduledTime(t *testing.T) {
	t.Parallel()
	s := mustTill(t, "201 CONFIRMED")
	p := pace{length: time.Second}
	// One connection and two orders due at once: the second is late.
	got, err := openLoop(t.Context(), s.addr(), 1, p, []time.Duration{20 * time.Millisecond, 20 * time.Millisecond}, func(stream uint64) draw { return hotDraw(1, stream) })
	if err != nil || got.confirmed != 2 || got.late != 1 || got.latencies[1] <= got.latencies[0] {
		t.Errorf("%+v, %v", got, err)
	}
	// A schedule that is all warm-up measures nothing.
	p.warm = time.Second
	got, err = openLoop(t.Context(), s.addr(), 8, p, steady(1000, 10*time.Millisecond), func(stream uint64) draw { return hotDraw(1, stream) })
	if err != nil || got.confirmed != 10 || len(got.latencies) != 0 {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestReadAnswer(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text, body string
		status     int
	}{
		"length":            {"HTTP/1.1 201 Created\r\nX: y\r\ncontent-length: 2\r\n\r\nhi", "hi", 201},
		"empty":             {"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", "", 204},
		"no length":         {"HTTP/1.1 200 OK\r\n\r\nhi", "", 0},
		"cut off":           {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhi", "", 0},
		"another protocol":  {"SSH-2.0-OpenSSH_9.2\r\n\r\n", "", 0},
		"no number":         {"HTTP/1.1 2x0 OK\r\nContent-Length: 0\r\n\r\n", "", 0},
		"length no number":  {"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "", 0},
		"closed at once":    {"", "", 0},
		"closed in headers": {"HTTP/1.1 200 OK\r\nContent-Le", "", 0},
	} {
		status, body, err := readAnswer(bufio.NewReader(strings.NewReader(c.text)))
		if (err == nil) != (c.status > 0) || err == nil && (status != c.status || string(body) != c.body) {
			t.Errorf("%s: got %d %q, %v", name, status, body, err)
		}
	}
}

func TestDraws(t *testing.T) {
	t.Parallel()
	const n = 50_000
	for name, c := range map[string]struct {
		next        draw
		stores      int
		top, within float64 // the share of orders with the first product
	}{
		"uniform": {uniformDraw(1, 1), marketStores, 2.0 / marketProducts, 0.001},
		"hot":     {hotDraw(1, 1), 1, 0.475, 0.02},
	} {
		stores, top := map[int64]bool{}, 0.0
		for range n {
			d := c.next()
			stores[d.store] = true
			if d.first == d.second || min(d.store, d.first, d.second) < 1 || d.store > marketStores || max(d.first, d.second) > marketProducts {
				t.Fatalf("%s: drew %v", name, d)
			}
			if d.first == 1 || d.second == 1 {
				top += 1.0 / n
			}
		}
		if len(stores) != c.stores || top < c.top-c.within || top > c.top+c.within {
			t.Errorf("%s: %d stores, the first product in %.4f of the orders", name, len(stores), top)
		}
	}
}

func TestSchedules(t *testing.T) {
	t.Parallel()
	chance, even := poisson(500, 20*time.Second, 1), steady(10, 2*time.Second)
	if n := len(chance); n < 9_500 || n > 10_500 {
		t.Errorf("%d orders in 20 s at 500/s", n)
	}
	if len(even) != 20 || even[0] != 100*time.Millisecond || even[19] != 2*time.Second {
		t.Errorf("got %v", even)
	}
}
