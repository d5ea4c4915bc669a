package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"aforro/cmd/internal/trial"
	"aforro/pkg/lifecycle"
)

// How clients behave: of a hundred confirmed orders so many are cancelled; after
// so many an earlier one is sent again, or another order under its key.
const (
	cancelInHundred = 10
	repeatInHundred = 8
	misuseInHundred = 2
	mostPause       = 40 * time.Millisecond
	firstWait       = 50 * time.Millisecond
	mostWait        = time.Second
)

// client places orders, one after the other.
type client struct {
	name    string
	bases   []string
	at      int // which address it uses
	http    *http.Client
	rng     *rand.Rand
	shopper *shopper
	found   *trial.Findings

	entries []*entry
}

// crowd is all clients.
type crowd struct {
	clients []*client
	gone    sync.WaitGroup
}

// sendCrowd has n clients place orders until placing ends. What they have begun
// they finish, until ctx ends.
func sendCrowd(ctx, placing context.Context, n int, seed uint64, bases []string, all goods, found *trial.Findings) *crowd {
	c := &crowd{}
	shared := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: n}}
	for i := range n {
		// What a client orders does not hang on what happens to it.
		habits, wishes := rand.New(rand.NewPCG(seed, uint64(2*i+1))), rand.New(rand.NewPCG(seed, uint64(2*i+2)))
		one := &client{name: fmt.Sprintf("chaos-%d-%d", seed, i), bases: bases, at: i, http: shared, rng: habits,
			shopper: newShopper(all, wishes), found: found}
		c.clients = append(c.clients, one)
		c.gone.Go(func() { one.run(ctx, placing) })
	}
	return c
}

// entries are those of all clients.
func (c *crowd) entries() (all []*entry) {
	for _, one := range c.clients {
		all = append(all, one.entries...)
	}
	return all
}

func (c *client) run(ctx, placing context.Context) {
	for placing.Err() == nil {
		e := c.shopper.draw(fmt.Sprintf("%s-%d", c.name, len(c.entries)))
		c.entries = append(c.entries, e)
		c.place(ctx, e)
		c.follow(ctx, e)
		c.indulge(ctx, e, c.entries[c.rng.IntN(len(c.entries))])
		if lifecycle.Sleep(ctx, rand.N(mostPause)) != nil {
			return
		}
	}
}

// indulge is what a client does after an order now and then, to that or to an
// earlier one of its own.
func (c *client) indulge(ctx context.Context, e, earlier *entry) {
	if e.status == confirmed && c.rng.IntN(100) < cancelInHundred {
		c.cancel(ctx, e)
	}
	switch n := c.rng.IntN(100); {
	case earlier.id == 0:
	case n < repeatInHundred:
		c.repeat(ctx, earlier)
	case n < repeatInHundred+misuseInHundred:
		c.misuse(ctx, earlier)
	}
}

// insist sends a request until it is answered, each time to the other address,
// and reports false when ctx ended first.
func (c *client) insist(ctx context.Context, r request) (a answer, tries int, ok bool) {
	for {
		a, err := r.send(ctx, c.http, c.bases[c.at%len(c.bases)])
		if !a.again(err) {
			return a, tries, true
		}
		tries++
		c.at++
		if lifecycle.Sleep(ctx, lifecycle.Backoff(tries, firstWait, mostWait)) != nil {
			return a, tries, false
		}
	}
}

// place sends the order until it is acknowledged.
func (c *client) place(ctx context.Context, e *entry) {
	begun := time.Now()
	a, tries, ok := c.insist(ctx, post(e))
	e.retries, e.took = tries, time.Since(begun)
	switch {
	case !ok:
		c.found.Add(foundLate, "order of key %s was not acknowledged after %s and %d retries", e.key, e.took.Round(time.Millisecond), tries)
	case !a.taken() || (a.status == http.StatusAccepted) != (a.order.Status == pending):
		c.fail("an order", e, a)
	default:
		e.id, e.token = a.order.ID, a.order.Token
		e.page = fmt.Sprintf("/orders/%d/?token=%s", e.id, url.QueryEscape(e.token))
		if a.status == http.StatusAccepted {
			e.page = a.header.Get("Location")
		}
		c.told(e, a)
	}
}

// follow asks for the order until it is decided.
func (c *client) follow(ctx context.Context, e *entry) {
	for n := 0; e.status == pending; n++ {
		if lifecycle.Sleep(ctx, lifecycle.Backoff(n, firstWait, mostWait)) != nil {
			c.found.Add(foundLate, "order %d was still PENDING at the end", e.id)
			return
		}
		a, _, ok := c.insist(ctx, request{method: http.MethodGet, path: e.page})
		if !ok {
			continue
		}
		if a.status != http.StatusOK {
			c.fail("an order's page", e, a)
			return
		}
		if !c.told(e, a) {
			return
		}
	}
}

func (c *client) cancel(ctx context.Context, e *entry) {
	e.cancelAsked = true
	a, _, ok := c.insist(ctx, request{method: http.MethodPost, path: strings.Replace(e.page, "?", "cancel/?", 1)})
	switch {
	case !ok:
		c.found.Add(foundLate, "the cancellation of order %d was not answered", e.id)
	case a.status != http.StatusOK || a.order.Status != cancelled:
		c.fail("a cancellation", e, a)
	default:
		c.told(e, a)
	}
}

// repeat sends an acknowledged order again.
func (c *client) repeat(ctx context.Context, e *entry) {
	a, _, ok := c.insist(ctx, post(e))
	switch {
	case !ok:
	case !a.taken() || a.header.Get("Idempotent-Replayed") != "true":
		c.fail("a repetition", e, a)
	default:
		c.told(e, a)
	}
}

// misuse sends another order under the key of an acknowledged one.
func (c *client) misuse(ctx context.Context, e *entry) {
	other := *e
	other.lines = append([]line{{e.lines[0][0], e.lines[0][1] + 1}}, e.lines[1:]...)
	if a, _, ok := c.insist(ctx, post(&other)); ok && a.status != http.StatusUnprocessableEntity {
		c.fail("another order under a used key", e, a)
	}
}

// told notes what an answer says of the order, and reports whether that can be.
func (c *client) told(e *entry, a answer) bool {
	before := e.status
	can := a.order.ID == e.id && e.saw(a.order.Status)
	if !can {
		c.found.Add(foundChange, "key %s: order %d was %q, now its client is told of order %d, %q", e.key, e.id, before, a.order.ID, a.order.Status)
	}
	return can
}

func (c *client) fail(what string, e *entry, a answer) {
	c.found.Add(foundFailure, "%s (key %s, order %d) was answered with %d %.200s", what, e.key, e.id, a.status, a.text)
}
