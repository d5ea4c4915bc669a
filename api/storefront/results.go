package storefront

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// PageSize is how many results a page shows.
const PageSize = 24

// Results is a page of results.
type Results struct {
	Frame
	Answer
}

// Results renders the page.
func (p *Pages) Results(view Results) ([]byte, error) {
	view.Title = view.Heading()
	return p.render("results", "frame.html", view)
}

// ResultsFragment renders what changes when the search does: filters and results.
func (p *Pages) ResultsFragment(view Results) ([]byte, error) {
	return p.render("results", "content", view)
}

// Heading says what is shown.
func (r Results) Heading() string {
	switch {
	case r.Search.Words() != "":
		return "Results for “" + r.Search.Words() + "”"
	case r.Search.get(paramCategory) != "":
		return r.Search.get(paramCategory)
	}
	return "All products"
}

// Summary says how many there are, and which of them are shown.
func (r Results) Summary() string {
	switch {
	case r.Count == 0:
		return "Nothing found"
	case r.Count == 1:
		return "1 product"
	case r.Count <= PageSize:
		return grouped(r.Count) + " products"
	}
	return fmt.Sprintf("%s products, page %s of %s", grouped(r.Count), grouped(r.Number()), grouped(r.Last()))
}

// Number is the page's, from 1; it stands between those before and after.
func (r Results) Number() int64 {
	if n, ok := pageOf(r.Previous); ok {
		return n + 1
	}
	return 1
}

// Last is the number of the last page.
func (r Results) Last() int64 { return max(1, (r.Count+PageSize-1)/PageSize) }

func pageOf(link *string) (int64, bool) {
	if link == nil {
		return 0, false
	}
	u, err := url.Parse(*link)
	if err != nil {
		return 0, false
	}
	n, err := strconv.ParseInt(u.Query().Get(paramPage), 10, 64)
	return n, err == nil
}

// Turn is a link to another page of the results.
type Turn struct {
	Number  int64
	Address string
	Current bool
	// Gap: pages are left out before this one.
	Gap bool
}

// Turns are the first and the last page, and those around this one.
func (r Results) Turns() []Turn {
	var turns []Turn
	var before int64
	for n := int64(1); n <= r.Last(); n++ {
		if n > 1 && n < r.Number()-1 {
			n = r.Number() - 1
		}
		if n > r.Number()+1 && n < r.Last() {
			n = r.Last()
		}
		turns = append(turns, Turn{Number: n, Address: r.at(n), Current: n == r.Number(), Gap: n > before+1})
		before = n
	}
	return turns
}

// Earlier is where the page before is; empty on the first.
func (r Results) Earlier() string {
	if r.Previous == nil {
		return ""
	}
	return r.at(r.Number() - 1)
}

// Later is where the next page is; empty on the last.
func (r Results) Later() string {
	if r.Next == nil {
		return ""
	}
	return r.at(r.Number() + 1)
}

func (r Results) at(number int64) string {
	if number == 1 {
		return r.Search.with().Address()
	}
	return r.Search.with(paramPage, strconv.FormatInt(number, 10)).Address()
}

// Sort is one order of the results; without a value it is the usual one.
type Sort struct {
	Value, Label string
	Selected     bool
}

// Sorts are the orders that make sense for the search.
func (r Results) Sorts() []Sort {
	sorts := []Sort{{Label: "Newest"}}
	if r.Search.Words() != "" {
		sorts = []Sort{{Label: "Best match"}, {Value: "newest", Label: "Newest"}}
	}
	sorts = append(sorts, Sort{Value: "price", Label: "Price, low to high"}, Sort{Value: "-price", Label: "Price, high to low"})
	if r.Search.Near() != "" {
		sorts = append(sorts, Sort{Value: byDistance, Label: "Nearest"})
	}
	for i := range sorts {
		sorts[i].Selected = sorts[i].Value != "" && sorts[i].Value == r.Search.get(paramSort)
	}
	return sorts
}

// Corrected is where the same search is with the words as they were probably meant.
func (r Results) Corrected() string { return r.Search.with(paramWords, r.DidYouMean).Address() }

// LeftOut are the words that had to be left out.
func (r Results) LeftOut() string { return "“" + strings.Join(r.Relaxed, "”, “") + "”" }

// Stock is what a result says of its stock.
type Stock struct {
	Text string
	// State is in, low or out.
	State string
}

// few is how many are few enough to say so.
const few = 5

// Stock is what the shopper's store has, or the nearest that has any; nil when
// neither is known.
func (r Results) Stock(h Hit) *Stock {
	switch {
	case h.Quantity != nil:
		return stockOf(*h.Quantity, r.City())
	case h.Nearest != nil:
		s := stockOf(h.Nearest.Quantity, h.Nearest.City)
		s.Text += fmt.Sprintf(", %.0f km away", h.Nearest.DistanceKM)
		return s
	}
	return nil
}

func stockOf(quantity int64, city string) *Stock {
	where := ""
	if city != "" {
		where = " in " + city
	}
	switch {
	case quantity <= 0:
		return &Stock{Text: "Sold out" + where, State: "out"}
	case quantity <= few:
		return &Stock{Text: fmt.Sprintf("Only %d left%s", quantity, where), State: "low"}
	}
	return &Stock{Text: grouped(quantity) + " in stock" + where, State: "in"}
}
