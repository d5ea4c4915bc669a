package api

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"aforro/pkg/fault"
	"aforro/pkg/notify"
)

const webhooksDoc = `Every endpoint is told of every order that is CONFIRMED, REJECTED or CANCELLED, after the Standard Webhooks specification.`

// The inputs name the staff key for the document; needStaff checks it.
type webhooksInput struct {
	Authorization string `header:"Authorization" doc:"The staff key, as Bearer."`
}

type webhookInput struct {
	ID            integer `path:"id" doc:"The endpoint's id."`
	Authorization string  `header:"Authorization" doc:"The staff key, as Bearer."`
}

type webhookAddInput struct {
	Authorization string `header:"Authorization" doc:"The staff key, as Bearer."`
	RawBody       []byte `contentType:"application/json"`
}

type webhookChangeInput struct {
	ID            integer `path:"id" doc:"The endpoint's id."`
	Authorization string  `header:"Authorization" doc:"The staff key, as Bearer."`
	RawBody       []byte  `contentType:"application/json"`
}

type webhooksOutput struct {
	Body []webhookView `nullable:"false"`
}

type webhookOutput struct {
	Body webhookView
}

type webhookMadeOutput struct {
	Location string `header:"Location"`
	Body     webhookMade
}

// webhookView is an endpoint as answers show it: never with a secret.
type webhookView struct {
	ID            int64      `json:"id" example:"1"`
	URL           string     `json:"url"`
	Description   string     `json:"description"`
	CreatedAt     timestamp  `json:"created_at"`
	PreviousUntil *timestamp `json:"previous_until" nullable:"true" doc:"Until when the secret before the last rotation signs too; null when none does."`
}

// webhookMade is a webhookView with the secret.
type webhookMade struct {
	ID            int64      `json:"id" example:"1"`
	URL           string     `json:"url"`
	Description   string     `json:"description"`
	CreatedAt     timestamp  `json:"created_at"`
	PreviousUntil *timestamp `json:"previous_until" nullable:"true" doc:"null."`
	Secret        string     `json:"secret" doc:"Signs what is sent. It is shown here only." example:"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"`
}

func (s *Server) routeWebhooks() {
	all := func(op huma.Operation) huma.Operation {
		op.Tags = []string{"Webhooks"}
		op.Middlewares = append(huma.Middlewares{s.needStaff}, op.Middlewares...)
		op.Errors = append(op.Errors, http.StatusUnauthorized)
		return op
	}
	reads := []int{http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity}
	register(s, all(huma.Operation{
		OperationID: "list-webhooks", Method: http.MethodGet, Path: "/webhooks/", Summary: "The webhook endpoints", Description: webhooksDoc,
	}), s.webhooks)
	register(s, all(huma.Operation{
		OperationID: "add-webhook", Method: http.MethodPost, Path: "/webhooks/", Summary: "Add a webhook endpoint",
		DefaultStatus: http.StatusCreated, Middlewares: huma.Middlewares{s.readBody}, Errors: append(reads, http.StatusConflict),
	}), s.addWebhook)
	register(s, all(huma.Operation{
		OperationID: "get-webhook", Method: http.MethodGet, Path: "/webhooks/{id}/", Summary: "A webhook endpoint",
		Errors: []int{http.StatusNotFound},
	}), s.webhook)
	register(s, all(huma.Operation{
		OperationID: "change-webhook", Method: http.MethodPatch, Path: "/webhooks/{id}/", Summary: "Change an endpoint's URL or description",
		Middlewares: huma.Middlewares{s.readBody}, Errors: append(reads, http.StatusNotFound),
	}), s.changeWebhook)
	register(s, all(huma.Operation{
		OperationID: "remove-webhook", Method: http.MethodDelete, Path: "/webhooks/{id}/", Summary: "Remove an endpoint with its deliveries",
		DefaultStatus: http.StatusNoContent, Errors: []int{http.StatusNotFound},
	}), s.removeWebhook)
	s.describeWebhookBodies()
	s.routeWebhookTools(all)
}

// webhookID reads the id of an endpoint.
func webhookID(raw integer) (int64, error) { return pathID(raw, "webhook endpoint") }

func viewWebhook(e notify.Endpoint) webhookView {
	return webhookView{ID: e.ID, URL: e.URL, Description: e.Description, CreatedAt: timestamp(e.CreatedAt), PreviousUntil: (*timestamp)(e.PreviousUntil)}
}

func (s *Server) webhooks(ctx context.Context, _ *webhooksInput) (*webhooksOutput, error) {
	list, err := s.o.Webhooks.Endpoints(ctx)
	if err != nil {
		return nil, err
	}
	out := &webhooksOutput{Body: make([]webhookView, len(list))}
	for i, e := range list {
		out.Body[i] = viewWebhook(e)
	}
	return out, nil
}

func (s *Server) addWebhook(ctx context.Context, in *webhookAddInput) (*webhookMadeOutput, error) {
	change, err := readWebhook(in.RawBody)
	if err != nil {
		return nil, err
	}
	if change.URL == nil {
		change.URL = new(string) // refused with the words for it
	}
	if change.Description == nil {
		change.Description = new(string)
	}
	added, secret, err := s.o.Webhooks.AddEndpoint(ctx, *change.URL, *change.Description)
	if err != nil {
		return nil, err
	}
	v := viewWebhook(added)
	return &webhookMadeOutput{Location: "/webhooks/" + strconv.FormatInt(added.ID, 10) + "/",
		Body: webhookMade{v.ID, v.URL, v.Description, v.CreatedAt, v.PreviousUntil, secret.Reveal()}}, nil
}

func (s *Server) webhook(ctx context.Context, in *webhookInput) (*webhookOutput, error) {
	id, err := webhookID(in.ID)
	if err != nil {
		return nil, err
	}
	e, err := s.o.Webhooks.Endpoint(ctx, id)
	if err != nil {
		return nil, named(err, "webhook endpoint", string(in.ID))
	}
	return &webhookOutput{Body: viewWebhook(e)}, nil
}

func (s *Server) changeWebhook(ctx context.Context, in *webhookChangeInput) (*webhookOutput, error) {
	id, err := webhookID(in.ID)
	if err != nil {
		return nil, err
	}
	change, err := readWebhook(in.RawBody)
	if err != nil {
		return nil, err
	}
	e, err := s.o.Webhooks.ChangeEndpoint(ctx, id, change)
	if err != nil {
		return nil, named(err, "webhook endpoint", string(in.ID))
	}
	return &webhookOutput{Body: viewWebhook(e)}, nil
}

func (s *Server) removeWebhook(ctx context.Context, in *webhookInput) (*struct{}, error) {
	id, err := webhookID(in.ID)
	if err == nil {
		err = s.o.Webhooks.RemoveEndpoint(ctx, id)
	}
	if err != nil {
		return nil, named(err, "webhook endpoint", string(in.ID))
	}
	return nil, nil
}

// pingTimeout bounds a ping, so that its caller is answered in time.
const pingTimeout = 4 * time.Second

// deliveryStates are what ?state= may be.
var deliveryStates = map[string]notify.State{"": "", "due": notify.Due, "delivered": notify.Delivered, "parked": notify.Parked}

func (r *reader) deliveryState(name, raw string) notify.State {
	in, ok := deliveryStates[raw]
	if !ok {
		r.wrong = append(r.wrong, fault.Field{Location: "query." + name, Message: "must be due, delivered or parked", Value: raw})
	}
	return in
}
