package api

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"aforro/pkg/fault"
	"aforro/pkg/search"
)

// readyMade is an answer whose body is already JSON.
type readyMade struct {
	ContentType  string `header:"Content-Type" hidden:"true"`
	CacheControl string `header:"Cache-Control"`
	Age          string `header:"Age" doc:"Seconds since a cached answer was made."`
	Body         []byte
}

const jsonUTF8 = "application/json; charset=utf-8"

func (s *Server) routeSearch() {
	registry := s.huma.OpenAPI().Components.Schemas
	register(s, huma.Operation{
		OperationID: "search-products", Method: http.MethodGet, Path: "/api/search/products/", Tags: []string{"Search"},
		Summary: "Search products", Description: searchDoc,
		Responses: ok200("A page of results.", registry.Schema(typeOf[searchView](), true, "")),
		Errors:    []int{http.StatusBadRequest, http.StatusNotFound, http.StatusGone},
	}, s.search)
	register(s, huma.Operation{
		OperationID: "suggest-titles", Method: http.MethodGet, Path: "/api/search/suggest/", Tags: []string{"Search"},
		Summary: "Suggest titles while typing", Description: suggestDoc,
		Responses: ok200("Up to 10 titles.", &huma.Schema{Type: huma.TypeArray, Items: &huma.Schema{Type: huma.TypeString}}),
		Errors:    []int{http.StatusBadRequest, http.StatusNotFound},
	}, s.suggest)
}

// search answers from the cache when it may, else from the engine.
func (s *Server) search(ctx context.Context, in *searchInput) (*readyMade, error) {
	p, err := in.params()
	if err != nil {
		return nil, err
	}
	if p.StoreID != 0 {
		if err := s.stores.check(ctx, p.StoreID, "query.store_id"); err != nil {
			return nil, err
		}
	}
	s.sample(p)
	cached := s.o.SearchCache > 0 && p.Cursor == ""
	key := searchKey(p)
	if cached && !wantsFresh(in.CacheControl) {
		if value, age, found := s.o.Cache.Get(ctx, key); found {
			if page, ok := unpackPage(value); ok {
				return s.searchAnswer(in, p, page, &age), nil
			}
		}
	}
	page, err := s.searchEngine(ctx, p)
	if err != nil {
		return nil, err
	}
	if cached {
		s.o.Cache.Set(ctx, key, page.pack(), s.o.SearchCache)
	}
	return s.searchAnswer(in, p, page, nil), nil
}

// searchEngine asks the engine, within the gate and the time that a search has.
func (s *Server) searchEngine(ctx context.Context, p search.Params) (packedPage, error) {
	ctx, cancel := context.WithTimeout(ctx, searchTimeout)
	defer cancel()
	if err := s.gate.enter(ctx); err != nil {
		return packedPage{}, err
	}
	defer s.gate.leave()
	page, err := s.o.Engine.Search(ctx, p)
	if err != nil {
		return packedPage{}, blame(err, p)
	}
	if p.Cursor == "" && p.Page != search.LastPage {
		page.Number = p.Page
		if p.Page > lastPage(page.Count, p.PageSize) {
			return packedPage{}, errInvalidPage(strconv.Itoa(p.Page))
		}
	}
	return packPage(page)
}

// blame names the parameter that the engine refused, which does not know what
// it is called here. The engine's error is left as it is: it may be shared.
func blame(err error, p search.Params) error {
	var f *fault.Error
	switch {
	case !errors.As(err, &f) || len(f.Fields) > 0:
		return err
	case f.Code == fault.NotFound && p.Page == search.LastPage:
		return errInvalidPage("last")
	case f.Code == fault.NotFound:
		return errInvalidPage(strconv.Itoa(p.Page))
	case p.Cursor != "" && (f.Code == fault.Invalid || f.Code == fault.Gone):
		return fault.Wrap(err, f.Code, "%s", f.Message).With(fault.Field{Location: "query.cursor", Message: f.Message})
	}
	return err
}

// lastPage is the number of the last page; an empty result has one page.
func lastPage(count int64, size int) int {
	return int(max(1, (count+int64(size)-1)/int64(size)))
}

func errInvalidPage(page string) error {
	return fault.New(fault.NotFound, "Invalid page.").With(fault.Field{
		Location: "query.page", Message: "is no page of this result: a number from 1 on, or last", Value: page})
}

// searchAnswer makes the body: the links belong to the request, the rest to the
// page. age is nil unless the page comes from the cache.
func (s *Server) searchAnswer(in *searchInput, p search.Params, page packedPage, age *time.Duration) *readyMade {
	var next, previous *string
	link := func(name, value string) *string {
		l := s.link(in.Address, map[string]string{name: value})
		return &l
	}
	switch {
	case p.Cursor != "":
		if page.NextCursor != "" {
			next = link("cursor", page.NextCursor)
		}
	default:
		if page.Number < lastPage(page.Count, p.PageSize) {
			next = link("page", strconv.Itoa(page.Number+1))
		}
		if page.Number > 1 {
			previous = link("page", strconv.Itoa(page.Number-1))
		}
	}
	out := &readyMade{ContentType: jsonUTF8, CacheControl: "no-store", Body: page.body(next, previous, p.Cursor != "")}
	if s.o.SearchCache > 0 && p.Cursor == "" {
		out.cacheable(s.o.SearchCache, age)
	}
	return out
}

// cacheable says how long the answer stays good, and how old it is already.
func (r *readyMade) cacheable(ttl time.Duration, age *time.Duration) {
	r.CacheControl = "max-age=" + strconv.Itoa(int(ttl.Seconds()))
	if age != nil {
		r.Age = strconv.Itoa(int(age.Seconds()))
	}
}
