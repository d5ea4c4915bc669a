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
	Status       int
	ContentType  string `header:"Content-Type" hidden:"true"`
	CacheControl string `header:"Cache-Control"`
	Age          string `header:"Age" doc:"Seconds since a cached answer was made."`
	ETag         string `header:"ETag" doc:"Of these very bytes; If-None-Match with it answers 304 while they are the same."`
	Vary         string `header:"Vary"`
	Position     string `header:"X-Aforro-Position" doc:"How far the index was when it was asked; absent when that is not known."`
	IndexAge     string `header:"X-Aforro-Index-Age" doc:"Seconds since the index had everything up to that position." example:"0.412"`
	Stale        string `header:"X-Aforro-Stale" doc:"true: the position asked for was not reached in time, or prices and stock are the index's."`
	Body         []byte
}

// tell says how far the index was when it was asked.
func (r *readyMade) tell(k search.Known, stale bool) {
	if k.Visible > 0 {
		r.Position = search.FormatPosition(k.Visible)
	}
	if !k.AsOf.IsZero() {
		r.IndexAge = strconv.FormatFloat(max(0, time.Since(k.AsOf).Seconds()), 'f', 3, 64)
	}
	if stale {
		r.Stale = "true"
	}
}

const jsonUTF8 = "application/json; charset=utf-8"

func (s *Server) routeSearch() {
	registry := s.huma.OpenAPI().Components.Schemas
	titles := &huma.Schema{Type: huma.TypeArray, Items: &huma.Schema{Type: huma.TypeString}}
	register(s, huma.Operation{
		OperationID: "search-products", Method: http.MethodGet, Path: "/api/search/products/", Tags: []string{"Search"},
		Summary: "Search products", Description: searchDoc,
		Responses: or304(ok200("A page of results.", registry.Schema(typeOf[searchView](), true, ""))),
		Errors:    []int{http.StatusBadRequest, http.StatusNotFound, http.StatusGone},
	}, s.search)
	register(s, huma.Operation{
		OperationID: "suggest-titles", Method: http.MethodGet, Path: "/api/search/suggest/", Tags: []string{"Search"},
		Summary: "Suggest titles while typing", Description: suggestDoc,
		Responses: or304(ok200("Up to 10 titles.", titles)),
		Errors:    []int{http.StatusBadRequest, http.StatusNotFound},
	}, s.suggest)
}

// search answers from the cache when it may, else from the engine. A position
// that is asked for is waited for before either.
func (s *Server) search(ctx context.Context, in *searchInput) (*readyMade, error) {
	p, asked, err := in.params()
	if err != nil {
		return nil, err
	}
	if p.StoreID != 0 {
		if err := s.stores.check(ctx, p.StoreID, "query.store_id"); err != nil {
			return nil, err
		}
	}
	reached := s.await(ctx, asked)
	s.sample(p)
	cached := s.o.SearchCache > 0 && p.Cursor == ""
	key := searchKey(p) + ":" + s.o.Ranking
	if cached && !wantsFresh(in.CacheControl) {
		if page, age, found := s.cachedPage(ctx, key, asked); found {
			return s.searchAnswer(in, p, page, &age), nil
		}
	}
	page, err := s.searchEngine(ctx, p)
	if err != nil {
		return nil, err
	}
	if cached && !page.Stale {
		s.o.Cache.Set(ctx, key, page.pack(), s.o.SearchCache)
	}
	page.Behind = !reached
	return s.searchAnswer(in, p, page, nil), nil
}

// cachedPage gives the page of the cache, and how old it is, when nothing on it
// has changed since and the index was as far as asked for when it was made.
func (s *Server) cachedPage(ctx context.Context, key string, asked search.Version) (packedPage, time.Duration, bool) {
	value, age, found := s.o.Cache.Get(ctx, key)
	if !found {
		return packedPage{}, 0, false
	}
	page, ok := unpackPage(value)
	age += page.Took
	outcome := "shown"
	switch {
	case !ok:
		outcome = "broken"
	case page.Known.Visible < asked:
		outcome = "early"
	case !s.o.Watch.Shows(page.Known.Stamp, page.IDs, age):
		outcome = "stale"
	}
	s.pages.WithLabelValues(outcome).Inc()
	return page, age, outcome == "shown"
}

// searchEngine asks the engine, within the gate and the time that a search has,
// and the database for what the index may not know yet.
func (s *Server) searchEngine(ctx context.Context, p search.Params) (packedPage, error) {
	ctx, cancel := context.WithTimeout(ctx, searchTimeout)
	defer cancel()
	if err := s.gate.enter(ctx); err != nil {
		return packedPage{}, err
	}
	defer s.gate.leave()
	known, begun := s.o.Watch.Known(), time.Now()
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
	ids := idsOf(page.Hits)
	live := s.complete(ctx, p, &page)
	packed, err := packPage(page)
	packed.Known, packed.IDs, packed.Took, packed.Stale = known, ids, time.Since(begun), !live
	return packed, err
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
	links := s.links(in.Address)
	link := func(name, value string) *string {
		links.query.Set(name, value)
		l := links.String()
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
	body, etag := page.body(next, previous, p.Cursor != "")
	out := &readyMade{Status: http.StatusOK, ContentType: jsonUTF8, CacheControl: "no-store", Body: body}
	out.tell(page.Known, page.Stale || page.Behind)
	if s.o.SearchCache > 0 && p.Cursor == "" && !page.Stale {
		out.CacheControl, out.ETag = "no-cache", etag // others than we are not told of changes
		out.since(age)
	}
	return out.unlessKnown(in.IfNoneMatch)
}

// since says how old a cached answer is; age is nil for one that was made now.
func (r *readyMade) since(age *time.Duration) {
	if age != nil {
		r.Age = strconv.Itoa(int(age.Seconds()))
	}
}
