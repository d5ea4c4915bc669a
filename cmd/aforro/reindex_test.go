//go:build integration

package main

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
	"sync"
	"syscall"
	"testing"

	"aforro/pkg/search"
	"aforro/pkg/testkit"
)

// A new index is built beside the live one, judged on what people searched for,
// and takes over; and one can go back.
func TestReindexSwapsTheIndex(t *testing.T) {
	t.Parallel()
	s := open(t)
	before := s.search("q", "canon").Count
	s.get(searchPath + "?q=call+9876543210")
	testkit.Eventually(t, patience, "what is searched for is sampled", func() bool {
		return s.number(`SELECT count(*) FROM query_sample WHERE query = 'canon'`) == 1
	})
	if n := s.number(`SELECT count(*) FROM query_sample`); n != 1 {
		t.Errorf("%d queries are kept", n)
	}
	out := s.mustAforro("reindex", "--reindex-max-latency=10000")
	for _, want := range []string{"000002 is live", " 0 differences", "000001 is kept", "drift ", "overlap ", "100.0 % "} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in: %s", want, out)
		}
	}
	if after := s.search("q", "canon").Count; after != before || after == 0 {
		t.Errorf("%d results for canon, before %d", after, before)
	}
	s.exec(`UPDATE products SET title = 'Zyxophone' WHERE id = $1`, s.ware(9, 1, 0).id)
	testkit.Eventually(t, patience, "the new index is followed", func() bool { return s.search("q", "zyxophone").Count == 1 })
	s.mustEqual(before)
	if out := s.mustAforro("reindex", "--rollback"); !strings.Contains(out, "000001 is live again") || !strings.Contains(out, "000002 is kept") {
		t.Errorf("it says: %s", out)
	}
	s.mustEqual(before)
}

// builtTo is how far a version is, as it says itself; false when there is none.
func (s *shop) builtTo(version string) (int64, bool) {
	var found map[string]struct {
		Mappings struct {
			Meta search.IndexMeta `json:"_meta"`
		} `json:"mappings"`
	}
	index := s.direct["AFORRO_INDEX_PREFIX"] + "-products-" + version
	answer := testkit.ESRequest(s.tb, "GET", s.direct[elasticsearchURL]+"/"+index+"/_mapping", "")
	if json.Unmarshal(answer, &found) != nil {
		return 0, false
	}
	i, ok := found[index]
	return i.Mappings.Meta.BuiltTo, ok
}

// A reindex that is killed -9 while it builds is gone on with by the next, while
// others change things.
func TestAKilledReindexGoesOn(t *testing.T) {
	t.Parallel()
	s := open(t)
	var changing sync.WaitGroup
	conn := testkit.Conn(t, s.direct[postgresURL])
	killed := s.startProcess("reindex", "--throttle=40", "--bulk-size=20")
	changing.Go(func() {
		rng := rand.New(rand.NewPCG(7, 7))
		for range 1500 {
			if err := change(t.Context(), conn, rng); err != nil {
				t.Errorf("a change: %v", err)
				return
			}
		}
	})
	testkit.Eventually(t, patience, "the build has noted how far it is", func() bool { n, _ := s.builtTo("000002"); return n > 0 })
	s.end(killed, syscall.SIGKILL)
	at, ok := s.builtTo("000002")
	if !ok || at == 0 {
		t.Fatal("nothing is left of it")
	}
	var out string
	testkit.Eventually(t, patience, "the next one ends well", func() bool {
		var err error
		out, err = command(t, s.direct, "reindex", "--reindex-max-latency=10000")
		return err == nil
	})
	if !strings.Contains(out, "000002 was begun by a reindex that was cut off") || !strings.Contains(out, "000002 is live") || !strings.Contains(out, " 0 differences") {
		t.Errorf("it says: %s", out)
	}
	changing.Wait()
	s.mustEqual(1)
}
