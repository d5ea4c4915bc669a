//go:build integration

package elasticsearch

import (
	"encoding/base64"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"aforro/pkg/fault"
	"aforro/pkg/search"
	"aforro/pkg/testkit"
)

// walkAll goes along a cursor walk to its end; between is called after each page.
func walkAll(t *testing.T, c *Client, p search.Params, between func()) (ids []int64) {
	t.Helper()
	p.Cursor = search.CursorStart
	for p.Cursor != "" {
		page := MustSearch(t, c, p)
		ids, p.Cursor = append(ids, idsOf(page)...), page.NextCursor
		between()
	}
	return ids
}

func TestACursorWalkGivesTheWholeCatalogueInOrder(t *testing.T) {
	t.Parallel()
	s := MustShop(t)
	p := search.Params{Sort: search.ByPriceDesc, PageSize: search.MaxPageSize}
	var want []int64
	for _, d := range s.found(p) {
		want = append(want, d.ID)
	}
	if got := walkAll(t, s.Client, p, func() {}); !slices.Equal(got, want) {
		t.Errorf("%d products, want %d, or another order", len(got), len(want))
	}
	p = search.Params{Query: "pritner", PageSize: search.MaxPageSize}
	if got, want := walkAll(t, s.Client, p, func() {}), s.everything(t, p); !slices.Equal(got, want) {
		t.Errorf("a walk for misspelt words gives %d products, pages %d", len(got), len(want))
	}
}

// Half of the products change their price, a third goes, while the walk by
// price is on its way.
func TestACursorWalkWhileHalfOfItChanges(t *testing.T) {
	t.Parallel()
	var docs []search.Document
	for id := range int64(2000) {
		docs = append(docs, document(id+1, "Thing"))
	}
	c, index := MustLive(t, docs...)
	rng, version := rand.New(rand.NewPCG(1, 2)), search.Version(2)
	got := walkAll(t, c, search.Params{Sort: search.ByPrice, PageSize: 100}, func() {
		var writes []search.Write
		for _, i := range rng.Perm(len(docs))[:200] {
			w := search.Write{ID: docs[i].ID, Version: version}
			if i%3 != 0 {
				changed := docs[i]
				changed.Price = docs[i].Price + 10_000
				w.Document = &changed
			}
			writes = append(writes, w)
		}
		version++
		MustBulk(t, c, index, writes)
		if err := c.Refresh(t.Context(), index); err != nil {
			t.Fatal(err)
		}
	})
	slices.Sort(got)
	if len(got) != len(docs) || len(slices.Compact(got)) != len(docs) {
		t.Errorf("%d products came, want each of %d once", len(got), len(docs))
	}
}

// A cursor is a caller's text: whatever is in it, it is either of a walk that
// has ended or none at all, and never a fault of ours.
func TestACursorThatWasTamperedWithIsRefused(t *testing.T) {
	t.Parallel()
	s := MustShop(t)
	p := filled(search.Params{Sort: search.ByPrice, Cursor: search.CursorStart})
	sent := MustSearch(t, s.Client, p).NextCursor
	good, err := decodeCursor(sent)
	if err != nil {
		t.Fatal(err)
	}
	tampered := []string{sent[:len(sent)/2], sent + "AAAA", strings.ToUpper(sent), strings.Repeat("A", 100_000), "\x00", "%", "{}"}
	with := func(change func(*cursor)) {
		c := good
		change(&c)
		text, err := c.encode()
		if err != nil {
			t.Fatal(err)
		}
		tampered = append(tampered, text)
	}
	for _, after := range []string{`[1]`, `[1,2,3]`, `["x","y"]`, `{}`, `"x"`, `[null,null]`, `[[1],[2]]`, `[1e400,1]`, `[true,false]`, `[9999999999999999999999,1]`, `[]`} {
		with(func(c *cursor) { c.After = json.RawMessage(after) })
	}
	for _, pit := range []string{"x", "AAAA", good.PIT[:20], good.PIT[:len(good.PIT)-4], good.PIT + "AAAA", strings.Repeat("A", 5000), "\x00", `","x":"`, "=", " "} {
		with(func(c *cursor) { c.PIT = pit })
	}
	for i := 0; i < len(good.PIT); i += 7 {
		with(func(c *cursor) { c.PIT = flipped(c.PIT, i) })
	}
	for _, text := range tampered {
		p.Cursor = text
		if _, err := s.Search(t.Context(), p); err != nil && !fault.Is(err, fault.Invalid) && !fault.Is(err, fault.Gone) {
			t.Errorf("%.300s: %v", text, err)
		}
	}
}

// flipped changes one byte of an identity that is written in base 64.
func flipped(id string, i int) string {
	raw, err := base64.URLEncoding.DecodeString(id)
	if err != nil {
		return id[:i] + "A" + id[i+1:]
	}
	raw[i%len(raw)] ^= 0x55
	return base64.URLEncoding.EncodeToString(raw)
}

func TestACursorThatHasExpiredIsGone(t *testing.T) {
	t.Parallel()
	s := MustShop(t)
	p := filled(search.Params{Cursor: search.CursorStart})
	p.Cursor = MustSearch(t, s.Client, p).NextCursor
	at, err := decodeCursor(p.Cursor)
	if err != nil {
		t.Fatal(err)
	}
	testkit.ESRequest(t, "DELETE", mustNode(t)+"/_pit", `{"id": "`+at.PIT+`"}`)
	if _, err := s.Search(t.Context(), p); !fault.Is(err, fault.Gone) {
		t.Errorf("%v, want Gone", err)
	}
}
