package api

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
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
	Query    string  `query:"q" maxLength:"500" example:"laptop" doc:"What to look for; everything when empty."`
	Category string  `query:"category" example:"Notebooks" doc:"A category's name, in any case."`
	MinPrice string  `query:"min_price" example:"10.00" doc:"The lowest price, inclusive: a decimal."`
	MaxPrice string  `query:"max_price" example:"99.95" doc:"The highest price, inclusive: a decimal."`
	StoreID  integer `query:"store_id" doc:"Keeps what this store carries and adds inventory_quantity."`
	InStock  boolean `query:"in_stock" doc:"true keeps what is available: in that store, or anywhere."`
	Sort     string  `query:"sort" enum:"relevance,price,-price,newest" doc:"relevance by default with q, else newest."`
	Page     string  `query:"page" example:"2" doc:"A page's number, from 1, or last."`
	PageSize integer `query:"page_size" minimum:"1" maximum:"100" doc:"Results on a page: 10 unless said."`
	Explain  boolean `query:"explain" doc:"true says of each result why it is where it is."`
	Cursor   string  `query:"cursor" example:"start" doc:"start begins a walk that gives every product once while things change; then what next_cursor said."`

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
		Query:    r.query(in.Query),
		Category: clean(in.Category),
		MinPrice: r.price("min_price", in.MinPrice),
		MaxPrice: r.price("max_price", in.MaxPrice),
		StoreID:  r.id("store_id", in.StoreID),
		InStock:  r.flag("in_stock", in.InStock),
		Explain:  r.flag("explain", in.Explain),
		PageSize: r.between("page_size", in.PageSize, 1, search.MaxPageSize, search.DefaultPageSize),
		Cursor:   in.Cursor,
	}
	p.Sort = r.sort(in.Sort, p.Query)
	asked = r.logPosition(in.Position)
	if p.MinPrice != nil && p.MaxPrice != nil && *p.MinPrice > *p.MaxPrice {
		r.refuse("min_price", in.MinPrice, "must not be over max_price")
	}
	if in.Cursor != "" && in.Page != "" {
		r.refuse("cursor", in.Cursor, "cannot go together with page")
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
	case search.ByRelevance, search.ByPrice, search.ByPriceDesc, search.ByNewest:
		return by
	case "":
		if query != "" {
			return search.ByRelevance
		}
		return search.ByNewest
	}
	r.refuse("sort", raw, "must be relevance, price, -price or newest")
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

// searchKey names a search in the cache: requests that mean the same have the
// same key.
func searchKey(p search.Params) string {
	price := func(v *catalog.Price) string {
		if v == nil {
			return ""
		}
		return v.String()
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %s %s %d %t %s %d %d %t", p.Query, p.Category, price(p.MinPrice), price(p.MaxPrice),
		p.StoreID, p.InStock, p.Sort, p.Page, p.PageSize, p.Explain))
	return "search:3:" + hex.EncodeToString(sum[:16])
}

// sample tells whoever gathers queries of a search.
func (s *Server) sample(p search.Params) {
	if s.o.Sample != nil {
		s.o.Sample.Note(p)
	}
}
