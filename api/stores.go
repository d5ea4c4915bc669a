package api

import (
	"context"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"aforro/pkg/catalog"
	"aforro/pkg/fault"
	"aforro/pkg/inventory"
	"aforro/pkg/order"
)

// Bounds of the lists of a store: how many without limit, and at most.
const (
	ordersPage, ordersMost       = 100, 1000
	inventoryPage, inventoryMost = 1000, 5000
)

type storeOrdersInput struct {
	Address
	ID     integer `path:"id" doc:"The store's id."`
	Limit  integer `query:"limit" minimum:"1" maximum:"1000" doc:"How many: 100 unless said."`
	Before integer `query:"before" doc:"Only orders older than this id; the Link header has it."`
}

type storeOrdersOutput struct {
	Link string           `header:"Link" doc:"rel=next: the orders after these."`
	Body []storeOrderView `nullable:"false"`
}

type storeOrderView struct {
	ID         int64        `json:"id" example:"1"`
	Status     order.Status `json:"status" enum:"PENDING,CONFIRMED,REJECTED,CANCELLED"`
	CreatedAt  timestamp    `json:"created_at"`
	TotalItems int          `json:"total_items" doc:"The number of lines." example:"3"`
}

type inventoryInput struct {
	Address
	ID    integer `path:"id" doc:"The store's id."`
	Limit integer `query:"limit" minimum:"1" maximum:"5000" doc:"How many: 1000 unless said."`
	After string  `query:"after" doc:"Where to go on; the Link header has it."`
}

type inventoryOutput struct {
	Link string          `header:"Link" doc:"rel=next: the lines after these."`
	Body []inventoryView `nullable:"false"`
}

type inventoryView struct {
	Title     string `json:"product_title"`
	Price     string `json:"price" doc:"A decimal." example:"27.95"`
	Category  string `json:"category" example:"Patch Cables"`
	Quantity  int    `json:"quantity" doc:"What can be sold." example:"72"`
	ProductID int64  `json:"product_id"`
	SKU       string `json:"sku"`
}

func (s *Server) routeStores() {
	register(s, huma.Operation{
		OperationID: "list-store-orders", Method: http.MethodGet, Path: "/stores/{id}/orders/", Tags: []string{"Stores"},
		Summary: "A store's orders, newest first", Errors: []int{http.StatusBadRequest, http.StatusNotFound},
	}, s.storeOrders)
	register(s, huma.Operation{
		OperationID: "list-store-inventory", Method: http.MethodGet, Path: "/stores/{id}/inventory/", Tags: []string{"Stores"},
		Summary: "What a store carries, by title", Errors: []int{http.StatusBadRequest, http.StatusNotFound},
	}, s.inventory)
}

// store reads the id of a store that exists. It asks the database each time:
// these lists come from there anyway.
func (s *Server) store(ctx context.Context, raw integer) (int64, error) {
	id, err := pathID(raw, "store")
	if err != nil {
		return 0, err
	}
	exists, err := s.o.Stores.StoreExists(ctx, id)
	if err == nil && !exists {
		err = notFound("store", fault.Field{Location: "path.id", Message: "there is no such store", Value: string(raw)})
	}
	return id, err
}

func (s *Server) storeOrders(ctx context.Context, in *storeOrdersInput) (*storeOrdersOutput, error) {
	var r reader
	limit, before := r.between("limit", in.Limit, 1, ordersMost, ordersPage), r.id("before", in.Before)
	if err := r.err(); err != nil {
		return nil, err
	}
	id, err := s.store(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	out := &storeOrdersOutput{Body: []storeOrderView{}}
	if before < 0 {
		return out, nil // nothing is older than an id that cannot be
	}
	list, err := s.o.Orders.StoreOrders(ctx, id, before, limit+1)
	if err != nil {
		return nil, err
	}
	if len(list) > limit {
		list = list[:limit]
		out.Link = nextLink(s.link(in.Address, map[string]string{"before": strconv.FormatInt(list[limit-1].ID, 10)}))
	}
	for _, o := range list {
		out.Body = append(out.Body, storeOrderView{ID: o.ID, Status: o.Status, CreatedAt: timestamp(o.CreatedAt), TotalItems: o.Lines})
	}
	return out, nil
}

func (s *Server) inventory(ctx context.Context, in *inventoryInput) (*inventoryOutput, error) {
	var r reader
	limit, after := r.between("limit", in.Limit, 1, inventoryMost, inventoryPage), r.position("after", in.After)
	if err := r.err(); err != nil {
		return nil, err
	}
	id, err := s.store(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	lines, err := s.o.Stores.Inventory(ctx, id, after, limit+1)
	if err != nil {
		return nil, err
	}
	out := &inventoryOutput{Body: make([]inventoryView, 0, len(lines))}
	if len(lines) > limit {
		lines = lines[:limit]
		out.Link = nextLink(s.link(in.Address, map[string]string{"after": encodePosition(lines[limit-1].Position())}))
	}
	for _, l := range lines {
		out.Body = append(out.Body, inventoryView{Title: l.Title, Price: l.Price.String(), Category: l.Category,
			Quantity: l.Quantity, ProductID: l.ProductID, SKU: l.SKU})
	}
	return out, nil
}

// encodePosition makes a place in a list opaque, so that what it is made of may
// change.
func encodePosition(p inventory.Position) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(p.ProductID, 10) + ":" + p.Title))
}

// position reads what encodePosition wrote; empty is the beginning.
func (r *reader) position(name, raw string) inventory.Position {
	if raw == "" {
		return inventory.Position{}
	}
	plain, err := base64.RawURLEncoding.DecodeString(raw)
	number, title, _ := strings.Cut(string(plain), ":")
	id, err2 := strconv.ParseInt(number, 10, 64)
	if err != nil || err2 != nil || !utf8.ValidString(title) || strings.ContainsRune(title, 0) || utf8.RuneCountInString(title) > catalog.MaxTitle {
		r.refuse(name, raw, "must be what a Link header said")
	}
	return inventory.Position{Title: title, ProductID: id}
}
