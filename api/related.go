package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"aforro/pkg/catalog"
	"aforro/pkg/search"
)

// maxRelated is how many related products one answer has at the most.
const maxRelated = 50

type relatedInput struct {
	ID      integer `path:"id" doc:"The product's id."`
	StoreID integer `query:"store_id" doc:"Keeps what this store carries and adds inventory_quantity."`
	InStock boolean `query:"in_stock" doc:"true keeps what is available: in that store, or anywhere."`
	Limit   integer `query:"limit" minimum:"1" maximum:"50" doc:"10 unless said."`
}

type relatedOutput struct {
	Stale string `header:"X-Aforro-Stale" doc:"true: prices and stock are the index's, since the database did not answer in time."`
	Body  relatedView
}

type relatedView struct {
	Results []resultView `json:"results" nullable:"false"`
}

// relate finds what is related to a product.
type relate func(ctx context.Context, to catalog.Product, p search.Params) ([]search.Hit, error)

func (s *Server) routeRelated() {
	errs := []int{http.StatusBadRequest, http.StatusNotFound}
	register(s, huma.Operation{
		OperationID: "similar-products", Method: http.MethodGet, Path: "/api/products/{id}/similar/", Tags: []string{"Search"},
		Summary: "Products like this one", Errors: errs,
		Description: "Of the same kind, the most alike first; without its own variants. Prices and stock are those of now.",
	}, s.related(s.o.Engine.Similar))
	register(s, huma.Operation{
		OperationID: "product-accessories", Method: http.MethodGet, Path: "/api/products/{id}/accessories/", Tags: []string{"Search"},
		Summary: "Things for this product", Errors: errs,
		Description: "Accessories and supplies that name its brand and its model or line, those that name the most first. None is an empty list.",
	}, s.related(s.o.Engine.Accessories))
}

func (s *Server) related(find relate) func(ctx context.Context, in *relatedInput) (*relatedOutput, error) {
	return func(ctx context.Context, in *relatedInput) (*relatedOutput, error) {
		id, err := pathID(in.ID, "product")
		if err != nil {
			return nil, err
		}
		var r reader
		p := search.Params{
			StoreID: r.id("store_id", in.StoreID), InStock: r.flag("in_stock", in.InStock),
			PageSize: r.between("limit", in.Limit, 1, maxRelated, search.DefaultPageSize), Page: 1,
		}
		if err := r.err(); err != nil {
			return nil, err
		}
		if p.StoreID != 0 {
			if err := s.stores.check(ctx, p.StoreID, "query.store_id"); err != nil {
				return nil, err
			}
		}
		to, err := s.o.Catalogue.Product(ctx, id)
		if err != nil {
			return nil, named(err, "product", string(in.ID))
		}
		return gated(ctx, s.gate, func(ctx context.Context) (*relatedOutput, error) { return s.relatedNow(ctx, find, to, p) })
	}
}

// relatedNow asks the engine and shows what is true now.
func (s *Server) relatedNow(ctx context.Context, find relate, to catalog.Product, p search.Params) (*relatedOutput, error) {
	hits, err := find(ctx, to, p)
	if err != nil {
		return nil, err
	}
	hits, live := s.live.show(ctx, p, hits)
	out := &relatedOutput{Body: relatedView{Results: viewHits(hits)}}
	if !live {
		out.Stale = "true"
	}
	return out, nil
}
