package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"aforro/pkg/inventory"
	"aforro/pkg/order"
)

const reserveDoc = `Holds stock for a cart until an order consumes it, DELETE gives it back, or its time is over; then it is given back by itself within
5 seconds. All lines are held, or none: 409 with reasons, as those of a REJECTED order, when one is short. What is held is not available to anybody else.`

// reservationBody describes what POST /reservations/ takes.
type reservationBody struct {
	StoreID int64      `json:"store_id" doc:"Whose stock." example:"2"`
	Items   []itemBody `json:"items" minItems:"1" maxItems:"500" nullable:"false"`
	Seconds int64      `json:"seconds,omitempty" minimum:"1" maximum:"3600" doc:"For how long: 600 unless said." example:"600"`
}

type reserveInput struct {
	IdempotencyKey string `header:"Idempotency-Key" doc:"Up to 255 characters: a repeat with the same body gets the first answer."`
	RawBody        []byte `contentType:"application/json"`
}

type reserveOutput struct {
	Replayed string `header:"Idempotent-Replayed" doc:"true: the key was used before, and nothing was done."`
	Position string `header:"X-Aforro-Position" doc:"A search that is sent it sees this."`
	Body     reservationView
}

type reservationView struct {
	ID        int64      `json:"id" example:"1"`
	Token     string     `json:"token" doc:"Gives the stock back, and lets an order consume it."`
	ExpiresAt timestamp  `json:"expires_at"`
	Items     []itemView `json:"items" nullable:"false" doc:"As asked for, line by line."`
}

type releaseInput struct {
	ID            integer `path:"id" doc:"The reservation's id."`
	Token         string  `query:"token" doc:"What POST /reservations/ answered with."`
	Authorization string  `header:"Authorization" doc:"Or the staff key, as Bearer."`
}

type releaseOutput struct {
	Position string `header:"X-Aforro-Position" doc:"A search that is sent it sees the stock that was given back."`
}

func (s *Server) routeReservations() {
	register(s, huma.Operation{
		OperationID: "reserve-stock", Method: http.MethodPost, Path: "/reservations/", Tags: []string{"Orders"},
		Summary: "Hold stock for a cart", Description: reserveDoc, DefaultStatus: http.StatusCreated,
		Middlewares: huma.Middlewares{s.needStaff, s.readBody},
		Errors: []int{http.StatusBadRequest, http.StatusUnauthorized, http.StatusNotFound, http.StatusConflict, http.StatusRequestEntityTooLarge,
			http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity},
	}, s.reserve)
	describeBody[reservationBody](s, s.huma.OpenAPI().Paths["/reservations/"].Post)
	register(s, huma.Operation{
		OperationID: "release-stock", Method: http.MethodDelete, Path: "/reservations/{id}/", Tags: []string{"Orders"},
		Summary: "Give reserved stock back, for who holds its token, or staff", DefaultStatus: http.StatusNoContent,
		Description: "Repeated, and for a reservation that has ended in another way, 204 too: it holds nothing.",
		Errors:      []int{http.StatusUnauthorized, http.StatusNotFound},
	}, s.release)
}

func (s *Server) reserve(ctx context.Context, in *reserveInput) (*reserveOutput, error) {
	storeID, items, hold, err := readReservation(in.RawBody)
	if err != nil {
		return nil, err
	}
	key, err := keyed("reservations", in.IdempotencyKey, in.RawBody)
	if err != nil {
		return nil, err
	}
	made, replayed, err := s.o.Reservations.Reserve(ctx, storeID, items, hold, key)
	if err != nil {
		return nil, err
	}
	return &reserveOutput{Replayed: replayedHeader(replayed), Position: s.written(ctx), Body: s.viewReservation(made)}, nil
}

// readReservation reads the body of a reservation, in the manner of readOrder.
func readReservation(body []byte) (storeID int64, items []order.Item, hold time.Duration, err error) {
	r := orderReader{sums: map[int64]int64{}}
	whole, err := r.object(body)
	if err != nil {
		return 0, nil, 0, err
	}
	storeID = r.id("body.store_id", whole["store_id"])
	items = r.items(whole["items"])
	hold = r.hold(whole["seconds"])
	if err := r.err(); err != nil {
		return 0, nil, 0, err
	}
	return storeID, items, hold, missing(storeID, items)
}

func (r *bodyReader) hold(raw json.RawMessage) time.Duration {
	if absent(raw) {
		return inventory.DefaultHold
	}
	const least, most = int64(inventory.MinHold / time.Second), int64(inventory.MaxHold / time.Second)
	return time.Duration(r.whole("body.seconds", raw, least, most)) * time.Second
}

func (s *Server) viewReservation(made inventory.Reservation) reservationView {
	view := reservationView{ID: made.ID, Token: s.o.Tokens.Make(reservationScope, made.ID), ExpiresAt: timestamp(made.ExpiresAt),
		Items: make([]itemView, len(made.Items))}
	for i, it := range made.Items {
		view.Items[i] = itemView{Product: it.ProductID, Quantity: it.Quantity}
	}
	return view
}

// release opens as an order's page does: to the token, which tells nothing
// about which reservations exist, and to staff.
func (s *Server) release(ctx context.Context, in *releaseInput) (*releaseOutput, error) {
	id, err := pathID(in.ID, "reservation")
	if err != nil {
		return nil, err
	}
	if !s.o.Tokens.Check(in.Token, reservationScope, id) && !s.o.Staff.Check(in.Authorization) {
		return nil, unauthorized("this reservation opens with its token, or with the staff key",
			ProblemField{Location: "query.token", Message: "is not this reservation's token"})
	}
	if err := s.o.Reservations.Release(ctx, id); err != nil {
		return nil, named(err, "reservation", string(in.ID))
	}
	return &releaseOutput{Position: s.written(ctx)}, nil
}

// because adds the reasons of a shortage.
func (p *Problem) because(err error) *Problem {
	var short *order.Shortage
	if errors.As(err, &short) {
		p.Reasons = viewReasons(short.Reasons)
	}
	return p
}
