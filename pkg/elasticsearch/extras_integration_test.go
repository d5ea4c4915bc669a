//go:build integration

package elasticsearch

import (
	"strings"
	"testing"

	"aforro/pkg/catalog"
	"aforro/pkg/fault"
	"aforro/pkg/search"
)

// families are those of some products, by key.
func (s *shop) families(ids []int64) map[string]int64 {
	wanted, counts := map[int64]bool{}, map[string]int64{}
	for _, id := range ids {
		wanted[id] = true
	}
	for _, d := range s.docs {
		if wanted[d.ID] {
			counts[family(d.Brand, d.Title, d.ID)]++
		}
	}
	return counts
}

func (s *shop) document(tb testing.TB, id int64) search.Document {
	tb.Helper()
	for _, d := range s.docs {
		if d.ID == id {
			return d
		}
	}
	tb.Fatalf("there is no product %d", id)
	return search.Document{}
}

func TestCollapsedPagesGiveEachFamilyOnce(t *testing.T) {
	t.Parallel()
	s := MustShop(t)
	for _, p := range []search.Params{
		{Query: "patch cable", PageSize: 100}, {Query: "toner", PageSize: 31, Sort: search.ByPrice}, {Categories: []string{"Patch Cables"}, PageSize: 100, Sort: search.ByNewest},
	} {
		every := s.everything(t, p)
		want := s.families(every)
		p.Collapse = true
		got := map[string]int64{}
		var last search.Page
		for p.Page = 1; ; p.Page++ {
			page := MustSearch(t, s.Client, p)
			if page.Count != int64(len(want)) {
				t.Fatalf("%+v: %d families, not %d", p, page.Count, len(want))
			}
			for _, h := range page.Hits {
				d := s.document(t, h.ID)
				key := family(d.Brand, d.Title, d.ID)
				if got[key] != 0 {
					t.Errorf("%+v: the family %q comes twice", p, key)
				}
				got[key] = h.Variants
			}
			if last = page; int64(p.Page*p.PageSize) >= page.Count {
				break
			}
		}
		for key, n := range want {
			if got[key] != n {
				t.Errorf("%+v: the family %q has %d variants, not %d", p, key, got[key], n)
			}
		}
		number := p.Page
		p.Page = search.LastPage
		if page := MustSearch(t, s.Client, p); page.Number != number || len(page.Hits) != len(last.Hits) || page.Hits[0].ID != last.Hits[0].ID {
			t.Errorf("%+v: the last page is %d with %d results, not %d with %d", p, page.Number, len(page.Hits), number, len(last.Hits))
		}
	}
	if _, err := s.Client.Search(t.Context(), filled(search.Params{Collapse: true, Page: 5000, PageSize: 100})); !fault.Is(err, fault.NotFound) {
		t.Errorf("a page behind all families: %v", err)
	}
}

func TestHighlights(t *testing.T) {
	t.Parallel()
	s := MustShop(t)
	page := MustSearch(t, s.Client, search.Params{Query: "wireless mouse", Highlight: true})
	for _, h := range page.Hits {
		if !strings.Contains(strings.ToLower(h.Highlight["title"]), "<em>mouse</em>") {
			t.Errorf("%d %q: %v", h.ID, h.Title, h.Highlight)
		}
	}
	for _, h := range MustSearch(t, s.Client, search.Params{Query: "pro & <em>", Highlight: true, PageSize: 100}).Hits {
		for field, text := range h.Highlight {
			if rest := strings.NewReplacer("<em>", "", "</em>", "").Replace(text); strings.ContainsAny(rest, "<>") {
				t.Errorf("%s of %d is not escaped: %s", field, h.ID, text)
			}
		}
	}
	if h := MustSearch(t, s.Client, search.Params{Query: "wireless mouse"}).Hits[0]; h.Highlight != nil {
		t.Errorf("nobody asked for %v", h.Highlight)
	}
}

func (s *shop) product(tb testing.TB, id int64) catalog.Product {
	tb.Helper()
	d := s.document(tb, id)
	return catalog.Product{ID: d.ID, Title: d.Title, Brand: d.Brand, Category: d.Category, Attributes: d.Attributes}
}

func TestSimilarProductsAreOfItsKind(t *testing.T) {
	t.Parallel()
	s := MustShop(t)
	for _, query := range []string{"notebook", "toner cartridge", "wireless mouse", "lcd tv", "digital camera"} {
		to := s.product(t, MustSearch(t, s.Client, search.Params{Query: query}).Hits[0].ID)
		hits, err := s.Client.Similar(t.Context(), to, filled(search.Params{InStock: true}))
		if err != nil || len(hits) != search.DefaultPageSize {
			t.Errorf("%s: %d results, %v", to.Title, len(hits), err)
		}
		for _, h := range hits {
			d := s.product(t, h.ID)
			alike := singleHead(d) == singleHead(to)
			if !alike || h.ID == to.ID || family(d.Brand, d.Title, d.ID) == family(to.Brand, to.Title, to.ID) {
				t.Errorf("%q is said to be like %q", d.Title, to.Title)
			}
		}
	}
}

// singleHead is the head noun in the form that the index compares.
func singleHead(p catalog.Product) string {
	return strings.TrimSuffix(search.HeadNoun(productType(p)), "s")
}

func TestAccessoriesNameTheProduct(t *testing.T) {
	t.Parallel()
	s := MustShop(t)
	some := 0
	for _, query := range []string{"hp laserjet printer", "canon pixma printer", "thinkpad notebook", "galaxy smartphone"} {
		to := s.product(t, MustSearch(t, s.Client, search.Params{Query: query}).Hits[0].ID)
		hits, err := s.Client.Accessories(t.Context(), to, filled(search.Params{}))
		if err != nil {
			t.Fatal(err)
		}
		some += len(hits)
		for _, h := range hits {
			d := s.document(t, h.ID)
			if !search.IsAccessory(d.Title, productType(s.product(t, h.ID))) || h.ID == to.ID {
				t.Errorf("%q is said to be for %q", d.Title, to.Title)
			}
		}
		if len(hits) > 0 {
			t.Logf("%s: %s", to.Title, hits[0].Title)
		}
	}
	if some == 0 {
		t.Error("nothing has accessories")
	}
	if hits, err := s.Client.Accessories(t.Context(), catalog.Product{ID: 1, Title: "thing"}, filled(search.Params{})); err != nil || len(hits) != 0 {
		t.Errorf("a product without a name has %d accessories, %v", len(hits), err)
	}
}
