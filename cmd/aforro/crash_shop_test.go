//go:build integration

package main

import (
	"fmt"
	"net/http"
	"net/http/httptrace"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"aforro/pkg/auth"
	"aforro/pkg/testkit"
)

// crashShop is a small shop whose roles are processes that can be armed, and the
// clients that order from it.
type crashShop struct {
	*shop
	binary  string
	row     *crashRow
	clients []*crashClient
	// sent is how many requests are written to the API.
	sent *atomic.Int64
	died time.Time
	// hooks are what the receiver of confirmations got, signed with secret.
	hooks  func() []hook
	secret string
}

// sentCounter counts requests that are written whole.
type sentCounter struct {
	next http.RoundTripper
	sent *atomic.Int64
}

// RoundTrip sends one request.
func (c sentCounter) RoundTrip(r *http.Request) (*http.Response, error) {
	wrote := &httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) { c.sent.Add(1) }}
	return c.next.RoundTrip(r.WithContext(httptrace.WithClientTrace(r.Context(), wrote)))
}

// crashClient wants one order, under one key.
type crashClient struct {
	key, body string
	// gone: it never repeats its request.
	gone bool
	// first is what it was answered before the crash, zero when nothing; last is
	// what it was answered at the end.
	first, last answer
	// id is the order that the key had when the process was dead; 0 is none.
	id int64
}

// What there is to sell in the only store that the clients order from: a hot
// product, one that is plenty of, and one that is partly held.
const (
	hotProduct, plentyProduct, heldProduct = 1, 2, 3
	hotStock, plentyStock, heldStock, held = 4, 1000, 5, 2
)

func newCrashShop(tb testing.TB, binary string, row *crashRow) *crashShop {
	tb.Helper()
	transport, sent := &http.Transport{MaxIdleConnsPerHost: 64}, &atomic.Int64{}
	tb.Cleanup(transport.CloseIdleConnections)
	base := &shop{tb: tb, client: &http.Client{Timeout: 15 * time.Second, Transport: sentCounter{transport, sent}}}
	base.direct = map[string]string{
		// Orders need no index, so nothing answers where it should be.
		postgresURL: testkit.Postgres(tb), redisURL: testkit.Redis(tb), elasticsearchURL: "http://127.0.0.1:9",
		tokenSecret: strings.Repeat("t", 32), "AFORRO_STAFF_KEY": strings.Repeat("k", 16), "AFORRO_POSTGRES_POOL": "8",
		"AFORRO_WEBHOOK_ALLOW_PRIVATE": "true", "AFORRO_HTTP_ADDR": "127.0.0.1:0", "AFORRO_PROBE_ADDR": "127.0.0.1:0", "AFORRO_LOG_LEVEL": "info",
	}
	base.conn = testkit.Conn(tb, base.direct[postgresURL])
	s := &crashShop{shop: base, binary: binary, row: row, sent: sent}
	s.exec(`INSERT INTO categories (id, name) VALUES (1, 'Notebooks')`)
	s.exec(`INSERT INTO products (id, sku, title, category_id, price) SELECT n, 'S' || n, 'Product ' || n, 1, 10.50 * n FROM generate_series(1, 3) n`)
	s.exec(`INSERT INTO stores (id, name, city, latitude, longitude) VALUES (1, 'A', 'Pune', 18.52, 73.86), (2, 'B', 'Mumbai', 19.08, 72.88)`)
	s.exec(`INSERT INTO inventory (store_id, product_id, quantity, held) VALUES (1, $1, $2, 0), (1, $3, $4, 0), (1, $5, $6, $7), (2, $1, 9, 0)`,
		hotProduct, hotStock, plentyProduct, plentyStock, heldProduct, heldStock, held)
	s.exec(`INSERT INTO reservations (id, store_id, expires_at) OVERRIDING SYSTEM VALUE VALUES (1, 1, now() + interval '10 minutes')`)
	s.exec(`INSERT INTO reservation_items (reservation_id, product_id, quantity) VALUES (1, $1, $2)`, heldProduct, held)
	s.clients = mustClients(tb, base.direct[tokenSecret])
	var receiver string
	receiver, s.hooks = listenForHooks(tb)
	s.secret = printedSecret.FindString(s.mustAforro("webhook", "add", receiver))
	return s
}

// mustClients are one who orders before anything happens, and nine who order at
// once: they want more of the hot product than there is, the same product in two
// lines, what is held for others, and what is held for them.
func mustClients(tb testing.TB, secret string) []*crashClient {
	tb.Helper()
	tokens, err := auth.NewTokens(secret)
	if err != nil {
		tb.Fatal(err)
	}
	reserved := fmt.Sprintf(`{"store_id": 1, "items": [{"product_id": %d, "quantity_requested": %d}], "reservation": {"id": 1, "token": %q}}`,
		heldProduct, held, tokens.Make("reservation", 1))
	hot := orderOf(1, [2]int64{hotProduct, 1}, [2]int64{plentyProduct, 2})
	bodies := []string{orderOf(1, [2]int64{plentyProduct, 1}), hot, orderOf(1, [2]int64{plentyProduct, 1}, [2]int64{plentyProduct, 2}),
		hot, hot, hot, hot, hot, orderOf(1, [2]int64{heldProduct, heldStock}), reserved}
	clients := make([]*crashClient, len(bodies))
	for i, body := range bodies {
		clients[i] = &crashClient{key: fmt.Sprintf("key-%d", i), body: body, gone: i == theGone}
	}
	return clients
}

// theGone is the client who never repeats its request, whatever came of it.
const theGone = 2

// place sends the orders of some clients at once; the channel is closed when
// each has its answer or none.
func (s *crashShop) place(clients []*crashClient, headers ...string) <-chan struct{} {
	var all sync.WaitGroup
	for _, c := range clients {
		all.Go(func() {
			if a, err := s.do(http.MethodPost, "/orders/", c.body, append(slices.Clone(headers), "Idempotency-Key: "+c.key)...); err == nil {
				c.last = a
				if c.first.status == 0 {
					c.first = a
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { all.Wait(); close(done) }()
	return done
}

// placeFirst places one order, and sees it decided by one request alone.
func (s *crashShop) placeFirst() {
	s.tb.Helper()
	<-s.place(s.clients[:1], "Prefer: wait=10")
	if a := s.clients[0].first; a.status != http.StatusCreated {
		s.tb.Fatalf("the first order: %d %s", a.status, a.body)
	}
}

// placeTogether sends the orders of all but the first client while a request
// before them is held up in the database, so that they gather, and are saved and
// decided together. That request orders what there is not: it passes the points
// of saving once more, and no other.
func (s *crashShop) placeTogether(headers ...string) (answered func()) {
	s.tb.Helper()
	s.exec(`BEGIN`)
	s.exec(`LOCK TABLE idempotency_keys IN SHARE MODE`)
	before := s.place([]*crashClient{{key: "before", body: orderOf(1, [2]int64{99, 1})}})
	testkit.Eventually(s.tb, patience, "a request is held up", func() bool {
		return s.number(`SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'idempotency_keys'::regclass`) > 0
	})
	sent := s.sent.Load()
	together := s.place(s.clients[1:], headers...)
	testkit.Eventually(s.tb, patience, "the others are sent", func() bool { return s.sent.Load() == sent+int64(len(s.clients)-1) })
	s.exec(`COMMIT`)
	return func() { <-before; <-together }
}

// settle repeats requests with the same keys until each is answered with a
// decision.
func (s *crashShop) settle(clients []*crashClient) {
	s.tb.Helper()
	testkit.Eventually(s.tb, patience, "every order is decided", func() bool {
		<-s.place(clients)
		return !slices.ContainsFunc(clients, func(c *crashClient) bool { return c.last.status != http.StatusCreated })
	})
}

// lookAround notes what the dead process left behind.
func (s *crashShop) lookAround() {
	s.tb.Helper()
	var left []string
	for _, c := range s.clients {
		c.id = s.number(`SELECT coalesce(max(k.order_id), 0) FROM idempotency_keys k JOIN orders o ON o.id = k.order_id WHERE k.key = $1`, c.key)
	}
	for _, status := range []string{"PENDING", "CONFIRMED", "REJECTED", "CANCELLED"} {
		if n := s.number(`SELECT count(*) FROM orders WHERE status = $1`, status); n > 0 {
			left = append(left, fmt.Sprintf("%d %s", n, status))
		}
	}
	if missing := len(s.clients) - int(s.number(`SELECT count(*) FROM orders`)); missing > 0 {
		left = append(left, fmt.Sprintf("%d not saved", missing))
	}
	s.row.left = strings.Join(left, ", ")
}

// finish has everybody who is still there repeat until all is decided, and
// measures how long that took from the death on.
func (s *crashShop) finish() {
	s.tb.Helper()
	s.settle(slices.DeleteFunc(slices.Clone(s.clients), func(c *crashClient) bool { return c.gone }))
	testkit.Eventually(s.tb, patience, "no order is PENDING", func() bool { return s.pending() == 0 })
	s.row.heal = seconds(time.Since(s.died))
}
