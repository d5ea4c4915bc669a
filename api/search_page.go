package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"time"

	"aforro/pkg/search"
)

// searchView is the body of a search, for its description; packedPage.body
// writes it.
type searchView struct {
	Count      int64        `json:"count" doc:"How many products match in all." example:"180"`
	Next       *string      `json:"next" nullable:"true" doc:"The next page, absolute; null on the last."`
	Previous   *string      `json:"previous" nullable:"true" doc:"The page before, absolute; null on the first."`
	NextCursor *string      `json:"next_cursor,omitempty" nullable:"true" doc:"Only in a cursor walk: where it goes on; null at its end."`
	DidYouMean string       `json:"did_you_mean,omitempty" doc:"The query as it was probably meant, when no product has all of its words. The results are those of it." example:"wireless mouse"`
	Relaxed    []string     `json:"relaxed,omitempty" nullable:"false" doc:"Words that were left out, because no product has them along with the others."`
	Results    []resultView `json:"results" nullable:"false"`
	Facets     []facetView  `json:"facets,omitempty" doc:"What facets asked for."`
}

// resultView is one product of a page.
type resultView struct {
	ID          int64        `json:"id" example:"79013747"`
	Title       string       `json:"title"`
	Description string       `json:"description"`
	Price       string       `json:"price" doc:"A decimal." example:"20.95"`
	Category    string       `json:"category" example:"Notebooks"`
	Brand       string       `json:"brand"`
	SKU         string       `json:"sku"`
	Quantity    *int64       `json:"inventory_quantity,omitempty" doc:"What the store of store_id has; only with it."`
	Nearest     *nearestView `json:"nearest,omitempty" doc:"The nearest store with stock; only with near."`
	// Highlight, Variants and Explain are there when they were asked for.
	Highlight map[string]string `json:"highlight,omitempty" doc:"HTML by field, escaped, with <em> around what matched; with highlight=true."`
	Variants  int64             `json:"variants,omitempty" doc:"How many products of its family match, this one among them; with collapse=variants."`
	Explain   []clauseView      `json:"explain,omitempty" nullable:"false" doc:"With explain=true: what gave the result its place, the most first. The sum decides."`
}

// resultFields can be chosen from: what every result has. The rest comes and goes
// with what asks for it.
var resultFields = []string{"id", "title", "description", "price", "category", "brand", "sku"}

// without takes the fields away that were not asked for.
func without(results []byte, asked []string) ([]byte, error) {
	var list []map[string]json.RawMessage
	if err := json.Unmarshal(results, &list); err != nil {
		return nil, err
	}
	for _, result := range list {
		for _, name := range resultFields[1:] {
			if !slices.Contains(asked, name) {
				delete(result, name)
			}
		}
	}
	return marshal(list)
}

// clauseView is one clause of the ranking that a result matches.
type clauseView struct {
	Because string  `json:"because" example:"all words found, or others that mean the same"`
	Field   string  `json:"field" doc:"Where; empty: anywhere." example:"title"`
	Adds    float64 `json:"adds" doc:"What it adds to the score; negative: what it takes away." example:"3"`
}

func typeOf[T any]() reflect.Type { return reflect.TypeFor[T]() }

// packedPage is a page whose results are JSON already: what is cached.
type packedPage struct {
	Count      int64
	Number     int
	NextCursor string
	DidYouMean string
	Relaxed    []string
	// Results is a JSON array, as is Facets, which is empty when none were asked for;
	// digest stands for both in an ETag.
	Results []byte
	Facets  []byte
	digest  digest
	// Known is what was known of the index before the engine was asked.
	Known search.Known
	// IDs are the products that the page was made of; a change of one of them makes
	// another page.
	IDs []int64
	// Took is how long the making took: what is on the page is older than its entry
	// in the cache by as much.
	Took time.Duration
	// Stale: some of it is the index's word where the database's is shown otherwise.
	// Behind: the position that was asked for is not in it.
	Stale, Behind bool
}

// doubtful reports whether something newer should have been on the page.
func (g given) doubtful() bool { return g.Stale || g.Behind || g.Old }

// viewHits makes the results; none but an empty list is nothing.
func viewHits(hits []search.Hit) []resultView {
	views := make([]resultView, len(hits))
	for i, h := range hits {
		views[i] = resultView{
			ID: h.ID, Title: h.Title, Description: h.Description, Price: h.Price.String(),
			Category: h.Category, Brand: h.Brand, SKU: h.SKU, Quantity: h.Quantity, Nearest: (*nearestView)(h.Nearest),
			Highlight: h.Highlight, Variants: h.Variants, Explain: clauseViews(h.Explain),
		}
	}
	return views
}

func packPage(p search.Page, fields []string) (packedPage, error) {
	results, err := marshal(viewHits(p.Hits))
	if err == nil && len(fields) > 0 {
		results, err = without(results, fields)
	}
	if err != nil {
		return packedPage{}, fmt.Errorf("encode a page of results: %w", err)
	}
	facets, err := packFacets(p)
	if err != nil {
		return packedPage{}, fmt.Errorf("encode the facets of a page: %w", err)
	}
	return packedPage{
		Count: p.Count, Number: p.Number, NextCursor: p.NextCursor, DidYouMean: p.DidYouMean, Relaxed: p.Relaxed,
		Results: results, Facets: facets, digest: digestOf(results, facets),
	}, nil
}

func clauseViews(reasons []search.Reason) []clauseView {
	var views []clauseView
	for _, r := range reasons {
		views = append(views, clauseView{r.Because, r.Field, r.Adds})
	}
	return views
}

func idsOf(hits []search.Hit) []int64 {
	ids := make([]int64, len(hits))
	for i, h := range hits {
		ids[i] = h.ID
	}
	return ids
}

// marshal is json.Marshal without escaping <, > and &, which no client needs.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// body writes what searchView describes, and the ETag of it. The results are not
// digested again.
func (p packedPage) body(next, previous *string, walk bool) (b []byte, etag string) {
	b = make([]byte, 0, len(p.Results)+len(p.Facets)+512)
	b = append(b, `{"count":`...)
	b = strconv.AppendInt(b, p.Count, 10)
	b = append(append(b, `,"next":`...), quoted(next)...)
	b = append(append(b, `,"previous":`...), quoted(previous)...)
	if walk {
		cursor := &p.NextCursor
		if p.NextCursor == "" {
			cursor = nil
		}
		b = append(append(b, `,"next_cursor":`...), quoted(cursor)...)
	}
	b = p.appendReading(b)
	b = append(b, `,"results":`...)
	etag = digestOf(append(b, p.digest[:]...)).etag()
	b = append(b, p.Results...)
	if len(p.Facets) > 0 {
		b = append(append(b, `,"facets":`...), p.Facets...)
	}
	return append(b, '}'), etag
}

// appendReading says how the words were taken, where that is not as typed.
func (p packedPage) appendReading(b []byte) []byte {
	if p.DidYouMean != "" {
		b = append(append(b, `,"did_you_mean":`...), quoted(&p.DidYouMean)...)
	}
	if len(p.Relaxed) == 0 {
		return b
	}
	between := `,"relaxed":[`
	for _, word := range p.Relaxed {
		b = append(append(b, between...), quoted(&word)...)
		between = ","
	}
	return append(b, ']')
}

func quoted(s *string) []byte {
	if s == nil {
		return []byte("null")
	}
	b, err := marshal(*s)
	if err != nil {
		panic("api: a string is always JSON: " + err.Error())
	}
	return b
}
