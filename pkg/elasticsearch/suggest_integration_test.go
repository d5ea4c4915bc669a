//go:build integration

package elasticsearch

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"aforro/pkg/search"
)

// suggested is the oracle: what the whole catalogue offers for letters.
func (s *shop) suggested(typed string, store int64) []string {
	lower := strings.ToLower(strings.TrimSpace(typed))
	var begin, contain []string
	for i, d := range s.docs {
		if !strings.Contains(s.lower[i], lower) || !keeps(search.Params{StoreID: store}, d) {
			continue
		}
		if strings.HasPrefix(s.lower[i], lower) {
			begin = append(begin, d.Title)
		} else {
			contain = append(contain, d.Title)
		}
	}
	var list []string
	for _, group := range [][]string{begin, contain} {
		slices.SortFunc(group, func(a, b string) int {
			return cmp.Or(cmp.Compare(utf8.RuneCountInString(a), utf8.RuneCountInString(b)), strings.Compare(strings.ToLower(a), strings.ToLower(b)))
		})
		for _, title := range group {
			if !slices.ContainsFunc(list, func(t string) bool { return strings.EqualFold(t, title) }) {
				list = append(list, title)
			}
		}
	}
	return list[:min(len(list), search.MaxSuggest)]
}

// randomTyped takes letters from the beginning or the middle of a title.
func (s *shop) randomTyped(rng *rand.Rand) string {
	title := []rune(s.docs[rng.IntN(len(s.docs))].Title)
	from := 0
	if rng.IntN(2) == 0 {
		from = rng.IntN(max(1, len(title)-3))
	}
	typed := string(title[from:min(len(title), from+3+rng.IntN(12))])
	return []func(string) string{strings.ToLower, strings.ToUpper, strings.TrimSpace, func(s string) string { return " " + s + "\t" }}[rng.IntN(4)](typed)
}

func TestSuggestionsAgreeWithASearchByHand(t *testing.T) {
	t.Parallel()
	s := MustShop(t)
	rng := rand.New(rand.NewPCG(5, 11))
	typed := []string{"can", "CAN", "hp ", "eos 7d", "3.5", `15.6"`, "black", "(tm", "®", "intel®", "cable", "a b", "usb", "len", "1 m", "-- ", "&am", `"10`, "tripp lite"}
	for len(typed) < 300 {
		typed = append(typed, s.randomTyped(rng))
	}
	for i, text := range typed {
		store := int64(0)
		if i%3 == 0 {
			store = int64(1 + rng.IntN(20))
		}
		got, err := s.Suggest(t.Context(), text, store)
		if utf8.RuneCountInString(strings.TrimSpace(text)) < search.MinSuggest {
			if err != nil || len(got) != 0 {
				t.Errorf("%q: %q, %v; want none", text, got, err)
			}
			continue
		}
		if want := s.suggested(text, store); err != nil || !slices.EqualFunc(got, want, strings.EqualFold) {
			t.Errorf("%q in store %d: %v\n got %q\nwant %q", text, store, err, got, want)
		}
	}
}

func TestSuggestionsForOddLetters(t *testing.T) {
	t.Parallel()
	s := MustShop(t)
	for _, typed := range []string{
		"", "  ", "ca", " ca ", "   c", strings.Repeat("a", 5000), "can\x00", "\x00\x00\x00", "can\x1e", "can\x1f", "can\x1d", "\x1d\x1e\x1f",
		"😀😀😀", "👩‍👩‍👧‍👦", "\xff\xfe\xfd", "\u202eabc", `\"\\`, "*?*", "(((", strings.Repeat("w", 500), "a\nb\tc",
	} {
		if got, err := s.Suggest(t.Context(), typed, 0); err != nil || len(got) != 0 {
			t.Errorf("%.20q: %q, %v; want none", typed, got, err)
		}
	}
	if got, err := s.Suggest(t.Context(), "canon", 999); err != nil || len(got) != 0 {
		t.Errorf("an unknown store: %q, %v", got, err)
	}
}

// Many doubles and titles of one length must not hide the ones behind them.
func TestSuggestionsLookBehindDoubles(t *testing.T) {
	t.Parallel()
	var docs []search.Document
	for i := range int64(300) {
		docs = append(docs, document(1+i, []string{"Mount Black", "MOUNT BLACK"}[i%2]))
	}
	for i, title := range []string{"Mount Brown", "mount Alpha", "Mount Blacker", "A mount here", "The mountain", "a MOUNT here", "Zmount"} {
		docs = append(docs, document(1000+int64(i), title))
	}
	c, _ := MustLive(t, docs...)
	got, err := c.Suggest(t.Context(), "MOUNT", 0)
	want := []string{"mount alpha", "mount black", "mount brown", "mount blacker", "zmount", "a mount here", "the mountain"}
	if err != nil || !slices.EqualFunc(got, want, strings.EqualFold) {
		t.Errorf("%q, %v; want %q", got, err, want)
	}
}

// Titles may hold any character that PostgreSQL takes. Those that the completion
// suggester refuses are offered as spaces.
func TestTitlesWithOddCharactersAreStoredAndOffered(t *testing.T) {
	t.Parallel()
	titles := []string{"unit\x1fseparator", "record\x1eseparator", "group\x1dseparator", "\x1d\x1e\x1f", " ", "😀😀😀 lamp", "İstanbul case", "STRASSE ß", "\u202ertl text"}
	var docs []search.Document
	for i, title := range titles {
		docs = append(docs, document(int64(i+1), title))
	}
	c, _ := MustLive(t, docs...)
	for typed, want := range map[string]string{"😀😀😀": titles[5], "strasse ß": titles[7], "unit": "unit separator", "group\x1d": "group separator"} {
		if got, err := c.Suggest(t.Context(), typed, 0); err != nil || !slices.Equal(got, []string{want}) {
			t.Errorf("%q: %q, %v; want %q", typed, got, err, want)
		}
	}
}

// document is a small product.
func document(id int64, title string) search.Document {
	return search.Document{ID: id, SKU: "S-" + title[:1], Title: title, Category: "Things", Price: 100, Stock: []search.Stock{{StoreID: 1, Quantity: 2}}}
}

func TestSuggestionsAreQuick(t *testing.T) {
	t.Parallel()
	s := MustShop(t)
	for _, typed := range []string{"canon", "black", "cable", "e b"} {
		began := time.Now()
		if _, err := s.Suggest(t.Context(), typed, 0); err != nil || time.Since(began) > time.Second {
			t.Errorf("%q took %s: %v", typed, time.Since(began), err)
		}
	}
}
