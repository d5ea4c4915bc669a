package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"aforro/cmd/internal/trial"
)

// script is a server that answers each request with the next of its answers: a
// status and the order's state. 0 ends the connection without an answer.
type script struct {
	mu      sync.Mutex
	answers []reply
	asked   []string
}

type reply struct {
	code     int
	id       int64
	status   string
	replayed bool
}

func (s *script) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, strings.TrimSpace(fmt.Sprint(r.Method, " ", r.URL, " ", r.Header.Get("Idempotency-Key"), " ", string(body))))
	if len(s.answers) == 0 || s.answers[0].code == 0 {
		s.answers = s.answers[min(1, len(s.answers)):]
		panic(http.ErrAbortHandler)
	}
	next := s.answers[0]
	s.answers = s.answers[1:]
	if next.replayed {
		w.Header().Set("Idempotent-Replayed", "true")
	}
	if next.code == http.StatusAccepted {
		w.Header().Set("Location", "/orders/4/?token=t")
	}
	w.WriteHeader(next.code)
	if _, err := fmt.Fprintf(w, `{"id": %d, "status": %q, "token": "t"}`, next.id, next.status); err != nil {
		panic(http.ErrAbortHandler)
	}
}

func mustClient(t *testing.T, answers ...reply) (*client, *script) {
	t.Helper()
	s := &script{answers: answers}
	one, other := httptest.NewServer(s), httptest.NewServer(s)
	t.Cleanup(one.Close)
	t.Cleanup(other.Close)
	return &client{bases: []string{one.URL, other.URL}, http: &http.Client{Transport: &http.Transport{}}, rng: rand.New(rand.NewPCG(1, 1)), found: &trial.Findings{}}, s
}

const posted = `POST /orders/ k {"store_id": 1, "items": [{"product_id": 7, "quantity_requested": 2}]}`

func ordered() *entry { return &entry{key: "k", store: 1, lines: []line{{7, 2}}} }

// A client sends the same key and body until it is acknowledged, and then asks
// until it knows the decision.
func TestAClientInsists(t *testing.T) {
	t.Parallel()
	c, s := mustClient(t, reply{code: 503}, reply{}, reply{code: 429}, reply{code: 202, id: 4, status: pending},
		reply{code: 503}, reply{code: 200, id: 4, status: pending}, reply{code: 200, id: 4, status: confirmed})
	e := ordered()
	c.place(t.Context(), e)
	c.follow(t.Context(), e)
	if e.id != 4 || e.status != confirmed || e.retries < 2 || e.retries > 3 || c.at != e.retries+1 {
		t.Errorf("got %+v, at address %d", e, c.at)
	}
	posts := 0
	for _, asked := range s.asked {
		if asked == posted {
			posts++
		} else if asked != "GET /orders/4/?token=t" {
			t.Errorf("asked %q", asked)
		}
	}
	// One that got no answer on a used connection is sent again by net/http itself.
	if posts != 4 || len(s.asked) != 7 || !c.found.None() {
		t.Errorf("asked %q, found %v", s.asked, c.found)
	}
}

// Whatever a client should not be told is a finding.
func TestClientsFind(t *testing.T) {
	t.Parallel()
	place := func(ctx context.Context, c *client, e *entry) { c.place(ctx, e); c.follow(ctx, e) }
	known := func(status string, then func(context.Context, *client, *entry)) func(context.Context, *client, *entry) {
		return func(ctx context.Context, c *client, e *entry) {
			e.id, e.status, e.page = 4, status, "/orders/4/?token=t"
			then(ctx, c, e)
		}
	}
	follow := known(pending, func(ctx context.Context, c *client, e *entry) { c.follow(ctx, e) })
	cancel := known(confirmed, func(ctx context.Context, c *client, e *entry) { c.cancel(ctx, e) })
	repeat := known(confirmed, func(ctx context.Context, c *client, e *entry) { c.repeat(ctx, e) })
	other := known(confirmed, func(ctx context.Context, c *client, e *entry) { c.misuse(ctx, e) })
	for name, c := range map[string]struct {
		do    func(context.Context, *client, *entry)
		reply reply
		kind  string
	}{
		"confirmed":                    {place, reply{201, 4, confirmed, false}, ""},
		"rejected":                     {place, reply{201, 4, rejected, false}, ""},
		"a 500":                        {place, reply{500, 0, "", false}, foundFailure},
		"a 502":                        {place, reply{502, 0, "", false}, foundFailure},
		"a refusal":                    {place, reply{422, 0, "", false}, foundFailure},
		"an order without a state":     {place, reply{201, 4, "", false}, foundChange},
		"pending, and yet 201":         {place, reply{201, 4, pending, false}, foundFailure},
		"decided, and yet 202":         {place, reply{202, 4, confirmed, false}, foundFailure},
		"silence":                      {place, reply{}, foundLate},
		"the page is not there":        {follow, reply{404, 0, "", false}, foundFailure},
		"the page is another's":        {follow, reply{200, 5, confirmed, false}, foundChange},
		"a cancellation":               {cancel, reply{200, 4, cancelled, false}, ""},
		"a cancellation is refused":    {cancel, reply{409, 4, confirmed, false}, foundFailure},
		"a cancellation does nothing":  {cancel, reply{200, 4, confirmed, false}, foundFailure},
		"a cancellation is unanswered": {cancel, reply{}, foundLate},
		"a repetition":                 {repeat, reply{201, 4, confirmed, true}, ""},
		"a repetition is not marked":   {repeat, reply{201, 4, confirmed, false}, foundFailure},
		"a repetition makes another":   {repeat, reply{201, 5, confirmed, true}, foundChange},
		"a repetition is decided anew": {repeat, reply{201, 4, rejected, true}, foundChange},
		"a repetition is refused":      {repeat, reply{422, 0, "", false}, foundFailure},
		"another order under the key":  {other, reply{422, 0, "", false}, ""},
		"another order is taken":       {other, reply{201, 5, confirmed, false}, foundFailure},
		"another order is replayed":    {other, reply{201, 4, confirmed, true}, foundFailure},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			one, _ := mustClient(t, c.reply)
			ctx, stop := context.WithTimeout(t.Context(), time.Second)
			defer stop()
			c.do(ctx, one, ordered())
			for _, kind := range []string{foundFailure, foundChange, foundLate} {
				if found := one.found.Of(kind); (found.Count > 0) != (kind == c.kind) {
					t.Errorf("%s: %v", kind, found.Examples)
				}
			}
		})
	}
}
