//go:build integration

package elasticsearch

import (
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"aforro/elastic"
	"aforro/pkg/search"
	"aforro/pkg/testkit"
)

// firstOf is the first n characters.
func firstOf(word string, n int) string {
	runes := []rune(word)
	return string(runes[:min(n, len(runes))])
}

// offers reports whether the title is among the products, or ten that all have
// words which begin like those.
func offers(list []search.Suggestion, title, typed string) bool {
	matching := 0
	for _, s := range list {
		if s.Type == search.SuggestProduct && strings.EqualFold(s.Text, title) {
			return true
		}
		if s.Type == search.SuggestProduct && fits(typedWords(typed), s.Text) {
			matching++
		}
	}
	return matching == search.MaxSuggest
}

// randomStart is the first letters of the first two words of a random title.
func (s *shop) randomStart(rng *rand.Rand) (title, first, second string) {
	for {
		title = s.docs[rng.IntN(len(s.docs))].Title
		if words := strings.Fields(title); len(words) > 1 {
			return title, firstOf(words[0], 6), firstOf(words[1], 3)
		}
	}
}

func mustRich(tb testing.TB, c *Client, typed string, store int64) []search.Suggestion {
	tb.Helper()
	list, err := c.SuggestRich(tb.Context(), typed, store)
	if err != nil {
		tb.Fatalf("%q in store %d: %v", typed, store, err)
	}
	return list
}

func TestWhatIsTypedOffersTheTitle(t *testing.T) {
	t.Parallel()
	s := MustShop(t)
	rng := rand.New(rand.NewPCG(1, 6))
	const titles = 300
	missed := 0
	for range titles {
		title, first, second := s.randomStart(rng)
		typed := first + " " + second
		if list := mustRich(t, s.Client, typed, 0); !offers(list, title, typed) {
			t.Errorf("%q does not offer %q but %+v", typed, title, list)
		}
		if list := mustRich(t, s.Client, search.MissType(rng, first)+" "+second, 0); !offers(list, title, typed) {
			missed++
		}
	}
	t.Logf("%d of %d misspelt ones missed", missed, titles)
	if missed > titles/5 {
		t.Errorf("%d of %d titles are not offered when the first word is misspelt", missed, titles)
	}
}

// Whatever is offered in a store leads to products of that store, and is offered
// once.
func TestNoSuggestionLeadsToAnEmptyPage(t *testing.T) {
	t.Parallel()
	s := MustShop(t)
	rng := rand.New(rand.NewPCG(2, 6))
	carried := map[int64]map[int64]bool{}
	for _, d := range s.docs {
		carried[d.ID] = map[int64]bool{0: true}
		for _, line := range d.Stock {
			carried[d.ID][line.StoreID] = true
		}
	}
	for range 400 {
		_, first, second := s.randomStart(rng)
		typed := []string{first, second, first + " " + second, second + " " + first, search.MissType(rng, first) + " " + second}[rng.IntN(5)]
		store := rng.Int64N(21)
		seen := map[string]bool{}
		for _, o := range mustRich(t, s.Client, typed, store) {
			p := search.Params{Query: o.Text, StoreID: store}
			switch lower := strings.ToLower(o.Text); {
			case seen[lower]:
				t.Errorf("%q in store %d: %q is there twice", typed, store, o.Text)
			default:
				seen[lower] = true
			}
			if o.Type == search.SuggestProduct {
				if !carried[o.ID][store] {
					t.Errorf("%q in store %d: it does not carry %d", typed, store, o.ID)
				}
				continue
			}
			if o.Type == search.SuggestCategory {
				p = search.Params{Categories: []string{o.Text}, StoreID: store}
			}
			p = filled(p)
			if page := MustSearch(t, s.Client, p); page.Count == 0 {
				t.Errorf("%q in store %d: %s %q leads to nothing", typed, store, o.Type, o.Text)
			}
			if p.Query == "" {
				continue
			}
			if all, err := s.post(t.Context(), s.onLive(p), covered(p)); all.Hits.Total.Value == 0 || err != nil {
				t.Errorf("%q in store %d: no product has all words of %s %q, %v", typed, store, o.Type, o.Text, err)
			}
		}
	}
}

func texts(list []search.Suggestion, kind search.SuggestionType) []string {
	var found []string
	for _, s := range list {
		if s.Type == kind {
			found = append(found, s.Text)
		}
	}
	return found
}

func TestRichSuggestionsOfTheDemo(t *testing.T) {
	t.Parallel()
	s := MustShop(t)
	for typed, want := range map[string]map[search.SuggestionType]string{
		"lap hp":      {search.SuggestQuery: "hp laptop"},
		"hp note":     {search.SuggestQuery: "hp notebook"},
		"tripp li":    {search.SuggestBrand: "Tripp Lite"},
		"kensingtom":  {search.SuggestBrand: "Kensington"},
		"note":        {search.SuggestCategory: "Notebooks"},
		"PRINTERS sc": {search.SuggestCategory: "Printers & Scanners"},
	} {
		list := mustRich(t, s.Client, typed, 0)
		for kind, text := range want {
			if !slices.Contains(texts(list, kind), text) {
				t.Errorf("%q does not offer the %s %q but %+v", typed, kind, text, list)
			}
		}
	}
	for _, typed := range []string{"", "hp", "  hp ", "\x00\x00\x00", "😀😀😀", "***", strings.Repeat("w", 600), strings.Repeat("zqxwvk ", 70), `"\"\\`} {
		if list := mustRich(t, s.Client, typed, 0); len(list) != 0 {
			t.Errorf("%.20q offers %+v", typed, list)
		}
	}
	if list := mustRich(t, s.Client, "canon", 999); len(list) != 0 {
		t.Errorf("an unknown store offers %+v", list)
	}
}

func TestRichSuggestionsOfAFewProducts(t *testing.T) {
	t.Parallel()
	docs := []search.Document{document(1, "Acme Rover 5 lamp"), document(2, "ACME ROVER 5 LAMP"), document(3, "Acme Rover 7 lamp <b>"), document(4, "Bolt Crème 5 torch")}
	for i := range docs {
		docs[i].Brand = "Acme"
	}
	docs[3].Brand, docs[3].Stock = "Bolt", []search.Stock{{StoreID: 2, Quantity: 0}}
	c, _ := MustLive(t, docs...)
	want := []search.Suggestion{
		{Type: search.SuggestQuery, Text: "acme rover", Completed: "<em>acme</em> ro<em>ver</em>"},
		{Type: search.SuggestQuery, Text: "rover", Completed: "ro<em>ver</em>"},
		{Type: search.SuggestQuery, Text: "acme rover lamp", Completed: "<em>acme</em> ro<em>ver lamp</em>"},
		{Type: search.SuggestQuery, Text: "rover lamp", Completed: "ro<em>ver lamp</em>"},
		{Type: search.SuggestProduct, Text: "Acme Rover 5 lamp", Completed: "<em>Acme</em> Ro<em>ver 5 lamp</em>", ID: 1},
		{Type: search.SuggestProduct, Text: "Acme Rover 7 lamp <b>", Completed: "<em>Acme</em> Ro<em>ver 7 lamp &lt;b&gt;</em>", ID: 3},
	}
	got := mustRich(t, c, " ro  ", 0)
	if len(got) != 0 {
		t.Errorf("two letters offer %+v", got)
	}
	got = mustRich(t, c, "ro ro", 1)
	for _, w := range want {
		if !slices.ContainsFunc(got, func(s search.Suggestion) bool { return s == w }) {
			t.Errorf("%+v is not in %+v", w, got)
		}
	}
	if got := mustRich(t, c, "flash creme", 2); len(texts(got, search.SuggestProduct)) != 1 {
		t.Errorf("another word for a torch: %+v", got)
	}
	if got := mustRich(t, c, "rovre acme", 1); len(got) == 0 || got[0].Completed != "acme <em>rover</em>" {
		t.Errorf("a misspelt word: %+v", got)
	}
	if got := mustRich(t, c, "bolt", 1); len(got) != 0 {
		t.Errorf("what the store does not carry: %+v", got)
	}
	live, err := c.Indexed(t.Context(), []int64{1, 4, 99}, 2)
	if err != nil || len(live) != 2 || live[4].Carried != true || live[4].Quantity != 0 || live[1].Carried {
		t.Errorf("%+v, %v", live, err)
	}
	live, err = c.Indexed(t.Context(), []int64{1, 4}, 0)
	if err != nil || !live[1].InStock || live[4].InStock || live[1].Price != 100 {
		t.Errorf("%+v, %v", live, err)
	}
}

// An index that an older program made takes documents of this one, and offers
// nothing that it does not know.
func TestAnIndexOfBeforeTakesNewFields(t *testing.T) {
	t.Parallel()
	node, prefix := testkit.Elasticsearch(t)
	before := elastic.Define()
	before.Hash = "before"
	properties := maps.Clone(before.Titles["properties"].(m))
	for _, field := range []string{"brand", "category", "kinds", "phrases", "typed"} {
		delete(properties, field)
	}
	before.Titles = maps.Clone(before.Titles)
	before.Titles["properties"] = properties
	old, err := New(Options{URLs: node, IndexPrefix: prefix, Definition: before})
	if err != nil {
		t.Fatal(err)
	}
	index := MustIndex(t, old)
	c := MustClient(t, node, prefix)
	lamp := document(1, "Acme Rover 5 lamp")
	write := []search.Write{{ID: 1, Version: 1, Document: &lamp, Listing: true}}
	if r := MustBulk(t, c, index, write)[0]; r.Outcome != search.Refused {
		t.Fatalf("a strict index took it: %+v", r)
	}
	if err := c.Tolerate(t.Context(), index); err != nil {
		t.Fatal(err)
	}
	write[0].Version = 2
	if r := MustBulk(t, c, index, write)[0]; r.Outcome != search.Stored {
		t.Fatalf("%+v", r)
	}
	MustSwap(t, c, index)
	if got := mustRich(t, c, "rover", 1); len(got) != 0 {
		t.Errorf("%+v", got)
	}
}
