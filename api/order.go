package api

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"aforro/pkg/crash"
)

// What tokens are made for.
const (
	orderScope       = "order"
	reservationScope = "reservation"
)

const placeDoc = `Saves an order and waits a moment for its decision: 201 with CONFIRMED (all was deducted) or REJECTED (nothing was;
reasons say why). When the decision takes longer, or with Prefer: respond-async, 202 with PENDING and where to look. With an Idempotency-Key
the request may be repeated: the same body answers the same order in its present state.`

// mostWait is the longest wait for a decision that a client may ask for.
const mostWait = 10 * time.Second

type placeInput struct {
	Prefer  string `header:"Prefer" doc:"respond-async answers 202 without waiting; wait=N waits for N seconds, at most 10."`
	Key     string `header:"Idempotency-Key" doc:"What makes a repeat safe: up to 255 characters that nobody guesses, such as a UUID; kept for 24 hours."`
	RawBody []byte `contentType:"application/json"`
}

type placeOutput struct {
	Status     int
	Location   string `header:"Location" doc:"Where the order is found later; with 202."`
	RetryAfter string `header:"Retry-After" doc:"With 202."`
	Preference string `header:"Preference-Applied"`
	Replayed   string `header:"Idempotent-Replayed" doc:"true when the key was used before."`
	Position   string `header:"X-Aforro-Position" doc:"A search that is sent it sees this order's effect."`
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

type cancelOutput struct {
	Position string `header:"X-Aforro-Position" doc:"A search that is sent it sees the stock that was given back."`
	Body     orderDetail
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
	register(s, huma.Operation{
		OperationID: "cancel-order", Method: http.MethodPost, Path: "/orders/{id}/cancel/", Tags: []string{"Orders"},
		Summary:     "Cancel a CONFIRMED order",
		Description: "Gives its stock back, once. A repeat answers the same; an order that is PENDING or REJECTED cannot be cancelled (409).",
		Errors:      []int{http.StatusUnauthorized, http.StatusNotFound, http.StatusConflict},
	}, s.cancelOrder)
	s.routeOrderEvents()
}

// placeOrder answers with the decision, or with where to look for it.
func (s *Server) placeOrder(ctx context.Context, in *placeInput) (*placeOutput, error) {
	draft, err := s.readOrder(in.RawBody)
	if err != nil {
		return nil, err
	}
	if draft.Request, err = keyed("orders", in.Key, in.RawBody); err != nil {
		return nil, err
	}
	wait, applied := s.decisionWait(in.Prefer)
	placed, replayed, err := s.o.Desk.Place(ctx, draft, wait)
	if err != nil {
		return nil, err
	}
	out := &placeOutput{Status: http.StatusCreated, Preference: applied, Body: s.viewOrder(placed)}
	if replayed {
		out.Replayed = "true"
	}
	if !placed.Status.Final() {
		out.Status, out.RetryAfter = http.StatusAccepted, "1"
		out.Location = "/orders/" + strconv.FormatInt(placed.ID, 10) + "/?token=" + url.QueryEscape(out.Body.Token)
	}
	out.Position = s.written(ctx)
	crash.At(crash.AnswerReady)
	return out, nil
}

// decisionWait is how long a client waits for the decision, and what of its
// preferences (RFC 7240) was applied.
func (s *Server) decisionWait(prefer string) (wait time.Duration, applied string) {
	for p := range strings.SplitSeq(prefer, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(p), "=")
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "respond-async":
			return 0, "respond-async"
		case "wait":
			if n, err := strconv.ParseUint(strings.TrimSpace(value), 10, 32); err == nil && applied == "" {
				wait = time.Duration(min(n, uint64(mostWait/time.Second))) * time.Second
				applied = "wait=" + strconv.Itoa(int(wait/time.Second))
			}
		}
	}
	if applied == "" {
		wait = s.o.DecisionWait
	}
	return wait, applied
}

// openOrder reads the id of an order that the caller may see: who holds its
// token, which tells nothing about which orders exist, and staff.
func (s *Server) openOrder(raw integer, token, authorization string) (int64, error) {
	id, err := pathID(raw, "order")
	if err != nil {
		return 0, err
	}
	if !s.o.Tokens.Check(token, orderScope, id) && !s.o.Staff.Check(authorization) {
		return 0, unauthorized("this order opens with its token, or with the staff key",
			ProblemField{Location: "query.token", Message: "is not this order's token"})
	}
	return id, nil
}

func (s *Server) order(ctx context.Context, in *orderInput) (*orderOutput, error) {
	id, err := s.openOrder(in.ID, in.Token, in.Authorization)
	if err != nil {
		return nil, err
	}
	o, err := s.o.Orders.Order(ctx, id)
	if err != nil {
		return nil, named(err, "order", string(in.ID))
	}
	return &orderOutput{Body: s.viewOrderDetail(o)}, nil
}

func (s *Server) cancelOrder(ctx context.Context, in *orderInput) (*cancelOutput, error) {
	id, err := s.openOrder(in.ID, in.Token, in.Authorization)
	if err != nil {
		return nil, err
	}
	o, err := s.o.Orders.Cancel(ctx, id)
	if err != nil {
		return nil, named(err, "order", string(in.ID))
	}
	return &cancelOutput{Position: s.written(ctx), Body: s.viewOrderDetail(o)}, nil
}
