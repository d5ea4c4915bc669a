package api

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// orderScope is what order tokens are made for.
const orderScope = "order"

const placeDoc = `Saves an order and waits a moment for its decision: 201 with CONFIRMED (all was deducted) or REJECTED (nothing was;
reasons say why). When the decision takes longer, or with Prefer: respond-async, 202 with PENDING and where to look.`

type placeInput struct {
	Prefer  string `header:"Prefer" doc:"respond-async answers 202 without waiting."`
	RawBody []byte `contentType:"application/json"`
}

type placeOutput struct {
	Status     int
	Location   string `header:"Location" doc:"Where the order is found later; with 202."`
	RetryAfter string `header:"Retry-After" doc:"With 202."`
	Preference string `header:"Preference-Applied"`
	Body       orderView
}

type orderInput struct {
	ID            integer `path:"id" doc:"The order's id."`
	Token         string  `query:"token" doc:"What POST /orders/ answered with."`
	Authorization string  `header:"Authorization" doc:"Or the staff key, as Bearer."`
}

type orderOutput struct {
	Body orderDetail
}

func (s *Server) routeOrders() {
	register(s, huma.Operation{
		OperationID: "place-order", Method: http.MethodPost, Path: "/orders/", Tags: []string{"Orders"},
		Summary: "Place an order", Description: placeDoc, DefaultStatus: http.StatusCreated,
		Middlewares: huma.Middlewares{s.readBody},
		Responses: map[string]*huma.Response{"202": {
			Description: "Saved, not decided yet: the same with PENDING.",
			Content:     jsonOf(s.huma.OpenAPI().Components.Schemas.Schema(typeOf[orderView](), true, "")),
		}},
		Errors: []int{http.StatusBadRequest, http.StatusNotFound, http.StatusRequestEntityTooLarge,
			http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity},
	}, s.placeOrder)
	s.describeOrderBody()
	register(s, huma.Operation{
		OperationID: "get-order", Method: http.MethodGet, Path: "/orders/{id}/", Tags: []string{"Orders"},
		Summary: "An order, for who holds its token, or staff",
		Errors:  []int{http.StatusUnauthorized, http.StatusNotFound},
	}, s.order)
}

// placeOrder answers with the decision, or with where to look for it.
func (s *Server) placeOrder(ctx context.Context, in *placeInput) (*placeOutput, error) {
	storeID, items, err := readOrder(in.RawBody)
	if err != nil {
		return nil, err
	}
	wait, async := s.o.DecisionWait, prefersAsync(in.Prefer)
	if async {
		wait = 0
	}
	placed, err := s.o.Desk.Place(ctx, storeID, items, wait)
	if err != nil {
		return nil, err
	}
	out := &placeOutput{Status: http.StatusCreated, Body: s.viewOrder(placed)}
	if async {
		out.Preference = "respond-async"
	}
	if !placed.Status.Final() {
		out.Status, out.RetryAfter = http.StatusAccepted, "1"
		out.Location = "/orders/" + strconv.FormatInt(placed.ID, 10) + "/?token=" + url.QueryEscape(out.Body.Token)
	}
	return out, nil
}

func prefersAsync(prefer string) bool {
	for p := range strings.SplitSeq(prefer, ",") {
		if strings.EqualFold(strings.TrimSpace(p), "respond-async") {
			return true
		}
	}
	return false
}

// order opens to its token, which tells nothing about which orders exist, and
// to staff.
func (s *Server) order(ctx context.Context, in *orderInput) (*orderOutput, error) {
	id, err := pathID(in.ID, "order")
	if err != nil {
		return nil, err
	}
	if !s.o.Tokens.Check(in.Token, orderScope, id) && !s.o.Staff.Check(in.Authorization) {
		return nil, unauthorized("this order opens with its token, or with the staff key",
			ProblemField{Location: "query.token", Message: "is not this order's token"})
	}
	o, err := s.o.Orders.Order(ctx, id)
	if err != nil {
		return nil, named(err, "order", string(in.ID))
	}
	return &orderOutput{Body: s.viewOrderDetail(o)}, nil
}
