//go:build integration

package elasticsearch

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"aforro/pkg/catalog"
	"aforro/pkg/fault"
	"aforro/pkg/search"
)

// found is the oracle: which documents a search without words finds, in order.
func (s *shop) found(p search.Params) []search.Document {
	list := slices.DeleteFunc(slices.Clone(s.docs), func(d search.Document) bool { return !keeps(p, d) })
	slices.SortFunc(list, func(a, b search.Document) int { return before(p.Sort, a, b) })
	return list
}

func keeps(p search.Params, d search.Document) bool {
	carried, available, anywhere := false, false, false
	for _, line := range d.Stock {
		anywhere = anywhere || line.Quantity > 0
		if line.StoreID == p.StoreID {
			carried, available = true, line.Quantity > 0
		}
	}
	if p.StoreID == 0 {
		carried, available = true, anywhere
	}
	return carried && (available || !p.InStock) &&
		(len(p.Categories) == 0 || slices.ContainsFunc(p.Categories, func(c string) bool { return strings.EqualFold(c, d.Category) })) &&
		(p.MinPrice == nil || d.Price >= *p.MinPrice) && (p.MaxPrice == nil || d.Price <= *p.MaxPrice)
}

func before(by search.Sort, a, b search.Document) int {
	switch by {
	case search.ByPrice:
		return cmp.Or(cmp.Compare(a.Price, b.Price), cmp.Compare(a.ID, b.ID))
	case search.ByPriceDesc:
		return cmp.Or(cmp.Compare(b.Price, a.Price), cmp.Compare(a.ID, b.ID))
	}
	day := func(d search.Document) int64 {
		if d.ReleasedOn == nil {
			return -1 << 40
		}
		return d.ReleasedOn.Unix()
	}
	return cmp.Or(cmp.Compare(day(b), day(a)), cmp.Compare(b.ID, a.ID))
}

// randomFilters draws a combination of filters; half of the bounds are the very
// price of a product, so that being inclusive matters.
func (s *shop) randomFilters(rng *rand.Rand) search.Params {
	anyDoc := func() search.Document { return s.docs[rng.IntN(len(s.docs))] }
	p := search.Params{
		Sort: []search.Sort{search.ByNewest, search.ByPrice, search.ByPriceDesc}[rng.IntN(3)], InStock: rng.IntN(2) == 0,
		PageSize: 1 + rng.IntN(search.MaxPageSize), Page: 1 + rng.IntN(2),
	}
	if rng.IntN(2) == 0 {
		p.StoreID = int64(rng.IntN(22)) // 21 is no store
	}
	if rng.IntN(2) == 0 {
		p.Categories = []string{[]func(string) string{strings.ToLower, strings.ToUpper, strings.TrimSpace}[rng.IntN(3)](anyDoc().Category)}
	}
	bound := func() *catalog.Price {
		price := anyDoc().Price + catalog.Price(rng.IntN(2))
		return &price
	}
	if rng.IntN(2) == 0 {
		p.MinPrice = bound()
	}
	if rng.IntN(2) == 0 {
		p.MaxPrice = bound()
	}
	return p
}

func TestFiltersSortsAndCountsAgreeWithACountByHand(t *testing.T) {
	t.Parallel()
	s := MustShop(t)
	rng := rand.New(rand.NewPCG(3, 7))
	for range 200 {
		p := s.randomFilters(rng)
		t.Run(fmt.Sprintf("%+v", p), func(t *testing.T) { s.compare(t, p) })
	}
}

func (s *shop) compare(t *testing.T, p search.Params) {
	t.Helper()
	want := s.found(p)
	from := (p.Page - 1) * p.PageSize
	page, err := s.Search(t.Context(), p)
	if p.Page > 1 && from >= len(want) {
		if !fault.Is(err, fault.NotFound) {
			t.Errorf("page %d of %d results: %v, want NotFound", p.Page, len(want), err)
		}
		return
	}
	if err != nil || page.Count != int64(len(want)) || page.Number != p.Page {
		t.Fatalf("count %d, page %d, %v; want %d", page.Count, page.Number, err, len(want))
	}
	want = want[from:min(len(want), from+p.PageSize)]
	if len(page.Hits) != len(want) {
		t.Fatalf("%d hits, want %d", len(page.Hits), len(want))
	}
	for i, h := range page.Hits {
		if d := want[i]; !sameProduct(h, d, p.StoreID) {
			t.Fatalf("hit %d: %+v, want product %d", i, h, d.ID)
		}
	}
}

// sameProduct also compares what the store has.
func sameProduct(h search.Hit, d search.Document, store int64) bool {
	quantity := int64(-1)
	for _, line := range d.Stock {
		if line.StoreID == store {
			quantity = line.Quantity
		}
	}
	if store == 0 && h.Quantity != nil || store != 0 && (h.Quantity == nil || *h.Quantity != quantity) {
		return false
	}
	return h.ID == d.ID && h.SKU == d.SKU && h.Title == d.Title && h.Description == d.Description &&
		h.Brand == d.Brand && h.Category == d.Category && h.Price == d.Price
}

// Words combine with filters: what is found is exactly what the words find,
// less what the filters drop.
func TestFiltersCombineWithWords(t *testing.T) {
	t.Parallel()
	s := MustShop(t)
	most := catalog.Price(50_000)
	all := s.everything(t, search.Params{Query: "laptop case", Sort: search.ByPrice})
	byID := map[int64]search.Document{}
	for _, d := range s.docs {
		byID[d.ID] = d
	}
	for _, p := range []search.Params{
		{StoreID: 4}, {StoreID: 4, InStock: true}, {InStock: true}, {MaxPrice: &most}, {Categories: []string{"bags & cases"}},
		{Categories: []string{"BAGS & CASES"}, StoreID: 9, InStock: true, MinPrice: &most},
	} {
		var want []int64
		for _, id := range all {
			if keeps(p, byID[id]) {
				want = append(want, id)
			}
		}
		p.Query, p.Sort = "laptop case", search.ByPrice
		if got := s.everything(t, p); !slices.Equal(got, want) {
			t.Errorf("%+v: %d products, want %d", p, len(got), len(want))
		}
	}
}

// everything walks all pages of a search.
func (s *shop) everything(t *testing.T, p search.Params) (ids []int64) {
	t.Helper()
	p.PageSize = search.MaxPageSize
	for p.Page = 1; ; p.Page++ {
		page := MustSearch(t, s.Client, p)
		ids = append(ids, idsOf(page)...)
		if int64(len(ids)) >= page.Count {
			if int64(len(ids)) != page.Count {
				t.Fatalf("%d results, the count says %d", len(ids), page.Count)
			}
			return ids
		}
	}
}

func TestACategoryThatIsNotThereFindsNothing(t *testing.T) {
	t.Parallel()
	s := MustShop(t)
	for _, category := range []string{"no such category", "note", "Notebooks\x00", strings.Repeat("x", 40_000)} {
		if page := MustSearch(t, s.Client, search.Params{Categories: []string{category}}); page.Count != 0 || len(page.Hits) != 0 {
			t.Errorf("%.20q: count %d", category, page.Count)
		}
	}
}
