package api

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"aforro/pkg/catalog"
	"aforro/pkg/fault"
	"aforro/pkg/search"
)

const searchDoc = `Finds products by words, an exact SKU or GTIN, or lists them. Filters combine with AND.
Prices and stock are those of now; a product that has just sold out is not shown under in_stock=true. Answers may be cached until something on them changes;
send Cache-Control: no-cache for a fresh one. With the X-Aforro-Position of a write the answer has what was written.`

// searchInput is a search as it was asked for.
type searchInput struct {
	Address
	Query     string   `query:"q" maxLength:"500" example:"laptop" doc:"What to look for; everything when empty."`
	Category  []string `query:"category,explode" example:"Notebooks" doc:"A category's name, in any case; repeated: any of them."`
	Brand     []string `query:"brand,explode" example:"HP" doc:"A brand's name, in any case; repeated: any of them."`
	MinPrice  string   `query:"min_price" example:"10.00" doc:"The lowest price, inclusive: a decimal."`
	MaxPrice  string   `query:"max_price" example:"99.95" doc:"The highest price, inclusive: a decimal."`
	StoreID   integer  `query:"store_id" doc:"Keeps what this store carries and adds inventory_quantity."`
	InStock   boolean  `query:"in_stock" doc:"true keeps what is available: in that store, or anywhere."`
	Near      string   `query:"near" example:"19.076,72.878" doc:"A latitude and a longitude in degrees: keeps what is in stock in a store near there and adds nearest. Not with store_id."`
	Radius    string   `query:"radius_km" example:"50" doc:"How far near is: 50 unless said, at most 1000."`
	Facets    []string `query:"facets,explode" example:"brand,category,price" doc:"What to count, by commas: brand, category, price, store, attributes (those that matter for the hits), attr.<key>."`
	Sort      string   `query:"sort" enum:"relevance,price,-price,newest,distance" doc:"relevance by default with q, else newest. distance: the nearest store with stock first, only with near."`
	Page      string   `query:"page" example:"2" doc:"A page's number, from 1, or last."`
	PageSize  integer  `query:"page_size" minimum:"1" maximum:"100" doc:"Results on a page: 10 unless said."`
	Fields    string   `query:"fields" example:"id,title,price" doc:"Only these of each result, and what other parameters add; with commas between. id is always there."`
	Highlight boolean  `query:"highlight" doc:"true adds highlight to each result: HTML by field, escaped, with <em> around what matched."`
	Collapse  string   `query:"collapse" enum:"variants" doc:"variants shows one product of each family of colours, lengths, capacities and packs, and how many more match; count is of families. Numbered pages only."`
	Explain   boolean  `query:"explain" doc:"true says of each result why it is where it is."`
	Cursor    string   `query:"cursor" example:"start" doc:"start begins a walk that gives every product once while things change; then what next_cursor said."`

	CacheControl string `header:"Cache-Control" doc:"no-cache asks for a fresh answer."`
	IfNoneMatch  string `header:"If-None-Match" doc:"An ETag: 304 while the answer is the same."`
	Position     string `header:"X-Aforro-Position" example:"0/16B3748" doc:"What a write answered: the search waits for it, bounded, and has it."`
}

// maxPage bounds page numbers so that what they are multiplied with stays
// within 64 bits; no index has as many.
const maxPage = 1 << 31

// maxCursor bounds what a cursor may be, in bytes.
const maxCursor = 8 << 10

// params reads the request, and the position that the index must have reached.
// Wrong values are named all at once; a page that cannot be is fault.NotFound.
func (in *searchInput) params() (p search.Params, asked search.Version, err error) {
	var r reader
	p = search.Params{
		Query:      strings.Join(strings.Fields(r.query(in.Query)), " "),
		Categories: r.values("category", in.Category),
		Brands:     r.values("brand", in.Brand),
		Attributes: r.attributes(in.request.URL.Query()),
		MinPrice:   r.price("min_price", in.MinPrice),
		MaxPrice:   r.price("max_price", in.MaxPrice),
		StoreID:    r.id("store_id", in.StoreID),
		InStock:    r.flag("in_stock", in.InStock),
		PageSize:   r.between("page_size", in.PageSize, 1, search.MaxPageSize, search.DefaultPageSize),
		Cursor:     in.Cursor,

		Fields: r.fields(in.Fields), Highlight: r.flag("highlight", in.Highlight), Explain: r.flag("explain", in.Explain), Collapse: r.collapse(in.Collapse),
	}
	p.Near, p.Facets = r.near(in.Near, in.Radius), r.facets(in.Facets)
	p.FacetWords = r.facetWords(in.request.URL.Query(), p.Facets)
	p.Sort = r.sort(in.Sort, p.Query)
	r.nearby(p)
	asked = r.logPosition(in.Position)
	if p.MinPrice != nil && p.MaxPrice != nil && *p.MinPrice > *p.MaxPrice {
		r.refuse("min_price", in.MinPrice, "must not be over max_price")
	}
	if in.Cursor != "" && in.Page != "" {
		r.refuse("cursor", in.Cursor, "cannot go together with page")
	}
	if in.Cursor != "" && p.Collapse {
		r.refuse("collapse", in.Collapse, "cannot go together with cursor: a walk gives every product")
	}
	if len(in.Cursor) > maxCursor {
		r.refuse("cursor", "", "is no cursor of ours")
	}
	if err := r.err(); err != nil {
		return p, asked, err
	}
	p.Page, err = page(in.Page)
	return p, asked, err
}

func (r *reader) query(raw string) string {
	q := clean(raw)
	if n := utf8.RuneCountInString(q); n > search.MaxQuery {
		r.wrong = append(r.wrong, fault.Field{Location: "query.q", Message: fmt.Sprintf("must have at most %d characters, and has %d", search.MaxQuery, n)})
	}
	return q
}

func (r *reader) price(name, raw string) *catalog.Price {
	if raw == "" {
		return nil
	}
	price, err := catalog.ParsePrice(raw)
	if err != nil {
		r.refuse(name, raw, "must be a decimal such as 27.95, not negative, with at most two decimals")
		return nil
	}
	return &price
}

func (r *reader) sort(raw, query string) search.Sort {
	switch by := search.Sort(raw); by {
	case search.ByRelevance, search.ByPrice, search.ByPriceDesc, search.ByNewest, search.ByDistance:
		return by
	case "":
		if query != "" {
			return search.ByRelevance
		}
		return search.ByNewest
	}
	r.refuse("sort", raw, "must be relevance, price, -price, newest or distance")
	return ""
}

func page(raw string) (int, error) {
	switch raw {
	case "":
		return 1, nil
	case "last":
		return search.LastPage, nil
	}
	n, err := strconv.Atoi(raw)
	if err != nil || n < 1 || n > maxPage {
		return 0, errInvalidPage(raw)
	}
	return n, nil
}

// sample tells whoever gathers queries of a search.
func (s *Server) sample(p search.Params) {
	if s.o.Sample != nil {
		s.o.Sample.Note(p)
	}
}

// fields reads the names of what is to be shown, in the order that they are shown.
func (r *reader) fields(raw string) []string {
	if raw == "" {
		return nil
	}
	asked := map[string]bool{}
	for name := range strings.SplitSeq(raw, ",") {
		if name = strings.TrimSpace(name); !slices.Contains(resultFields, name) {
			r.refuse("fields", raw, "must be of "+strings.Join(resultFields, ", ")+", with commas between")
			return nil
		}
		asked[name] = true
	}
	var fields []string
	for _, name := range resultFields {
		if asked[name] {
			fields = append(fields, name)
		}
	}
	return fields
}

func (r *reader) collapse(raw string) bool {
	if raw != "" && raw != "variants" {
		r.refuse("collapse", raw, "must be variants")
	}
	return raw == "variants"
}
