//go:build integration

package elasticsearch

import (
	"slices"
	"strings"
	"testing"

	"aforro/pkg/fault"
	"aforro/pkg/search"
	"aforro/pkg/testkit"
)

// holds lists the ids that a part of an index holds, with their versions.
func holds(tb testing.TB, c *Client, index string, part search.Part) map[int64]search.Version {
	tb.Helper()
	docs, err := c.Get(tb.Context(), index, part, []int64{1, 2, 3})
	if err != nil {
		tb.Fatal(err)
	}
	versions := map[int64]search.Version{}
	for _, d := range docs {
		versions[d.ID] = d.Version
	}
	return versions
}

// What suggestions are made of is written with a listing only, and is removed
// with its product whatever the write says.
func TestTitlesAreWrittenWithAListing(t *testing.T) {
	t.Parallel()
	c, index := MustLive(t, document(1, "Lamp"), document(2, "Lampshade"))
	lamp, shade := document(1, "Lamp of another title"), document(2, "Lampshade")
	MustBulk(t, c, index, []search.Write{{ID: 1, Version: 5, Document: &lamp}, {ID: 2, Version: 5, Document: &shade, Listing: true}})
	if titles, products := holds(t, c, index, search.Titles), holds(t, c, index, search.Products); titles[1] != 1 || titles[2] != 5 || products[1] != 5 || products[2] != 5 {
		t.Errorf("titles at %v, products at %v", titles, products)
	}
	MustBulk(t, c, index, []search.Write{{ID: 1, Version: 6}})
	if titles, products := holds(t, c, index, search.Titles), holds(t, c, index, search.Products); len(titles) != 1 || len(products) != 1 {
		t.Errorf("after a removal: titles at %v, products at %v", titles, products)
	}
	if err := c.Refresh(t.Context(), index); err != nil {
		t.Fatal(err)
	}
	for _, typed := range []string{"lam", "amp"} {
		if got, err := c.Suggest(t.Context(), typed, 0); err != nil || !slices.Equal(got, []string{"Lampshade"}) {
			t.Errorf("%s: %q, %v", typed, got, err)
		}
	}
}

// Of a write to both parts that one of them holds newer, the caller learns so.
func TestOnePartMayBeLate(t *testing.T) {
	t.Parallel()
	c, index := MustLive(t)
	lamp := document(1, "Lamp")
	MustBulk(t, c, index, []search.Write{{ID: 1, Version: 9, Document: &lamp}})
	r := MustBulk(t, c, index, []search.Write{{ID: 1, Version: 5, Document: &lamp, Listing: true}})[0]
	if titles := holds(t, c, index, search.Titles); r.Outcome != search.Late || r.Stored != 9 || titles[1] != 5 {
		t.Errorf("%+v, titles at %v", r, titles)
	}
}

func mustVersions(tb testing.TB, c *Client) []search.IndexVersion {
	tb.Helper()
	versions, err := c.Indices(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	return versions
}

// A version that lacks a part, as one of an older program does, is not whole,
// cannot be written, and can be removed.
func TestAVersionWithoutAPart(t *testing.T) {
	t.Parallel()
	for _, gone := range search.Parts {
		t.Run(string(gone), func(t *testing.T) {
			t.Parallel()
			c, index := MustLive(t, document(1, "Lamp"))
			testkit.ESRequest(t, "DELETE", mustNode(t)+"/"+c.index(index, gone), "")
			v := mustVersions(t, c)
			if len(v) != 1 || v[0].Name != index || v[0].Whole || v[0].Live != (gone == search.Titles) {
				t.Errorf("%+v", v)
			}
			lamp := document(1, "Lamp")
			for _, w := range []search.Write{{ID: 1, Version: 9, Document: &lamp, Listing: true}, {ID: 1, Version: 9}} {
				if r, err := c.Bulk(t.Context(), index, []search.Write{w}); !fault.Is(err, fault.NotFound) {
					t.Errorf("%+v, %v; want NotFound", r, err)
				}
			}
			next := MustIndex(t, c)
			if next != strings.Replace(index, "000001", "000002", 1) {
				t.Errorf("the next is %s", next)
			}
			MustSwap(t, c, next)
			if err := c.DeleteIndex(t.Context(), index); err != nil {
				t.Error(err)
			}
			if v := mustVersions(t, c); len(v) != 1 || !v[0].Whole || !v[0].Live {
				t.Errorf("%+v", v)
			}
			if left := testkit.ESRequest(t, "GET", mustNode(t)+"/_cat/indices/"+c.prefix+"*?h=index", ""); strings.Count(string(left), "\n") != len(search.Parts) {
				t.Errorf("there is %s", left)
			}
		})
	}
}

// Both aliases go together; moved by hand, one alone leaves no whole version.
func TestBothPartsAreLiveOrNone(t *testing.T) {
	t.Parallel()
	c, first := MustLive(t, document(1, "Lamp"))
	second := MustIndex(t, c)
	MustStore(t, c, second, []search.Document{document(1, "Lampshade")})
	for _, live := range []string{second, first, second} {
		MustSwap(t, c, live)
		v := mustVersions(t, c)
		if len(v) != 2 || !v[0].Whole || !v[1].Whole || v[0].Live != (live == first) || v[1].Live != (live == second) {
			t.Fatalf("with %s live: %+v", live, v)
		}
		want := map[string]string{first: "Lamp", second: "Lampshade"}[live]
		if got, err := c.Suggest(t.Context(), "lam", 0); err != nil || !slices.Equal(got, []string{want}) {
			t.Errorf("with %s live: %q, %v", live, got, err)
		}
	}
	testkit.ESRequest(t, "POST", mustNode(t)+"/_aliases", `{"actions": [
		{"remove": {"index": "`+second+`", "alias": "`+c.alias+`"}}, {"add": {"index": "`+first+`", "alias": "`+c.alias+`"}}]}`)
	if v := mustVersions(t, c); v[0].Whole || v[1].Whole {
		t.Errorf("with one alias moved: %+v", v)
	}
}
