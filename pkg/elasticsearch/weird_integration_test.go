//go:build integration

package elasticsearch

import (
	"strings"
	"testing"

	"aforro/pkg/search"
)

func TestNoQueryIsTooOdd(t *testing.T) {
	t.Parallel()
	s := MustShop(t)
	for _, q := range []string{
		`+ - = && || > < ! ( ) { } [ ] ^ " ~ * ? : \ /`, `"unclosed`, `title:laptop AND (`, "*", "?", "~", `\`, "/a+/", "laptop~2^5", "{{x}}", "$gt", "' OR 1=1 --",
		strings.Repeat("a", 500), strings.Repeat("a ", 250), strings.Repeat("ab-1 ", 100), letters(250), strings.Repeat("1-", 250), strings.Repeat("laptob ", 71), words(71),
		"😀", "😀 🎉 👩‍👩‍👧‍👦", strings.Repeat("😀", 500), ".", "...---...", "!!!", " ", "\t\n", "\x00", "laptop\x00bag", "\x01\x02\x1d\x1e\x1f", "\xff\xfe",
		"حاسوب محمول", "\u202elaptop", "笔记本电脑", "ノートパソコン", "\u0301\u0301", "ß", "İ", "the", "a", "for", "with", "1", "0", "-1", "9999999999999999999999", "NaN", "1e400",
	} {
		for _, by := range []search.Sort{search.ByRelevance, search.ByNewest} {
			for _, page := range []int{1, search.LastPage} {
				if _, err := s.Search(t.Context(), filled(search.Params{Query: q, Sort: by, Page: page})); err != nil {
					t.Errorf("%.40q by %s, page %d: %v", q, by, page, err)
				}
			}
		}
		if _, err := s.Search(t.Context(), filled(search.Params{Query: q, Cursor: search.CursorStart, InStock: true, StoreID: 3})); err != nil {
			t.Errorf("%.40q in a walk: %v", q, err)
		}
	}
}

// letters are n words of one letter, the alphabet over and over.
func letters(n int) string {
	var list []string
	for i := range n {
		list = append(list, string(rune('a'+i%26)))
	}
	return strings.Join(list, " ")
}

// words are n different words of six letters that are close to many others.
func words(n int) string {
	var list []string
	for i := range n {
		list = append(list, "ca"+string(rune('a'+i%26))+string(rune('a'+i/26))+"on")
	}
	return strings.Join(list, " ")
}

func TestMisspeltWordsFindWhatWasMeant(t *testing.T) {
	t.Parallel()
	s := MustShop(t)
	for query, kind := range map[string]string{"labtop": "notebook", "pritner": "printer"} {
		types := map[int64]string{}
		for _, d := range s.docs {
			types[d.ID] = strings.ToLower(d.Title + " " + d.Category)
		}
		n := 0
		for _, id := range idsOf(MustSearch(t, s.Client, search.Params{Query: query})) {
			if strings.Contains(types[id], kind) || strings.Contains(types[id], "laptop") {
				n++
			}
		}
		if n < 8 {
			t.Errorf("%s: %d of the first ten say %s", query, n, kind)
		}
	}
}
