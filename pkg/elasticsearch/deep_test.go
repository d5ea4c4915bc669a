package elasticsearch

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"

	"aforro/pkg/catalog"
	"aforro/pkg/fault"
	"aforro/pkg/search"
)

func TestACursorComesBackAsItWasGiven(t *testing.T) {
	t.Parallel()
	sent := cursor{PIT: "pit", After: json.RawMessage(`[1.5,7]`), Words: "w", Meant: "w x", Left: []string{"x"}, Search: "s"}
	text, err := sent.encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := decodeCursor(text)
	if err != nil || got.PIT != sent.PIT || string(got.After) != string(sent.After) || got.Words != "w" || got.Meant != "w x" || !slices.Equal(got.Left, sent.Left) || got.Search != "s" {
		t.Errorf("got %+v, %v", got, err)
	}
	for _, broken := range []string{"", "x", "!!!", "e30", "bnVsbA", "W10", "\x00"} {
		if _, err := decodeCursor(broken); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v", broken, err)
		}
	}
}

func TestACursorBelongsToItsSearch(t *testing.T) {
	t.Parallel()
	price := func(p catalog.Price) *catalog.Price { return &p }
	base := search.Params{Query: "a", Sort: search.ByRelevance, PageSize: 10}
	larger := base
	larger.PageSize = 100
	if new(Client).fingerprint(base) != new(Client).fingerprint(larger) {
		t.Error("the size of a page makes another search")
	}
	seen := map[string]bool{new(Client).fingerprint(base): true}
	for _, change := range []func(p *search.Params){
		func(p *search.Params) { p.Query = "b" },
		func(p *search.Params) { p.Categories = []string{"a"} },
		func(p *search.Params) { p.Query, p.Categories = "", []string{"a"} },
		func(p *search.Params) { p.Brands = []string{"a"} },
		func(p *search.Params) { p.Attributes = []search.AttributeFilter{{Key: "a", Values: []string{"b"}}} },
		func(p *search.Params) { p.MinPrice = price(0) },
		func(p *search.Params) { p.MaxPrice = price(0) },
		func(p *search.Params) { p.StoreID = 1 },
		func(p *search.Params) { p.InStock = true },
		func(p *search.Params) { p.Sort = search.ByPrice },
	} {
		p := base
		change(&p)
		if f := new(Client).fingerprint(p); seen[f] {
			t.Errorf("%+v looks like another search", p)
		} else {
			seen[f] = true
		}
	}
}

func TestWhyAWalkEnds(t *testing.T) {
	t.Parallel()
	missing := fault.New(fault.NotFound, "no context")
	for _, c := range []struct {
		err  error
		sent string
		want fault.Code
	}{
		{missing, "abc", fault.Gone},
		{missing, search.CursorStart, fault.Unavailable},
		{fault.New(fault.Unavailable, "away"), "abc", fault.Unavailable},
		{errors.New("values do not fit the sort"), "abc", fault.Invalid},
	} {
		if got := fault.CodeOf(expired(c.err, c.sent)); got != c.want {
			t.Errorf("%v of cursor %q is %s; want %s", c.err, c.sent, got, c.want)
		}
	}
}
