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
	Length       string `header:"Content-Length" hidden:"true"`
	CacheControl string `header:"Cache-Control"`
	Age          string `header:"Age" doc:"Seconds since a cached answer was made."`
	ETag         string `header:"ETag" doc:"Of these very bytes; If-None-Match with it answers 304 while they are the same."`
	Vary         string `header:"Vary"`
	Position     string `header:"X-Aforro-Position" doc:"How far the index was when it was asked; absent when that is not known."`
	IndexAge     string `header:"X-Aforro-Index-Age" doc:"Seconds since the index had everything up to that position." example:"0.412"`
	Stale        string `header:"X-Aforro-Stale" doc:"true: the position asked for was not reached in time, or prices and stock are the index's, or the answer is past its time."`
	Body         []byte
}

// tell says how far the index was when it was asked, and how old a cached answer is.
func (r *readyMade) tell(page given) {
	if page.Known.Visible > 0 {
		r.Position = search.FormatPosition(page.Known.Visible)
	}
	if page.doubtful() {
		r.Stale = "true"
	}
	r.grow(page.cached, page.Known)
}

// grow says what hangs on the time of day.
func (r *readyMade) grow(cached *kept, known search.Known) {
	if !known.AsOf.IsZero() {
		r.IndexAge = strconv.FormatFloat(max(0, time.Since(known.AsOf).Seconds()), 'f', 3, 64)
	}
	if cached != nil {
		r.Age = strconv.Itoa(int(cached.age().Seconds()))
	}
}

// The routes whose answers are cached.
const (
	searchRoute  = "/api/search/products/"
	suggestRoute = "/api/search/suggest/"
)

const jsonUTF8 = "application/json; charset=utf-8"

func (s *Server) routeSearch() {
	registry := s.huma.OpenAPI().Components.Schemas
	titles := &huma.Schema{Type: huma.TypeArray, Items: &huma.Schema{Type: huma.TypeString}}
	rich := &huma.Schema{Type: huma.TypeArray, Items: registry.Schema(typeOf[suggestionView](), true, "")}
	register(s, huma.Operation{
		OperationID: "search-products", Method: http.MethodGet, Path: searchRoute, Tags: []string{"Search"},
		Summary: "Search products", Description: searchDoc, Parameters: []*huma.Param{attributeParam},
		Responses: or304(ok200("A page of results.", registry.Schema(typeOf[searchView](), true, ""))),
		Errors:    []int{http.StatusBadRequest, http.StatusNotFound, http.StatusGone},
	}, s.search)
	register(s, huma.Operation{
		OperationID: "suggest-titles", Method: http.MethodGet, Path: suggestRoute, Tags: []string{"Search"},
		Summary: "Suggest titles while typing", Description: suggestDoc,
		Responses: or304(ok200("Up to 10 titles; with format=rich suggestions of four types.", &huma.Schema{OneOf: []*huma.Schema{titles, rich}})),
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
	if err := s.place(ctx, p.Near); err != nil {
		return nil, err
	}
	reached := s.await(ctx, asked)
	if in.request.URL.Path != fragmentPath {
		s.sample(p) // half a word is no query
	}
	want := wanted{
		key: searchKey(p) + ":" + s.o.Ranking, watched: true, asked: asked, renew: wantsFresh(in.CacheControl),
		make: func(ctx context.Context) (packedPage, error) { return s.searchEngine(ctx, p) },
	}
	if p.Cursor == "" {
		want.fresh = s.o.SearchCache
	}
	if len(p.Facets) > 0 {
		want.fresh = min(want.fresh, facetsFresh)
	}
	got, err := s.answers.get(ctx, want)
	if err != nil {
		return nil, err
	}
	got.Behind = !reached
	out := s.searchAnswer(in, p, got)
	s.shelve(in.Address, got, form{answer: *out, want: want, store: p.StoreID, search: &p})
	return out.unlessKnown(in.IfNoneMatch), nil
}

// searchEngine asks the engine, and the database for what the index may not know yet.
func (s *Server) searchEngine(ctx context.Context, p search.Params) (packedPage, error) {
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
	if err := s.nameStores(ctx, p, page.Facets); err != nil {
		return packedPage{}, err
	}
	ids := idsOf(page.Hits)
	live := s.complete(ctx, p, &page)
	packed, err := packPage(page, p.Fields)
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
// page.
func (s *Server) searchAnswer(in *searchInput, p search.Params, page given) *readyMade {
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
	out.tell(page)
	if s.o.SearchCache > 0 && p.Cursor == "" && !page.doubtful() {
		out.CacheControl, out.ETag = "no-cache", etag // others than we are not told of changes
	}
	return out
}
