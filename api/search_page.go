package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
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
	Explain     []clauseView `json:"explain,omitempty" nullable:"false" doc:"With explain=true: what gave the result its place, the most first. The sum decides."`
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
	// Results is a JSON array, and digest stands for it in an ETag.
	Results []byte
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

func packPage(p search.Page) (packedPage, error) {
	views := make([]resultView, len(p.Hits))
	for i, h := range p.Hits {
		views[i] = resultView{
			ID: h.ID, Title: h.Title, Description: h.Description, Price: h.Price.String(),
			Category: h.Category, Brand: h.Brand, SKU: h.SKU, Quantity: h.Quantity, Explain: clauseViews(h.Explain),
		}
	}
	results, err := marshal(views)
	if err != nil {
		return packedPage{}, fmt.Errorf("encode a page of results: %w", err)
	}
	return packedPage{
		Count: p.Count, Number: p.Number, NextCursor: p.NextCursor, DidYouMean: p.DidYouMean, Relaxed: p.Relaxed,
		Results: results, digest: digestOf(results),
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
	b = make([]byte, 0, len(p.Results)+512)
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
