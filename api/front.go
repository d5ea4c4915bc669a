package api

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"

	"aforro/api/storefront"
	"aforro/pkg/catalog"
)

// front is what the pages for shoppers are made with. They show what the routes
// for programs answer: searches, orders and refusals go the same ways.
type front struct {
	*storefront.Pages
	guard *http.CrossOriginProtection
	// routes are those of pages, as Gin writes them.
	routes map[string]bool
}

func newFront(o *Options) (*front, error) {
	pages, err := storefront.New(o.ImageOrigins)
	if err != nil {
		return nil, err
	}
	f := &front{Pages: pages, guard: http.NewCrossOriginProtection(), routes: map[string]bool{}}
	if u, err := url.Parse(o.PublicURL); err == nil && u.Host != "" {
		err = f.guard.AddTrustedOrigin(u.Scheme + "://" + u.Host)
		return f, err
	}
	return f, nil
}

// pageAnswer is a page, or where to go.
type pageAnswer struct {
	Status      int
	ContentType string `header:"Content-Type"`
	Policy      string `header:"Content-Security-Policy"`
	RetryAfter  string `header:"Retry-After"`
	Location    string `header:"Location"`
	Body        []byte
}

func (s *Server) routeFront() {
	registerPage(s, http.MethodGet, "/", s.frontResults)
	registerPage(s, http.MethodGet, fragmentPath, s.frontFragment)
	registerPage(s, http.MethodGet, "/products/{id}/", s.frontProduct)
	registerPage(s, http.MethodPost, "/products/{id}/order/", s.frontPlace)
	registerPage(s, http.MethodGet, "/orders/{id}/page/", s.frontOrder)
	s.engine.GET("/assets/:version/:name/", s.frontAsset)
	s.front.routes["/assets/:version/:name/"] = true
}

// fragmentPath answers the part of the page of results that changes with the search.
const fragmentPath = "/results/"

// registerPage adds a page. Its refusals are pages too.
func registerPage[I any](s *Server, method, path string, handle func(context.Context, *I) (*pageAnswer, error)) {
	limit := requestTimeout + s.o.PositionWait
	if method == http.MethodPost {
		limit += mostWait
	}
	op := huma.Operation{
		Method: method, Path: path, Hidden: true, SkipValidateParams: true, SkipValidateBody: true, MaxBodyBytes: -1,
		Middlewares: huma.Middlewares{s.asPage},
	}
	s.front.routes[strings.ReplaceAll(strings.ReplaceAll(path, "{", ":"), "}", "")] = true
	huma.Register(s.huma, op, func(ctx context.Context, in *I) (*pageAnswer, error) {
		bounded, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		out, err := handle(bounded, in)
		if err != nil {
			return s.frontFailure(pageRequest(ctx), s.fail(ctx, path, err)), nil
		}
		return out, nil
	})
}

type pageRequestKey struct{}

// pageRequest is the request of the page that is being made.
func pageRequest(ctx context.Context) *http.Request {
	return ctx.Value(pageRequestKey{}).(*http.Request)
}

// asPage keeps of a search what pages know of, and asks for all that they show.
func (s *Server) asPage(hc huma.Context, next func(huma.Context)) {
	c := humagin.Unwrap(hc)
	if wantsJSON(c.Request) {
		s.noRoute(c)
		return
	}
	if path := c.FullPath(); path == "/" || path == fragmentPath {
		asked := storefront.NewQuery(c.Request.URL.Query()).Values()
		asked.Set("page_size", strconv.Itoa(storefront.PageSize))
		asked.Set("facets", "category,brand,price,attributes")
		asked.Set("highlight", "true")
		c.Request.URL.RawQuery = asked.Encode()
	}
	next(huma.WithValue(hc, pageRequestKey{}, c.Request))
}

// wantsJSON reports whether a program asks: there is nothing for it at a page.
func wantsJSON(r *http.Request) bool {
	accept := r.Header.Get("Accept")
	return strings.Contains(accept, "json") && !strings.Contains(accept, "text/html")
}

// frame is what surrounds the page of a request, for a store; 0 is none.
func (s *Server) frame(r *http.Request, storeID int64) storefront.Frame {
	asked := r.URL.Query()
	if storeID != 0 {
		asked.Set("store_id", strconv.FormatInt(storeID, 10))
	}
	f := storefront.Frame{Search: storefront.NewQuery(asked)}
	for _, st := range s.storesByCity(r.Context()) {
		f.Stores = append(f.Stores, storefront.Store{ID: st.ID, Name: st.Name, City: st.City, Selected: strconv.FormatInt(st.ID, 10) == f.Search.StoreID()})
	}
	return f
}

// storesByCity gives every store; none while they are not known.
func (s *Server) storesByCity(ctx context.Context) []catalog.Store {
	ctx, cancel := context.WithTimeout(ctx, storePatience)
	defer cancel()
	list, err := s.stores.list(ctx)
	if err != nil {
		return nil
	}
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b catalog.Store) int { return cmp.Or(cmp.Compare(a.City, b.City), cmp.Compare(a.ID, b.ID)) })
	return list
}

// show is an answer with a page.
func (s *Server) show(status int, body []byte, err error) (*pageAnswer, error) {
	return &pageAnswer{Status: status, ContentType: "text/html; charset=utf-8", Policy: s.front.Policy(), Body: body}, err
}

// frontFailure is the page of a refusal.
func (s *Server) frontFailure(r *http.Request, p *Problem) *pageAnswer {
	view := storefront.Failure{
		Frame: s.frame(r, 0), Status: p.Status, Detail: sentence(p.Detail),
		Temporary: p.Status == http.StatusServiceUnavailable || p.Status == http.StatusTooManyRequests,
	}
	if p.Status == http.StatusInternalServerError {
		view.Reference = requestID(r.Context())
	}
	view.Again = wayOut(r, p, view)
	render := s.front.Failure
	if strings.HasPrefix(r.URL.Path, fragmentPath) {
		render = s.front.FailureFragment
	}
	body, err := render(view)
	if err != nil {
		s.o.Log.Error("the page of a refusal could not be made", "error", err)
	}
	out, _ := s.show(p.Status, body, nil)
	out.RetryAfter = p.header.Get("Retry-After")
	return out
}

// refusePage ends the request of a page outside of huma.
func (s *Server) refusePage(c *gin.Context, p *Problem) {
	out := s.frontFailure(c.Request, p)
	for name, values := range p.header {
		c.Writer.Header()[name] = values
	}
	c.Header("Content-Security-Policy", out.Policy)
	c.Abort()
	c.Data(out.Status, out.ContentType, out.Body)
}

// wayOut is an address to go on with: the same one when it may work later, or a
// search without the parameters that are wrong.
func wayOut(r *http.Request, p *Problem, view storefront.Failure) string {
	onResults := r.URL.Path == "/" || r.URL.Path == fragmentPath
	switch {
	case view.Temporary && onResults:
		return view.Search.Address()
	case view.Temporary && r.Method == http.MethodGet:
		return r.URL.RequestURI()
	case onResults && len(p.Errors) > 0:
		return withoutWrong(view.Search, p.Errors).Address()
	}
	return ""
}

// withoutWrong is a search without what is wrong with it.
func withoutWrong(q storefront.Query, wrong []ProblemField) storefront.Query {
	names := make([]string, len(wrong))
	for i, w := range wrong {
		names[i] = strings.TrimPrefix(w.Location, "query.")
	}
	if q = q.Without(names...); slices.Contains(names, "attr") { // too many of them
		q = q.WithoutAttributes()
	}
	return q
}

// sentence writes a detail as people do.
func sentence(detail string) string {
	if detail == "" {
		return ""
	}
	first, n := utf8.DecodeRuneInString(detail)
	return string(unicode.ToUpper(first)) + strings.TrimSuffix(detail[n:], ".") + "."
}

func (s *Server) frontResults(ctx context.Context, in *searchInput) (*pageAnswer, error) {
	return s.frontSearch(ctx, in, s.front.Results)
}

func (s *Server) frontFragment(ctx context.Context, in *searchInput) (*pageAnswer, error) {
	return s.frontSearch(ctx, in, s.front.ResultsFragment)
}

// frontSearch answers a search as a page: what a program would be answered,
// rendered.
func (s *Server) frontSearch(ctx context.Context, in *searchInput, render func(storefront.Results) ([]byte, error)) (*pageAnswer, error) {
	in.IfNoneMatch = ""
	out, err := s.search(ctx, in)
	if err != nil {
		return nil, err
	}
	answer, err := storefront.Read(out.Body)
	if err != nil {
		return nil, err
	}
	body, err := render(storefront.Results{Frame: s.frame(pageRequest(ctx), 0), Answer: answer})
	return s.show(http.StatusOK, body, err)
}

type frontProductInput struct {
	ID integer `path:"id"`
}

func (s *Server) frontProduct(ctx context.Context, in *frontProductInput) (*pageAnswer, error) {
	asked := pageRequest(ctx).URL.Query()
	form := storefront.OrderForm{Key: freshKey(), Quantity: "1"}
	form.StoreID, _ = strconv.ParseInt(asked.Get("store_id"), 10, 64) // one that is none chooses nothing
	if n, ok := pieces(asked.Get("quantity")); ok {
		form.Quantity = strconv.FormatInt(n, 10)
	}
	return s.productPage(ctx, in.ID, form, http.StatusOK)
}

// productPage shows a product, with the order form as it was filled in.
func (s *Server) productPage(ctx context.Context, rawID integer, form storefront.OrderForm, status int) (*pageAnswer, error) {
	id, err := pathID(rawID, "product")
	if err != nil {
		return nil, err
	}
	p, err := s.o.Catalogue.Product(ctx, id)
	if err != nil {
		return nil, named(err, "product", string(rawID))
	}
	stock, err := s.o.Catalogue.Availability(ctx, id)
	if err != nil {
		return nil, err
	}
	body, err := s.front.Product(storefront.Product{Frame: s.frame(pageRequest(ctx), form.StoreID), Product: p, Stock: stock, Form: form})
	return s.show(status, body, err)
}

// frontAsset serves a file; its address changes with what is in it.
func (s *Server) frontAsset(c *gin.Context) {
	asset, found := s.front.Asset(c.Param("name"))
	if !found {
		s.noRoute(c)
		return
	}
	if c.Param("version") == asset.Version {
		c.Header("Cache-Control", "public, max-age=31536000, immutable")
	}
	c.Data(http.StatusOK, asset.ContentType, asset.Body)
}
