//go:build integration

package indexer_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"aforro/indexer"
	"aforro/pkg/search"
	"aforro/pkg/testkit"
)

func quiet(int64, int64) {}

// compare is one of the ways to verify.
type compare func(*indexer.Verifier, context.Context, indexer.Progress) (indexer.Report, error)

var ways = map[string]compare{"quick": (*indexer.Verifier).Quick, "full": (*indexer.Verifier).Live}

// verified compares the live index.
func (s *shop) verified(way compare) indexer.Report {
	s.tb.Helper()
	r, err := way(indexer.NewVerifier(s.opts), s.tb.Context(), quiet)
	if err != nil {
		s.tb.Fatal(err)
	}
	return r
}

// repaired has what a report says mended and fails unless nothing is left.
func (s *shop) repaired(r indexer.Report) {
	s.tb.Helper()
	left, err := indexer.NewVerifier(s.opts).Repair(s.tb.Context(), r, quiet)
	if err != nil || left.Differences() != 0 {
		s.tb.Errorf("left: %+v, %v", left, err)
	}
	for name, way := range ways {
		if r := s.verified(way); r.Differences() != 0 {
			s.tb.Errorf("%s after the repair: %+v", name, r)
		}
	}
}

// index is the address of one part of the live index.
func (s *shop) index(part search.Part) string {
	s.tb.Helper()
	return s.node + "/" + strings.Replace(s.live().Name, "-"+string(search.Products)+"-", "-"+string(part)+"-", 1)
}

// meddled sends one request of a meddler to Elasticsearch.
func meddled(tb testing.TB, method, target, body string) {
	tb.Helper()
	var answer struct {
		Error json.RawMessage `json:"error"`
	}
	if err := json.Unmarshal(testkit.ESRequest(tb, method, target, body), &answer); err != nil || answer.Error != nil {
		tb.Fatalf("%s %s: %v %s", method, target, err, answer.Error)
	}
}

// corruption is one thing that a meddler does to a part, and how it is named.
type corruption struct {
	name string
	do   func(s *shop, base string, part search.Part)
	// unseen: the hash says that all is well.
	unseen bool
	want   indexer.Difference
}

var corruptions = []corruption{
	{name: "deleted", want: indexer.Difference{Kind: indexer.Missing, ID: 10}, do: func(s *shop, base string, _ search.Part) {
		meddled(s.tb, "DELETE", base+"/_doc/10", "")
	}},
	{name: "another title", unseen: true, want: indexer.Difference{Kind: indexer.Different, ID: 20}, do: func(s *shop, base string, part search.Part) {
		meddled(s.tb, "PUT", base+"/_doc/20", strings.Replace(s.projectPart(20, part), "Product 20", "Product 21", 1))
	}},
	{name: "another hash", want: indexer.Difference{Kind: indexer.Different, ID: 20}, do: func(s *shop, base string, part search.Part) {
		meddled(s.tb, "PUT", base+"/_doc/20", strings.Replace(s.projectPart(20, part), `"hash":`, `"hash":1`, 1))
	}},
	{name: "no hash", want: indexer.Difference{Kind: indexer.Different, ID: 20}, do: func(s *shop, base string, _ search.Part) {
		meddled(s.tb, "PUT", base+"/_doc/20", `{"id": 20, "title": "Product 20"}`)
	}},
	{name: "another's document", want: indexer.Difference{Kind: indexer.Different, ID: 20}, do: func(s *shop, base string, part search.Part) {
		meddled(s.tb, "PUT", base+"/_doc/20", s.projectPart(30, part))
	}},
	{name: "no id", want: indexer.Difference{Kind: indexer.Different, ID: 20}, do: func(s *shop, base string, _ search.Part) {
		meddled(s.tb, "PUT", base+"/_doc/20", `{"title": "Product 20"}`)
	}},
	{name: "invented above", want: indexer.Difference{Kind: indexer.Extra, ID: 5000}, do: func(s *shop, base string, part search.Part) {
		meddled(s.tb, "PUT", base+"/_doc/5000", strings.Replace(s.projectPart(30, part), `"id":30`, `"id":5000`, 1))
	}},
	{name: "invented below", want: indexer.Difference{Kind: indexer.Extra, ID: -5}, do: func(s *shop, base string, part search.Part) {
		meddled(s.tb, "PUT", base+"/_doc/-5", strings.Replace(s.projectPart(30, part), `"id":30`, `"id":-5`, 1))
	}},
	{name: "a copy under another number", want: indexer.Difference{Kind: indexer.Extra, ID: 7777}, do: func(s *shop, base string, part search.Part) {
		meddled(s.tb, "PUT", base+"/_doc/7777", s.projectPart(30, part))
	}},
	{name: "a copy under a word", want: indexer.Difference{Kind: indexer.Stray, Name: "copy of 30"}, do: func(s *shop, base string, part search.Part) {
		meddled(s.tb, "PUT", base+"/_doc/copy%20of%2030", s.projectPart(30, part))
	}},
	{name: "a word without an id", want: indexer.Difference{Kind: indexer.Stray, Name: "x"}, do: func(s *shop, base string, _ search.Part) {
		meddled(s.tb, "PUT", base+"/_doc/x", `{"title": "x", "hash": 5}`)
	}},
	{name: "zero without an id", want: indexer.Difference{Kind: indexer.Extra, ID: 0}, do: func(s *shop, base string, _ search.Part) {
		meddled(s.tb, "PUT", base+"/_doc/0", `{"title": "x"}`)
	}},
	{name: "inactive", want: indexer.Difference{Kind: indexer.Extra, ID: 299}, do: func(s *shop, base string, part search.Part) {
		meddled(s.tb, "PUT", base+"/_doc/299", strings.Replace(s.projectPart(30, part), `"id":30`, `"id":299`, 1))
	}},
}

// Each kind of corruption is found, named and mended, in each part of the index.
func TestVerifyNamesAndMendsEachCorruption(t *testing.T) {
	t.Parallel()
	for _, part := range search.Parts {
		t.Run(string(part), func(t *testing.T) {
			t.Parallel()
			s := newShop(t).stock(300)
			s.exec("UPDATE products SET active = false WHERE id = 299")
			s.started()
			for _, c := range corruptions {
				c.want.Part = part
				c.do(s, s.index(part), part)
				full := s.verified((*indexer.Verifier).Live)
				if !slices.Equal(full.Named, []indexer.Difference{c.want}) || full.Differences() != 1 || full.Compared != 299 {
					t.Errorf("%s, full: %+v, want %+v", c.name, full, c.want)
				}
				quick := s.verified((*indexer.Verifier).Quick)
				if c.unseen {
					quick.Named = append(quick.Named, c.want)
				}
				if !slices.Equal(quick.Named, []indexer.Difference{c.want}) || quick.Compared != 299 {
					t.Errorf("%s, quick: %+v, want %+v", c.name, quick, c.want)
				}
				s.repaired(full)
			}
		})
	}
}

// A version that this database never had is named; that it leads to a new index
// is another test's.
func TestVerifyNamesAVersionFromTheFuture(t *testing.T) {
	t.Parallel()
	for _, part := range search.Parts {
		s := newShop(t).stock(50)
		s.started()
		meddled(t, "PUT", s.index(part)+"/_doc/7?version=9000000000000000000&version_type=external", s.projectPart(7, part))
		for name, way := range ways {
			r := s.verified(way)
			if !slices.Equal(r.Named, []indexer.Difference{{Kind: indexer.Different, Part: part, ID: 7}}) {
				t.Errorf("%s, %s: %+v", part, name, r)
			}
		}
	}
}

// What the index refuses is still wrong after a repair, and is named.
func TestRepairNamesWhatItCannotMend(t *testing.T) {
	t.Parallel()
	s := newShop(t).stock(60)
	s.opts.Writer = &flaky{Writer: s.engine, refused: 7}
	s.started()
	meddled(t, "DELETE", s.index(search.Titles)+"/_doc/9", "")
	r := s.verified((*indexer.Verifier).Quick)
	if got := fmt.Sprint(r.IDs(indexer.Missing), r.Differences()); got != "[7 9] 3" {
		t.Errorf("found: %+v", r)
	}
	left, err := indexer.NewVerifier(s.opts).Repair(t.Context(), r, quiet)
	if err != nil || fmt.Sprint(left.IDs(indexer.Missing), left.Differences()) != "[7] 2" {
		t.Errorf("left: %+v, %v", left, err)
	}
}
