package api

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"regexp"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
)

type requestIDKey struct{}

// requestIDs is what a caller's own request id may look like.
var requestIDs = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

func requestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string)
	return id
}

// identify gives the request an id and the answer the headers that every
// answer has. Nothing is cached unless its handler says so.
func (s *Server) identify(c *gin.Context) {
	id := c.GetHeader("X-Request-Id")
	if !requestIDs.MatchString(id) {
		id = rand.Text()
	}
	c.Request = c.Request.WithContext(context.WithValue(c.Request.Context(), requestIDKey{}, id))
	h := c.Writer.Header()
	h["X-Request-Id"] = []string{id}
	h["X-Content-Type-Options"] = []string{"nosniff"}
	h["Referrer-Policy"] = []string{"no-referrer"} // order pages carry a token in their address
	h["Cache-Control"] = []string{"no-store"}
}

type httpMetrics struct {
	seconds *prometheus.HistogramVec
	running prometheus.Gauge
}

func newHTTPMetrics(r prometheus.Registerer) (httpMetrics, error) {
	m := httpMetrics{
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "aforro_http_request_seconds",
			Help:    "Time to answer a request, by route, method and status.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"route", "method", "status"}),
		running: prometheus.NewGauge(prometheus.GaugeOpts{Name: "aforro_http_requests_running", Help: "Requests being answered."}),
	}
	if err := errors.Join(r.Register(m.seconds), r.Register(m.running)); err != nil {
		return m, fmt.Errorf("register the API's metrics: %w", err)
	}
	return m, nil
}

// observe measures and logs a request. Queries are not logged: they hold tokens.
func (s *Server) observe(c *gin.Context) {
	begun := time.Now()
	s.metrics.running.Inc()
	defer s.metrics.running.Dec()
	c.Next()
	took := time.Since(begun)
	route := c.FullPath()
	if route == "" {
		route = "unmatched"
	}
	status := c.Writer.Status()
	s.metrics.seconds.WithLabelValues(route, knownMethod(c.Request.Method), strconv.Itoa(status)).Observe(took.Seconds())
	s.o.Log.DebugContext(c.Request.Context(), "request", "method", c.Request.Method, "path", c.Request.URL.Path,
		"status", status, "took", took, "request", requestID(c.Request.Context()))
}

// knownMethod keeps made-up methods from making up metrics.
func knownMethod(m string) string {
	switch m {
	case http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return m
	}
	return "other"
}

// rescue turns a panic into a 500 that tells nothing.
func (s *Server) rescue(c *gin.Context) {
	defer func() {
		what := recover()
		if what == nil {
			return
		}
		if err, ok := what.(error); ok && errors.Is(err, http.ErrAbortHandler) {
			panic(what)
		}
		s.o.Log.Error("a request panicked", "panic", what, "route", c.FullPath(),
			"request", requestID(c.Request.Context()), "stack", string(debug.Stack()))
		if c.Writer.Written() {
			panic(http.ErrAbortHandler) // what was sent is not whole: end the connection
		}
		s.refuse(c, problemOf(errors.New("panic")))
	}()
	c.Next()
}

// limit bounds the requests from one address. Loopback is free, and so are the
// probes. An IPv6 address counts with its /64: that is what one customer gets.
func (s *Server) limit(c *gin.Context) {
	if s.o.RateLimit <= 0 || probes[c.Request.URL.Path] {
		return
	}
	addr, err := netip.ParseAddr(c.ClientIP())
	if err != nil || addr.Unmap().IsLoopback() {
		return
	}
	who := addr.Unmap().WithZone("")
	if who.Is6() {
		who = netip.PrefixFrom(who, 64).Masked().Addr()
	}
	if ok, wait := s.o.Limiter.Allow(c.Request.Context(), who.String(), s.o.RateLimit); !ok {
		s.refuse(c, problem(http.StatusTooManyRequests, "too many requests from this address, try again later").retryAfter(wait))
	}
}

var probes = map[string]bool{"/healthz": true, "/readyz": true, "/metrics": true}
