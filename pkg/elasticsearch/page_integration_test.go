//go:build integration

package elasticsearch

import (
	"math"
	"slices"
	"testing"

	"aforro/pkg/fault"
	"aforro/pkg/search"
)

func TestWalkAlongPagesGivesEveryProductOnce(t *testing.T) {
	t.Parallel()
	s := MustShop(t)
	for _, by := range []search.Sort{search.ByNewest, search.ByPrice} {
		t.Run(string(by), func(t *testing.T) {
			t.Parallel()
			got := s.everything(t, search.Params{Sort: by})
			want := s.found(search.Params{Sort: by})
			for i, d := range want {
				if got[i] != d.ID {
					t.Fatalf("product %d at place %d, want %d", got[i], i, d.ID)
				}
			}
		})
	}
}

func TestPagesBeyondTheWindow(t *testing.T) {
	t.Parallel()
	s := MustShop(t)
	want := s.found(search.Params{Sort: search.ByPrice})
	for _, c := range []struct{ page, size int }{{1000, 10}, {1001, 10}, {1429, 7}, {101, 100}, {1941, 10}, {19406, 1}, {10001, 1}} {
		p := search.Params{Sort: search.ByPrice, Page: c.page, PageSize: c.size}
		from := (c.page - 1) * c.size
		page := MustSearch(t, s.Client, p)
		part := want[from:min(len(want), from+c.size)]
		if len(page.Hits) != len(part) || page.Hits[0].ID != part[0].ID || page.Hits[len(part)-1].ID != part[len(part)-1].ID {
			t.Errorf("page %d of %d: %v", c.page, c.size, idsOf(page))
		}
	}
}

func TestLastPage(t *testing.T) {
	t.Parallel()
	s := MustShop(t)
	for _, c := range []struct {
		p            search.Params
		number, hits int
	}{
		{search.Params{}, 1941, 6}, {search.Params{PageSize: 100}, 195, 6}, {search.Params{PageSize: 31}, 626, 31},
		{search.Params{Categories: []string{"no such"}}, 1, 0}, {search.Params{Query: "laptop", PageSize: 100, Sort: search.ByPrice}, 0, 0},
	} {
		c.p.Page = search.LastPage
		page := MustSearch(t, s.Client, c.p)
		if c.number == 0 {
			c.number = int((page.Count + 99) / 100)
			c.hits = int(page.Count) - 100*(c.number-1)
		}
		if page.Number != c.number || len(page.Hits) != c.hits {
			t.Errorf("%+v: page %d with %d hits, want %d with %d", c.p, page.Number, len(page.Hits), c.number, c.hits)
		}
	}
}

func TestPagesThatThereAreNot(t *testing.T) {
	t.Parallel()
	s := MustShop(t)
	for _, p := range []search.Params{
		{Page: 1942}, {Page: 196, PageSize: 100}, {Page: -2}, {Page: 500_001}, {Page: math.MaxInt, PageSize: 100},
		{Page: math.MaxInt/100*2 + 3, PageSize: 100}, {Page: 1<<62 + 1, PageSize: 4}, {Page: 2, Categories: []string{"no such"}},
		{Page: 400, Query: "laptop"}, {Page: 90_000, Query: "laptop"},
	} {
		if page, err := s.Search(t.Context(), filled(p)); !fault.Is(err, fault.NotFound) {
			t.Errorf("%+v: %d hits, %v; want NotFound", p, len(page.Hits), err)
		}
	}
}

// A list of results is the same whatever its pages' size, and also where
// misspellings had to be allowed for.
func TestRelevancePagesAreOneList(t *testing.T) {
	t.Parallel()
	s := MustShop(t)
	for _, c := range []struct {
		query string
		meant string
		left  []string
	}{
		{"laptop", "", nil}, {"black cable", "", nil}, {"hp", "", nil}, {"pritner", "printer", nil}, {"labtop bag", "laptop bag", nil},
		{"samsnug galaxy", "samsung galaxy", nil}, {"laser printer qqqzzz", "", []string{"qqqzzz"}},
	} {
		t.Run(c.query, func(t *testing.T) {
			t.Parallel()
			p := filled(search.Params{Query: c.query})
			if r, err := s.read(t.Context(), p); err != nil || r.meant != c.meant || !slices.Equal(r.left, c.left) {
				t.Fatalf("read as %+v, %v", r, err)
			}
			p.PageSize = 60
			want := idsOf(MustSearch(t, s.Client, p))
			var got []int64
			p.PageSize = 7
			for p.Page = 1; len(got) < len(want); p.Page++ {
				got = append(got, idsOf(MustSearch(t, s.Client, p))...)
			}
			if !slices.Equal(got[:len(want)], want) {
				t.Errorf("in pages of 7: %v\nin one:        %v", got, want)
			}
		})
	}
}

func TestAWholeRelevanceListHasNoDoubles(t *testing.T) {
	t.Parallel()
	s := MustShop(t)
	for _, q := range []string{"printer", "pritner", "black"} {
		ids := s.everything(t, search.Params{Query: q})
		slices.Sort(ids)
		if n := len(ids); len(slices.Compact(ids)) != n {
			t.Errorf("%s: doubles among %d results", q, n)
		}
	}
}
