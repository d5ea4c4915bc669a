package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"
)

// route builds the engine, its middleware and every route.
func (s *Server) route() error {
	engine := gin.New()
	engine.RedirectTrailingSlash = false
	engine.HandleMethodNotAllowed = true
	engine.RemoteIPHeaders = []string{"X-Forwarded-For"}
	if err := engine.SetTrustedProxies(s.o.TrustedProxies); err != nil {
		return fmt.Errorf("set the trusted proxies: %w", err)
	}
	engine.Use(s.identify, s.observe, s.rescue, s.limit, s.shelved, s.wellFormed)
	engine.NoRoute(s.noRoute)
	engine.NoMethod(s.wrongMethod)

	s.engine, s.huma = engine, humagin.New(engine, describe())
	s.routeSearch()
	s.routeProducts()
	s.routeStores()
	s.routeStock()
	s.routeOrders()
	s.routeReservations()
	s.routeWebhooks()
	s.routeHealth()
	s.routeFront()
	if err := s.routeDocs(); err != nil {
		return err
	}
	s.handler = canonical(engine)
	return nil
}

// register adds one operation. Parameters and body are read by the handler,
// whose refusals are problems; op.Errors lists exactly the statuses it has.
func register[I, O any](s *Server, op huma.Operation, handle func(context.Context, *I) (*O, error)) {
	op.SkipValidateParams, op.SkipValidateBody = true, true
	op.MaxBodyBytes = -1 // bounded by readBody
	if op.Responses == nil {
		op.Responses = map[string]*huma.Response{}
	}
	has422 := slices.Contains(op.Errors, http.StatusUnprocessableEntity)
	op.Errors = append(op.Errors, http.StatusServiceUnavailable)
	if !probes[op.Path] {
		op.Errors = append(op.Errors, http.StatusTooManyRequests)
	}
	limit := requestTimeout
	switch {
	case op.Method == http.MethodPost:
		limit += mostWait
	case strings.HasPrefix(op.Path, "/api/search/"):
		limit += s.o.PositionWait
	}
	huma.Register(s.huma, op, func(ctx context.Context, in *I) (*O, error) {
		bounded, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		out, err := handle(bounded, in)
		if err != nil {
			return nil, s.fail(ctx, op.Path, err)
		}
		return out, nil
	})
	if !has422 {
		delete(op.Responses, "422") // huma adds it by itself
	}
}

// fail turns an error into a problem and logs, once, what is not the caller's
// doing.
func (s *Server) fail(ctx context.Context, route string, err error) *Problem {
	p := problemOf(err)
	var deliberate *Problem
	switch {
	case errors.As(err, &deliberate):
	case errors.Is(ctx.Err(), context.Canceled):
		s.o.Log.DebugContext(ctx, "the caller went away", "route", route, "request", requestID(ctx), "error", err)
	case p.Status == http.StatusServiceUnavailable:
		s.o.Log.WarnContext(ctx, "a request met a dependency that is away", "route", route, "request", requestID(ctx), "error", err)
	case p.Status >= http.StatusInternalServerError:
		s.o.Log.ErrorContext(ctx, "a request failed", "route", route, "request", requestID(ctx), "error", err)
	}
	return p
}
