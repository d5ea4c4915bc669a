package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"aforro/pkg/fault"
)

// readyTimeout bounds one answer of /readyz.
const readyTimeout = 2 * time.Second

type healthOutput struct {
	Body struct {
		Status string `json:"status" enum:"ok,ready"`
	}
}

func (s *Server) routeHealth() {
	register(s, huma.Operation{
		OperationID: "healthz", Method: http.MethodGet, Path: "/healthz", Tags: []string{"Operations"},
		Summary: "Whether the process lives",
	}, s.healthy)
	register(s, huma.Operation{
		OperationID: "readyz", Method: http.MethodGet, Path: "/readyz", Tags: []string{"Operations"},
		Summary: "Whether it can answer, and what it is waiting for",
	}, s.ready)
}

func (s *Server) healthy(context.Context, *struct{}) (*healthOutput, error) {
	out := &healthOutput{}
	out.Body.Status = "ok"
	return out, nil
}

func (s *Server) ready(ctx context.Context, _ *struct{}) (*healthOutput, error) {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	if s.stopping.Load() {
		return nil, waiting("this process is stopping")
	}
	if err := s.o.Ready(ctx); err != nil {
		return nil, waiting(safe(err))
	}
	out := &healthOutput{}
	out.Body.Status = "ready"
	return out, nil
}

// safe is what an error says to callers: a fault's message without its cause.
func safe(err error) string {
	var f *fault.Error
	if errors.As(err, &f) {
		return f.Message
	}
	return err.Error()
}

func waiting(forWhat string) *Problem {
	return problem(http.StatusServiceUnavailable, "waiting: "+forWhat).retryAfter(time.Second)
}
