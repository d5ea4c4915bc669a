package elasticsearch

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// How long a node that failed is passed over: a second at first, twice as long
// each time it fails again. Then one request tries it.
const (
	firstRest = time.Second
	mostRest  = 15 * time.Second
)

// nodes are the addresses of one cluster, asked in turn. The pool of the
// official transport passes over a failed node for a minute, or half an hour
// when it fails again, counts it as failed when a caller goes away, and gives a
// node that hangs all of the caller's time: hence our own.
type nodes struct {
	transport http.RoundTripper
	list      []*node
	turn      atomic.Uint64
}

// node is one address and how it fared.
type node struct {
	address *url.URL

	mu       sync.Mutex
	failures int
	// rests is until when it is passed over; zero while it is well.
	rests time.Time
}

// parseNodes reads addresses separated by commas.
func parseNodes(urls string) ([]*node, error) {
	var list []*node
	for text := range strings.SplitSeq(urls, ",") {
		address, err := url.Parse(strings.TrimSpace(text))
		if err != nil || address.Host == "" {
			// The parser's own error shows the address, password included.
			return nil, errors.New("read the Elasticsearch addresses: one is not valid")
		}
		list = append(list, &node{address: address})
	}
	return list, nil
}

// next is the node to ask: one that is well or has rested, else any that was not
// asked yet, since a rest may be over sooner than was thought; nil when all were.
func (n *nodes) next(asked []*node) *node {
	start := int(n.turn.Add(1) % uint64(len(n.list)))
	var resting *node
	for i := range n.list {
		candidate := n.list[(start+i)%len(n.list)]
		if slices.Contains(asked, candidate) {
			continue
		}
		if candidate.take(time.Now()) {
			return candidate
		}
		if resting == nil {
			resting = candidate
		}
	}
	return resting
}

// another reports whether a node that was not asked is well.
func (n *nodes) another(asked []*node) bool {
	return slices.ContainsFunc(n.list, func(other *node) bool { return !slices.Contains(asked, other) && other.well() })
}

// take reports whether the node may be asked. One that has rested is tried by a
// single request: for the others it rests on, until that one was answered.
func (n *node) take(now time.Time) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case n.rests.IsZero():
		return true
	case now.Before(n.rests):
		return false
	}
	n.rest(now)
	return true
}

func (n *node) well() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.rests.IsZero()
}

// answered: it lives, whatever it said.
func (n *node) answered() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.failures, n.rests = 0, time.Time{}
}

// failed sends it to rest. Requests that were under way together count once.
func (n *node) failed(now time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !now.Before(n.rests) {
		n.rest(now)
	}
}

// rest is called with the lock held.
func (n *node) rest(now time.Time) {
	n.rests = now.Add(min(firstRest<<min(n.failures, 10), mostRest))
	n.failures++
}
