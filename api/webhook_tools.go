package api

import (
	"context"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"aforro/pkg/notify"
)

// Bounds of the list of deliveries: how many without limit, and at most.
const deliveriesPage, deliveriesMost = 100, 1000

type rotateOutput struct {
	Body rotateView
}

type rotateView struct {
	Secret        string    `json:"secret" doc:"Signs from now on. It is shown here only." example:"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"`
	PreviousUntil timestamp `json:"previous_until" doc:"Until when the secret before signs too."`
}

type pingOutput struct {
	Body pingView
}

type pingView struct {
	Delivered bool   `json:"delivered"`
	Status    int    `json:"status" doc:"What the endpoint answered; 0 without an answer." example:"204"`
	Detail    string `json:"detail" doc:"Why it was not delivered."`
}

type retryOutput struct {
	Body retryView
}

type retryView struct {
	Retried int64 `json:"retried" doc:"How many deliveries are due again." example:"12"`
}

type deliveriesInput struct {
	Address
	ID            integer `path:"id" doc:"The endpoint's id."`
	Authorization string  `header:"Authorization" doc:"The staff key, as Bearer."`
	State         string  `query:"state" enum:"due,delivered,parked" doc:"Only those in this state."`
	Limit         integer `query:"limit" minimum:"1" maximum:"1000" doc:"How many: 100 unless said."`
	Before        integer `query:"before" doc:"Where to go on; the Link header has it."`
}

type deliveriesOutput struct {
	Link string         `header:"Link" doc:"rel=next: the deliveries after these."`
	Body []deliveryView `nullable:"false"`
}

type deliveryView struct {
	Message     string     `json:"message" doc:"The webhook-id, the same at each attempt." example:"msg_12_2"`
	Type        string     `json:"type" enum:"order.confirmed,order.rejected,order.cancelled"`
	Order       int64      `json:"order" example:"12"`
	State       string     `json:"state" enum:"due,delivered,parked"`
	Attempts    int        `json:"attempts" doc:"Attempts that are over." example:"1"`
	QueuedAt    timestamp  `json:"queued_at" doc:"When its day of attempts began."`
	NextAt      *timestamp `json:"next_at" nullable:"true" doc:"When the next attempt is due; null unless the state is due."`
	DeliveredAt *timestamp `json:"delivered_at" nullable:"true"`
	ParkedAt    *timestamp `json:"parked_at" nullable:"true"`
	LastError   string     `json:"last_error" doc:"Why the last attempt failed."`
}

func (s *Server) routeWebhookTools(all func(huma.Operation) huma.Operation) {
	one := []int{http.StatusNotFound}
	register(s, all(huma.Operation{
		OperationID: "rotate-webhook", Method: http.MethodPost, Path: "/webhooks/{id}/rotate/", Errors: one,
		Summary: "Give an endpoint a new secret", Description: "The secret before signs too for 24 hours, so that receivers can change over.",
	}), s.rotateWebhook)
	register(s, all(huma.Operation{
		OperationID: "ping-webhook", Method: http.MethodPost, Path: "/webhooks/{id}/ping/", Errors: one,
		Summary: "Send a signed ping now and say what came of it",
	}), s.pingWebhook)
	register(s, all(huma.Operation{
		OperationID: "list-deliveries", Method: http.MethodGet, Path: "/webhooks/{id}/deliveries/", Errors: []int{http.StatusBadRequest, http.StatusNotFound},
		Summary: "What was and is to be sent to an endpoint, newest first",
	}), s.deliveries)
	register(s, all(huma.Operation{
		OperationID: "retry-webhook", Method: http.MethodPost, Path: "/webhooks/{id}/retry/", Errors: one,
		Summary: "Try again what is parked", Description: "Every parked delivery of the endpoint is due at once, and retried for a day again.",
	}), s.retryWebhook)
}

func (s *Server) rotateWebhook(ctx context.Context, in *webhookInput) (*rotateOutput, error) {
	id, err := webhookID(in.ID)
	if err != nil {
		return nil, err
	}
	secret, until, err := s.o.WebhookTools.RotateSecret(ctx, id)
	if err != nil {
		return nil, named(err, "webhook endpoint", string(in.ID))
	}
	return &rotateOutput{Body: rotateView{Secret: secret.Reveal(), PreviousUntil: timestamp(until)}}, nil
}

func (s *Server) pingWebhook(ctx context.Context, in *webhookInput) (*pingOutput, error) {
	id, err := webhookID(in.ID)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	r, err := s.o.WebhookTools.Ping(ctx, id)
	if err != nil {
		return nil, named(err, "webhook endpoint", string(in.ID))
	}
	return &pingOutput{Body: pingView{Delivered: r.Delivered, Status: r.Status, Detail: r.Detail}}, nil
}

func (s *Server) retryWebhook(ctx context.Context, in *webhookInput) (*retryOutput, error) {
	id, err := webhookID(in.ID)
	if err != nil {
		return nil, err
	}
	n, err := s.o.WebhookTools.RetryParked(ctx, id)
	if err != nil {
		return nil, named(err, "webhook endpoint", string(in.ID))
	}
	return &retryOutput{Body: retryView{Retried: n}}, nil
}

func (s *Server) deliveries(ctx context.Context, in *deliveriesInput) (*deliveriesOutput, error) {
	var r reader
	state := r.deliveryState("state", in.State)
	limit, before := r.between("limit", in.Limit, 1, deliveriesMost, deliveriesPage), r.id("before", in.Before)
	if err := r.err(); err != nil {
		return nil, err
	}
	id, err := webhookID(in.ID)
	if err != nil {
		return nil, err
	}
	if before < 0 {
		before = 1 // nothing is older than an id that cannot be
	}
	list, err := s.o.WebhookTools.Deliveries(ctx, id, state, before, limit+1)
	if err != nil {
		return nil, named(err, "webhook endpoint", string(in.ID))
	}
	out := &deliveriesOutput{Body: []deliveryView{}}
	if len(list) > limit {
		list = list[:limit]
		out.Link = nextLink(s.link(in.Address, map[string]string{"before": strconv.FormatInt(list[limit-1].ID, 10)}))
	}
	for _, d := range list {
		out.Body = append(out.Body, viewDelivery(d))
	}
	return out, nil
}

func viewDelivery(d notify.Record) deliveryView {
	return deliveryView{Message: notify.MessageID(d.OrderID, d.Sequence), Type: string(d.Type), Order: d.OrderID, State: string(d.State),
		Attempts: d.Attempts, QueuedAt: timestamp(d.QueuedAt), NextAt: (*timestamp)(d.NextAt),
		DeliveredAt: (*timestamp)(d.DeliveredAt), ParkedAt: (*timestamp)(d.ParkedAt), LastError: d.LastError}
}
