package elasticsearch

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/elastic/go-elasticsearch/v8/esapi"
	jsonfast "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"aforro/pkg/catalog"
	"aforro/pkg/fault"
	"aforro/pkg/search"
)

// Search answers one page. NotFound: there is no such page. Gone: the cursor
// has expired. Unavailable: Elasticsearch is away or the index is not built.
func (c *Client) Search(ctx context.Context, p search.Params) (search.Page, error) {
	ctx, cancel := context.WithTimeout(ctx, searchTimeout)
	defer cancel()
	if p.Cursor != "" {
		page, err := c.walk(ctx, p)
		if p.Cursor == search.CursorStart && errors.Is(err, errView) {
			// A node died right after the view was opened: it is opened elsewhere.
			return c.walk(ctx, p)
		}
		return page, err
	}
	page, err := c.page(ctx, p)
	return page, notBuilt(err)
}

// notBuilt: a live index that is missing is being built.
func notBuilt(err error) error {
	if fault.Is(err, fault.NotFound) && !errors.Is(err, errPage) {
		return unavailable(err)
	}
	return err
}

// errPage is a page that there is not.
var errPage = fault.New(fault.NotFound, "Invalid page.")

// page answers a numbered page.
func (c *Client) page(ctx context.Context, p search.Params) (search.Page, error) {
	if p.Page == search.LastPage && !p.Collapse {
		return c.lastPage(ctx, p)
	}
	if p.Page == search.LastPage {
		return c.lastFamilies(ctx, p)
	}
	if p.Page < 1 || int64(p.Page-1) > maxOffset/int64(p.PageSize) {
		return search.Page{}, errPage
	}
	from := int64(p.Page-1) * int64(p.PageSize)
	answer, r, err := c.ranked(ctx, p, from)
	if err != nil {
		return search.Page{}, err
	}
	if from > 0 && from >= answer.count() {
		return search.Page{}, errPage
	}
	return answer.page(p, r, p.Page), nil
}

// lastPage counts, then reads the last results from the end: in the opposite
// order they are the first, however many there are before them.
func (c *Client) lastPage(ctx context.Context, p search.Params) (search.Page, error) {
	p.Page = 1
	answer, r, err := c.ranked(ctx, p, 0)
	total, size := answer.Hits.Total.Value, int64(p.PageSize)
	if err != nil || total <= size {
		return answer.page(p, r, 1), err
	}
	request := body(p, r)
	request["size"], request["sort"] = (total-1)%size+1, reversed(p)
	facets := answer.facets
	answer, err = c.post(ctx, c.onLive(p), request)
	answer.facets = facets
	slices.Reverse(answer.Hits.Hits)
	return answer.page(p, r, int((total-1)/size+1)), err
}

// ranked reads the results from an offset on, and says how the words were taken.
// That must come out the same for every page of one query.
func (c *Client) ranked(ctx context.Context, p search.Params, from int64) (answer searchAnswer, r reading, err error) {
	r = c.asTyped(p)
	if from > 0 {
		if r, err = c.read(ctx, p); err != nil {
			return answer, r, err
		}
	}
	answer, err = c.at(ctx, p, from, r)
	if err != nil || p.Query == "" || from > 0 || answer.covers() {
		return answer, r, err
	}
	if r, err = c.reread(ctx, p); err == nil && r.words != p.Query {
		answer, err = c.at(ctx, p, 0, r)
	}
	return answer, r, err
}

// at reads one page from an offset: directly up to the window that
// Elasticsearch allows, by hops beyond.
func (c *Client) at(ctx context.Context, p search.Params, from int64, r reading) (searchAnswer, error) {
	request := body(p, r)
	request["size"] = p.PageSize
	if from+int64(p.PageSize) <= window {
		request["from"] = from
		return c.postCounting(ctx, c.onLive(p), p, request, r)
	}
	if p.Collapse {
		return searchAnswer{}, errPage // nothing can go on behind a family
	}
	after, found, err := c.hop(ctx, p, from, r)
	if err != nil {
		return searchAnswer{}, err
	}
	if !found {
		return searchAnswer{}, errPage
	}
	request["search_after"] = after
	return c.postCounting(ctx, c.onLive(p), p, request, r)
}

// pageParts is what is read of an answer; nothing else is sent.
var pageParts = []string{"pit_id", "hits.total.value", "hits.hits._id", "hits.hits._source", "hits.hits.sort", "hits.hits.matched_queries",
	"hits.hits._score", "hits.hits.highlight", "hits.hits.inner_hits.variants.hits.total.value", "aggregations.grouped.count", "aggregations.grouped.roughly"}

// onLive is a request to the live index for a page of p.
func (c *Client) onLive(p search.Params) esapi.SearchRequest {
	return esapi.SearchRequest{Index: c.live(), Preference: preference(p), FilterPath: pageParts, IncludeNamedQueriesScore: explained(p)}
}

// explained asks for what each named clause gave.
func explained(p search.Params) *bool {
	if p.Explain {
		return &yes
	}
	return nil
}

// live names the alias of the live products, or the version that is searched in
// its place; liveTitles the alias of their titles.
func (c *Client) live() []string { return []string{cmp.Or(c.searched, c.alias)} }

func (c *Client) liveTitles() []string { return []string{aliasOf(c.prefix, search.Titles)} }

// yes and no are for requests whose parameters are pointers.
var yes, no = true, false

// post sends a search.
func (c *Client) post(ctx context.Context, request esapi.SearchRequest, body m) (answer searchAnswer, err error) {
	return answer, c.ask(ctx, "search", request, body, &answer)
}

// ask sends a search and decodes the answer into out. A part of the shards is
// no answer.
func (c *Client) ask(ctx context.Context, doing string, request esapi.SearchRequest, body m, out any) error {
	text, err := written(body)
	if err != nil {
		return fmt.Errorf("%s: write the request: %w", doing, err)
	}
	request.Body, request.AllowPartialSearchResults = bytes.NewReader(text), &no
	answer, err := c.send(ctx, doing, request)
	if err != nil || out == nil {
		return err
	}
	if err := jsonfast.Unmarshal(answer, out, lenient); err != nil {
		return fmt.Errorf("%s: read the answer: %w", doing, err)
	}
	return nil
}

// written is a body as it is sent, the same each time.
func written(body m) ([]byte, error) {
	return jsonfast.Marshal(body, lenient, jsonfast.Deterministic(true))
}

// lenient reads and writes what encoding/json does, in less than half the time:
// searches are many, and their answers are long.
var lenient = jsonfast.JoinOptions(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))

// searchAnswer is what is read of a search's answer.
type searchAnswer struct {
	PIT  string `json:"pit_id"`
	Hits struct {
		Total struct {
			Value int64 `json:"value"`
		} `json:"total"`
		Hits []hit `json:"hits"`
	} `json:"hits"`
	Aggregations map[string]counted `json:"aggregations"`
	// facets are what the aggregations counted.
	facets []search.Facet
}

type hit struct {
	ID     int64 `json:"_id,string"`
	Source struct {
		SKU         string         `json:"sku"`
		Title       string         `json:"title"`
		Description string         `json:"description"`
		Brand       string         `json:"brand"`
		Category    string         `json:"category"`
		Cents       int64          `json:"price"`
		Stock       []search.Stock `json:"stock"`
	} `json:"_source"`
	Sort    json.RawMessage `json:"sort"`
	Score   *float64        `json:"_score"`
	Matched matched         `json:"matched_queries"`
	// Highlight is HTML by field, in one piece or several.
	Highlight map[string][]string `json:"highlight"`
	Inner     struct {
		Variants struct {
			Hits struct {
				Total struct {
					Value int64 `json:"value"`
				} `json:"total"`
			} `json:"hits"`
		} `json:"variants"`
	} `json:"inner_hits"`
}

// covers reports whether a hit of this page has all words.
func (a searchAnswer) covers() bool {
	return slices.ContainsFunc(a.Hits.Hits, func(h hit) bool { return h.matched(clauseCoverage) })
}

func (a searchAnswer) page(p search.Params, r reading, number int) search.Page {
	page := search.Page{
		Count: a.count(), Number: number, Facets: a.facets, Hits: make([]search.Hit, len(a.Hits.Hits)), DidYouMean: r.meant, Relaxed: r.left,
	}
	for i, h := range a.Hits.Hits {
		s := h.Source
		page.Hits[i] = search.Hit{
			ID: h.ID, SKU: s.SKU, Title: s.Title, Description: s.Description, Brand: s.Brand, Category: s.Category,
			Price: catalog.Price(s.Cents), Quantity: quantity(p.StoreID, s.Stock),
			Highlight: marked(h.Highlight), Variants: h.Inner.Variants.Hits.Total.Value,
		}
		if p.Near != nil {
			page.Hits[i].Nearest = p.Near.Nearest(s.Stock)
		}
		if p.Explain && p.Query != "" {
			page.Hits[i].Explain = h.reasons(r)
		}
	}
	return page
}

// quantity is what the store has; nil without a store.
func quantity(store int64, stock []search.Stock) *int64 {
	if store == 0 {
		return nil
	}
	var n int64
	for _, line := range stock {
		if line.StoreID == store {
			n = line.Quantity
		}
	}
	return &n
}
