//go:build integration

package elasticsearch

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"aforro/pkg/search"
)

// Whoever keeps answers takes queries that are equal but for case for the same
// one.
func TestCaseDoesNotMatter(t *testing.T) {
	t.Parallel()
	s := MustShop(t)
	rng := rand.New(rand.NewPCG(1, 0))
	for range 150 {
		d := s.docs[rng.IntN(len(s.docs))]
		words := strings.Fields(d.Title)
		from := rng.IntN(len(words))
		q := strings.Join(words[from:min(from+1+rng.IntN(3), len(words))], " ")
		if rng.IntN(10) == 0 {
			q = d.SKU
		}
		p := search.Params{Query: q, Sort: search.ByRelevance, Page: 1, PageSize: 20}
		if rng.IntN(3) == 0 {
			p.Categories = []string{d.Category}
		}
		want := idsOf(MustSearch(t, s.Client, p))
		p.Query = strings.ToLower(p.Query)
		for i, c := range p.Categories {
			p.Categories[i] = strings.ToLower(c)
		}
		if got := idsOf(MustSearch(t, s.Client, p)); !slices.Equal(got, want) {
			t.Errorf("%q: %v, in small letters %v", q, want, got)
		}
	}
}
