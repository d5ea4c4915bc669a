package api

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"

	"aforro/pkg/order"
)

const eventsDoc = `Server-sent events: the order as it is, and again when it is decided; then the stream ends. Each has a growing id. A client
that reconnects with Last-Event-ID gets what came after, and 204 when nothing more will come.`

// Bounds of streams: how many at once in one process, how long one lasts before
// the client has to come again, and how often it hears something.
const (
	streamsMost     = 1000
	streamTime      = 2 * time.Minute
	streamHeartbeat = 10 * time.Second
)

type orderEventsInput struct {
	ID            integer `path:"id" doc:"The order's id."`
	Token         string  `query:"token" doc:"What POST /orders/ answered with."`
	Authorization string  `header:"Authorization" doc:"Or the staff key, as Bearer."`
	LastEventID   string  `header:"Last-Event-ID" doc:"The id of the last event that arrived."`
}

func (s *Server) routeOrderEvents() {
	register(s, huma.Operation{
		OperationID: "follow-order", Method: http.MethodGet, Path: "/orders/{id}/events/", Tags: []string{"Orders"},
		Summary: "Follow an order until it is decided", Description: eventsDoc,
		Responses: map[string]*huma.Response{
			"200": {Description: "Events named status, with the order as data.", Content: map[string]*huma.MediaType{"text/event-stream": {
				Schema: &huma.Schema{Type: "string"}}}},
			"204": {Description: "The last event has arrived already."},
		},
		Errors: []int{http.StatusUnauthorized, http.StatusNotFound},
	}, s.orderEvents)
}

// orderEvents answers with a stream that outlives the request's own bound.
func (s *Server) orderEvents(ctx context.Context, in *orderEventsInput) (*huma.StreamResponse, error) {
	id, err := s.openOrder(in.ID, in.Token, in.Authorization)
	if err != nil {
		return nil, err
	}
	o, err := s.o.Orders.Order(ctx, id)
	if err != nil {
		return nil, named(err, "order", string(in.ID))
	}
	last, err := strconv.Atoi(in.LastEventID)
	if err != nil || last < 0 {
		last = 0 // an id that is none of ours: from the beginning
	}
	if s.streams.Add(1) > streamsMost {
		s.streams.Add(-1)
		return nil, problem(http.StatusServiceUnavailable, "too many orders are being followed, ask for the order instead").retryAfter(time.Second)
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		defer s.streams.Add(-1)
		if o.Status.Final() && len(o.History) <= last {
			hc.SetStatus(http.StatusNoContent)
			return
		}
		c := humagin.Unwrap(hc)
		s.follow(c.Request.Context(), c.Writer, o, last)
	}}, nil
}

// follow writes events until the order is decided, the client goes away or the
// stream has had its time.
func (s *Server) follow(ctx context.Context, w http.ResponseWriter, o order.Order, last int) {
	ctx, cancel := context.WithTimeout(ctx, streamTime)
	defer cancel()
	w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
	w.Header().Set("X-Accel-Buffering", "no") // proxies pass it on as it comes
	stream := eventStream{w: w, control: http.NewResponseController(w)}
	for {
		if len(o.History) > last {
			last = len(o.History)
			stream.send(last, s.viewOrderDetail(o))
		} else {
			stream.say(": still waiting\n\n")
		}
		if stream.err != nil || o.Status.Final() || ctx.Err() != nil || s.stopping.Load() {
			return
		}
		beat, cancel := context.WithTimeout(ctx, streamHeartbeat)
		ended := context.AfterFunc(s.ending, cancel)
		now, err := s.o.Desk.Await(beat, o.ID)
		ended()
		cancel()
		if err != nil {
			return // the client comes again, and is told then
		}
		o = now
	}
}

// eventStream writes server-sent events and remembers the first failure.
type eventStream struct {
	w       io.Writer
	control *http.ResponseController
	err     error
}

func (e *eventStream) send(id int, data any) {
	text, err := json.Marshal(data)
	if err != nil {
		e.err = err
		return
	}
	e.say(fmt.Sprintf("id: %d\nevent: status\ndata: %s\n\n", id, text))
}

// say writes at once, with a deadline of its own: the connection's is shorter
// than a stream.
func (e *eventStream) say(text string) {
	if e.err != nil {
		return
	}
	if e.err = e.control.SetWriteDeadline(time.Now().Add(writeTimeout)); e.err != nil {
		return
	}
	if _, e.err = io.WriteString(e.w, text); e.err != nil {
		return
	}
	e.err = e.control.Flush()
}
