//go:build integration

package elasticsearch

import (
	"encoding/json"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"aforro/pkg/search"
)

// oddments is a small index whose titles say one thing in many forms.
func oddments(t *testing.T) *Client {
	t.Helper()
	c, _ := MustLive(t,
		search.Document{ID: 1, SKU: "TN-2110", Title: "Brother TN-2110 toner cartridge", Brand: "Brother", Category: "Toner", GTIN: "0882780756328"},
		search.Document{ID: 2, SKU: "x2", Title: "Acme wireless mouse", Brand: "Acme", Category: "Mice"},
		search.Document{ID: 3, SKU: "x3", Title: `Acme Book 39.6 cm (15.6") notebook`, Brand: "Acme", Category: "Notebooks", Attributes: json.RawMessage(`{"product_type": "Notebook"}`)},
		search.Document{ID: 4, SKU: "x4", Title: "Acme 2 TB hard drive", Brand: "Acme", Category: "Storage"},
		search.Document{ID: 5, SKU: "x5", Title: "Acme mouse pad", Brand: "Acme", Category: "Mouse Pads"},
		search.Document{ID: 6, SKU: "x6", Title: "Other laser printer", Brand: "Other", Category: "Printers"},
		search.Document{ID: 7, SKU: "x7", Title: "Other bag for Acme notebook", Brand: "Other", Category: "Bags", Description: "Fits notebooks by Acme"},
		search.Document{ID: 8, SKU: "TN-2110-NOT", Title: "Other stand for TN-2110", Brand: "Other", Category: "Stands"},
		search.Document{ID: 9, SKU: "x9", Title: "Acme headset", Brand: "Acme", Category: "Headsets", Attributes: json.RawMessage(`{"product_type": "Headset"}`)},
	)
	return c
}

func TestOneThingInManyForms(t *testing.T) {
	t.Parallel()
	c := oddments(t)
	for query, first := range map[string]int64{
		"tn-2110": 1, "TN2110 toner": 1, "tn 2110 toner": 1, "0882780756328": 1, "882780756328": 1,
		`15.6"`: 3, "15.6 inch notebook": 3, "15.6in laptop": 3, "15.6-inch": 3, "2tb": 4, "2 TB drive": 4, "2-tb": 4, "39.6 notebook": 3, "39.6cm notebook": 3,
		"mousepad": 5, "mouse pad": 5, "mouse": 2, "laptop": 3, "acme laptop": 3, "laptop bag": 7, "head set": 9,
	} {
		page := MustSearch(t, c, search.Params{Query: query})
		if len(page.Hits) == 0 || page.Hits[0].ID != first || page.Relaxed != nil {
			t.Errorf("%s: %v, %q left out; want %d first", query, idsOf(page), page.Relaxed, first)
		}
	}
}

func TestWordsAreCorrectedOneByOne(t *testing.T) {
	t.Parallel()
	c := oddments(t)
	for query, want := range map[string]search.Page{
		"wireles mouse":       {DidYouMean: "wireless mouse"},
		"mosue wirelss":       {DidYouMean: "mouse wireless"},
		"Lasre Printer":       {DidYouMean: "laser Printer"},
		"wirelessmouse":       {DidYouMean: "wireless mouse"},
		"wireless mouse qzqz": {Relaxed: []string{"qzqz"}},
		"wirless mouse qzqz":  {DidYouMean: "wireless mouse qzqz", Relaxed: []string{"qzqz"}},
		// Both are known and go together nowhere: the printer is what it is about.
		"wireless printer": {Relaxed: []string{"wireless"}},
		// A model number that is nearly right is another one.
		"tn-2111 toner":  {Relaxed: []string{"tn-2111"}},
		"head set qzqz":  {DidYouMean: "headset qzqz", Relaxed: []string{"qzqz"}},
		"mouse pad qzqz": {Relaxed: []string{"qzqz"}},
		"qzqz":           {}, "-": {}, "wireless mouse": {},
	} {
		page := MustSearch(t, c, search.Params{Query: query})
		if page.DidYouMean != want.DidYouMean || !slices.Equal(page.Relaxed, want.Relaxed) {
			t.Errorf("%s: meant %q, left out %q", query, page.DidYouMean, page.Relaxed)
		}
		if (page.Count == 0) != (query == "qzqz" || query == "-") {
			t.Errorf("%s: %d results", query, page.Count)
		}
		if walk := MustSearch(t, c, search.Params{Query: query, Cursor: search.CursorStart}); !slices.Equal(idsOf(walk), idsOf(page)) ||
			walk.DidYouMean != page.DidYouMean || !slices.Equal(walk.Relaxed, page.Relaxed) {
			t.Errorf("%s: a walk finds %v (%q, %q), a page %v", query, idsOf(walk), walk.DidYouMean, walk.Relaxed, idsOf(page))
		}
	}
}

// Each hit's reasons add up to its score, the same every time, and change nothing.
func TestReasonsAddUpToTheScore(t *testing.T) {
	t.Parallel()
	c := oddments(t)
	for _, query := range []string{"notebook", "acme", "tn-2110", "mouse pad", "wireless mouse", "laptop bag", "toner", "wirelss mouse", "headsets", "acme printer"} {
		p := filled(search.Params{Query: query, Explain: true})
		page := MustSearch(t, c, p)
		if !reflect.DeepEqual(page, MustSearch(t, c, p)) {
			t.Errorf("%s is explained otherwise the second time", query)
		}
		p.Explain = false
		if plain := MustSearch(t, c, p); !slices.Equal(idsOf(plain), idsOf(page)) || plain.Hits[0].Explain != nil {
			t.Errorf("%s: %v explained, %v not", query, idsOf(page), idsOf(plain))
		}
		p.Explain = true
		answer, _, err := c.ranked(t.Context(), p, 0)
		if err != nil {
			t.Fatal(err)
		}
		for i, h := range page.Hits {
			var sum float64
			for _, r := range h.Explain {
				sum += r.Adds
			}
			if score := *answer.Hits.Hits[i].Score; math.Abs(sum-score) > .01 || len(h.Explain) == 0 {
				t.Errorf("%s, product %d: %+v make %.3f, the score is %.3f", query, h.ID, h.Explain, sum, score)
			}
		}
	}
	page := MustSearch(t, c, search.Params{Query: "notebook", Explain: true})
	last := page.Hits[len(page.Hits)-1]
	if r := last.Explain[len(last.Explain)-1]; last.ID != 7 || r.Adds >= 0 || !strings.Contains(r.Because, "none was asked for") {
		t.Errorf("the bag is not explained: %+v", last)
	}
	sorted := MustSearch(t, c, search.Params{Query: "notebook", Explain: true, Sort: search.ByPrice})
	if len(sorted.Hits[0].Explain) == 0 {
		t.Error("results by price are not explained")
	}
}
