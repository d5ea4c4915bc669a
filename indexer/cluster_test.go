//go:build integration && cluster

package indexer_test

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"aforro/pkg/elasticsearch"
	"aforro/pkg/search"
	"aforro/pkg/testkit"
)

const clusterProducts = 3000

// clusterShop is a shop whose index is in a cluster.
type clusterShop struct {
	*shop
	cluster *cluster
	client  *elasticsearch.Client
	heard   *heard
}

// heard counts the requests that each address answered.
type heard struct {
	mu    sync.Mutex
	count map[string]int
}

func (h *heard) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err == nil {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.count["http://"+r.URL.Host]++
	}
	return resp, err
}

func (h *heard) of(url string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.count[url]
}

func newClusterShop(tb testing.TB) *clusterShop {
	tb.Helper()
	s := &clusterShop{shop: newShop(tb).stock(clusterProducts), cluster: startCluster(tb), heard: &heard{count: map[string]int{}}}
	options := elasticsearch.Options{URLs: s.cluster.urls(), IndexPrefix: s.prefix, Shards: 2, Replicas: 1, Transport: s.heard}
	var err error
	if s.client, err = elasticsearch.New(options); err != nil {
		tb.Fatal(err)
	}
	s.engine = s.client
	s.opts.Writer, s.opts.Versions, s.opts.Reader, s.opts.Senders = s.engine, s.engine, s.engine, 3
	return s
}

// Three nodes; each is killed in turn, the elected master among them, while
// shoppers search and the shop changes. No search fails or is answered in part,
// and nothing that was written is lost.
func TestAClusterLosesANodeAtATime(t *testing.T) {
	// Not parallel: four Elasticsearch nodes are enough for one machine.
	s := newClusterShop(t)
	x, _ := s.start()
	testkit.Eventually(t, healing, "the index is built", func() bool { return x.Status().Ready() })
	if !s.cluster.whole(0) {
		t.Error("the index went live before its replicas were there")
	}
	load := s.load()
	masters := 0
	for i := range s.cluster.nodes {
		other := (i + 1) % clusterSize
		was := fmt.Sprintf("node-%d", i) == s.cluster.master(other)
		if was {
			masters++
		}
		s.loses(load, i, other, was)
	}
	load.stop()
	if masters == 0 {
		t.Error("no killed node was the elected master")
	}
	if name := s.live().Name; name != s.prefix+"-products-000001" {
		t.Errorf("%s is live: the index was built again", name)
	}
	t.Logf("%d searches, %d walks of which %d ended with a node, %d changes", load.searches.Load(), load.walks.Load(), load.gone.Load(), load.changes.Load())
}

// loses kills node i under load, starts it again and waits until the cluster is
// whole; then nothing may differ, and pages must agree.
func (s *clusterShop) loses(load *load, i, other int, master bool) {
	s.tb.Helper()
	node := s.cluster.nodes[i]
	load.phase.Store(fmt.Sprintf("before node %d is killed", i))
	load.passes(120)
	load.phase.Store(fmt.Sprintf("node %d killed (master: %t)", i, master))
	killed := time.Now()
	if err := node.Kill(); err != nil {
		s.tb.Fatal(err)
	}
	load.passes(120)
	load.phase.Store(fmt.Sprintf("node %d starts", i))
	if err := node.Start(s.tb.Context()); err != nil {
		s.tb.Fatal(err)
	}
	load.phase.Store(fmt.Sprintf("node %d is back", i))
	started, before := time.Since(killed), s.heard.of(node.URL())
	testkit.Eventually(s.tb, healing, "the cluster is whole again", func() bool { return s.cluster.whole(other) })
	green := time.Since(killed)
	testkit.Eventually(s.tb, healing, "the node is asked again", func() bool { return s.heard.of(node.URL()) > before })
	s.tb.Logf("node %d (master: %t) killed: up after %.1f s, whole after %.1f s; slowest search %s", i, master, started.Seconds(), green.Seconds(),
		load.slowest().Round(time.Millisecond))
	load.quietly(func() {
		s.mustEqual()
		s.pagesAgree()
	})
}

// pagesAgree reads pages of one query again and again: all who ask see the same
// order, whichever nodes answer.
func (s *clusterShop) pagesAgree() {
	s.tb.Helper()
	for _, words := range []string{"product", "product 7", "word 12", "r1"} {
		var first [][]int64
		for range 4 * clusterSize {
			pages := [][]int64{s.page(words, 1), s.page(words, 2)}
			if slices.ContainsFunc(pages[0], func(id int64) bool { return slices.Contains(pages[1], id) }) {
				s.tb.Errorf("%q: pages 1 and 2 overlap: %v", words, pages)
			}
			if first == nil {
				first = pages
			}
			if !slices.Equal(first[0], pages[0]) || !slices.Equal(first[1], pages[1]) {
				s.tb.Fatalf("%q: asked again, the pages are %v, before %v", words, pages, first)
			}
		}
	}
}

func (s *clusterShop) page(words string, n int) (ids []int64) {
	s.tb.Helper()
	page, err := s.client.Search(s.tb.Context(), search.Params{Query: words, Sort: search.ByRelevance, Page: n, PageSize: 20})
	if err != nil {
		s.tb.Fatalf("%q, page %d: %v", words, n, err)
	}
	for _, h := range page.Hits {
		ids = append(ids, h.ID)
	}
	return ids
}
