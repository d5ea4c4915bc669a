package api

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"aforro/pkg/catalog"
)

type productInput struct {
	ID       integer `path:"id" doc:"The product's id."`
	Position string  `header:"X-Aforro-Position" doc:"Accepted as by searches; what is answered is always the latest."`
}

type productOutput struct {
	Body productView
}

type productView struct {
	ID           int64              `json:"id" example:"79013747"`
	Title        string             `json:"title"`
	Description  string             `json:"description"`
	Price        string             `json:"price" doc:"A decimal." example:"20.95"`
	Category     string             `json:"category"`
	Brand        string             `json:"brand"`
	SKU          string             `json:"sku"`
	GTIN         string             `json:"gtin" doc:"Empty when unknown."`
	ImageURL     string             `json:"image_url" doc:"On another host; empty when unknown."`
	ReleasedOn   *string            `json:"released_on" nullable:"true" doc:"A date, or null." example:"2019-06-21"`
	Attributes   attributes         `json:"attributes" doc:"Free keys and values."`
	Availability []availabilityView `json:"availability" nullable:"false" doc:"The stores that carry it."`
}

// attributes is a JSON object as the catalogue keeps it.
type attributes json.RawMessage

// MarshalJSON passes it on.
func (a attributes) MarshalJSON() ([]byte, error) { return json.RawMessage(a).MarshalJSON() }

// Schema describes it to clients.
func (attributes) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: "object", AdditionalProperties: true}
}

type availabilityView struct {
	StoreID  int64  `json:"store_id"`
	City     string `json:"city"`
	Quantity int    `json:"quantity" doc:"What can be sold."`
}

func (s *Server) routeProducts() {
	register(s, huma.Operation{
		OperationID: "get-product", Method: http.MethodGet, Path: "/api/products/{id}/", Tags: []string{"Search"},
		Summary: "A product, with its attributes and where it is available",
		Errors:  []int{http.StatusBadRequest, http.StatusNotFound},
	}, s.product)
	s.routeRelated()
}

func (s *Server) product(ctx context.Context, in *productInput) (*productOutput, error) {
	id, err := pathID(in.ID, "product")
	if err != nil {
		return nil, err
	}
	var r reader
	if r.logPosition(in.Position); r.err() != nil {
		return nil, r.err()
	}
	p, err := s.o.Catalogue.Product(ctx, id)
	if err != nil {
		return nil, named(err, "product", string(in.ID))
	}
	stock, err := s.o.Catalogue.Availability(ctx, id)
	if err != nil {
		return nil, err
	}
	return &productOutput{Body: viewProduct(p, stock)}, nil
}

func viewProduct(p catalog.Product, stock []catalog.Availability) productView {
	view := productView{
		ID: p.ID, Title: p.Title, Description: p.Description, Price: p.Price.String(), Category: p.Category, Brand: p.Brand,
		SKU: p.SKU, GTIN: p.GTIN, ImageURL: p.ImageURL, Attributes: attributes(p.Attributes),
		Availability: make([]availabilityView, len(stock)),
	}
	if p.ReleasedOn != nil {
		day := p.ReleasedOn.Format("2006-01-02")
		view.ReleasedOn = &day
	}
	if len(view.Attributes) == 0 {
		view.Attributes = attributes("{}")
	}
	for i, a := range stock {
		view.Availability[i] = availabilityView(a)
	}
	return view
}
