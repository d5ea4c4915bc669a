//go:build integration

package elasticsearch

import (
	"math/rand/v2"
	"strings"
	"testing"

	"aforro/pkg/search"
)

// An exact SKU or GTIN comes first outright; of an ambiguous SKU one of its own.
func TestExactSKUAndGTINComeFirst(t *testing.T) {
	t.Parallel()
	s := MustShop(t)
	rng := rand.New(rand.NewPCG(13, 17))
	picked := make([]search.Document, 0, 400)
	for _, i := range rng.Perm(len(s.docs))[:300] {
		picked = append(picked, s.docs[i])
	}
	for _, d := range s.docs {
		if len(picked) < cap(picked) && strings.ContainsAny(d.SKU, " /#&+*\"'") {
			picked = append(picked, d)
		}
	}
	for i, d := range picked {
		sku := []string{d.SKU, strings.ToLower(d.SKU), strings.ToUpper(d.SKU)}[i%3]
		first := MustSearch(t, s.Client, search.Params{Query: sku}).Hits
		if len(first) == 0 || !strings.EqualFold(first[0].SKU, d.SKU) {
			t.Errorf("SKU %q: %+v", sku, first[:min(1, len(first))])
		}
		if d.GTIN == "" {
			continue
		}
		if first := MustSearch(t, s.Client, search.Params{Query: d.GTIN}).Hits; len(first) == 0 || first[0].ID != d.ID {
			t.Errorf("GTIN %q of %d: %+v", d.GTIN, d.ID, first[:min(1, len(first))])
		}
	}
}
