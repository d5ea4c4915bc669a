package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"
)

// Bounds of one connection. Writing may take as long as the longest wait for a
// decision, and some.
const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 15 * time.Second
	writeTimeout      = 30 * time.Second
	idleTimeout       = 2 * time.Minute
	maxHeaderBytes    = 64 << 10
	// requestTimeout bounds what a handler waits for, besides a decision.
	requestTimeout = 5 * time.Second
)

// Server is the HTTP role.
type Server struct {
	o         Options
	handler   http.Handler
	engine    *gin.Engine
	huma      huma.API
	metrics   httpMetrics
	proxies   []netip.Prefix
	stores    *storeRegister
	front     *front
	gate      *gate
	positions *positionRegister
	live      *liveReader
	answers   *answers
	stopping  atomic.Bool
	newcomers newcomers
	// streams is how many orders are being followed; ending ends with the stop.
	streams atomic.Int64
	ending  context.Context
	end     context.CancelFunc
}

// New prepares the role: it neither listens nor asks any dependency.
func New(o Options) (*Server, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	s := &Server{o: o, gate: newGate(searchSlots, searchQueue)}
	s.ending, s.end = context.WithCancel(context.Background())
	s.o.TrustedProxies = nil // Gin reads them as text, without room for spaces
	for _, network := range o.TrustedProxies {
		prefix, err := netip.ParsePrefix(strings.TrimSpace(network))
		if err != nil {
			return nil, fmt.Errorf("read the trusted proxies: %w", err)
		}
		s.proxies = append(s.proxies, prefix)
		s.o.TrustedProxies = append(s.o.TrustedProxies, prefix.String())
	}
	s.stores = newStoreRegister(o.Stores)
	var err error
	if s.metrics, err = newHTTPMetrics(o.Metrics); err != nil {
		return nil, err
	}
	s.positions = &positionRegister{log: o.Positions}
	if s.live, err = newLiveReader(&s.o); err != nil {
		return nil, err
	}
	if s.answers, err = newAnswers(&s.o, s.gate); err != nil {
		return nil, err
	}
	if s.front, err = newFront(&s.o); err != nil {
		return nil, err
	}
	return s, s.route()
}

// ServeHTTP answers one request. While the role is stopping each answer asks the
// client to leave its connection: by the time the listener closes those in use
// are gone, and no request is lost on one that is closed under it.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.stopping.Load() {
		w.Header().Set("Connection", "close")
	}
	s.handler.ServeHTTP(w, r)
}

// Run serves until ctx ends. Then readiness fails at once and connections are no
// longer kept; StopDelay later the listener closes; requests under way end
// within StopGrace, counted from the beginning, and what is left is dropped.
func (s *Server) Run(ctx context.Context) error {
	listener, err := s.listen(ctx)
	if err != nil {
		return err
	}
	srv := &http.Server{
		Handler: s, ReadHeaderTimeout: readHeaderTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout,
		IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeaderBytes, ConnState: s.newcomers.watch,
		ErrorLog: slog.NewLogLogger(s.o.Log.Handler(), slog.LevelDebug),
	}
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(listener) }()
	s.o.Log.Info("the API listens", "address", listener.Addr().String())
	select {
	case err := <-ended:
		return fmt.Errorf("serve HTTP: %w", err)
	case <-ctx.Done():
		return s.stop(context.WithoutCancel(ctx), srv, listener)
	}
}

func (s *Server) listen(ctx context.Context) (net.Listener, error) {
	if s.o.Listener != nil {
		return s.o.Listener, nil
	}
	return listen(ctx, s.o.Addr)
}

// listen opens a socket of plain TCP: Go's default, MPTCP, cannot be deafened.
func listen(ctx context.Context, addr string) (net.Listener, error) {
	var config net.ListenConfig
	config.SetMultipathTCP(false)
	listener, err := config.Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen for HTTP: %w", err)
	}
	return listener, nil
}

func (s *Server) stop(ctx context.Context, srv *http.Server, listener net.Listener) error {
	s.stopping.Store(true)
	s.end()
	grace, cancel := context.WithTimeout(ctx, s.o.StopGrace)
	defer cancel()
	if delay := min(s.o.StopDelay, s.o.StopGrace/2); delay > 0 {
		s.sayGoodbye(grace, listener, delay)
	}
	err := srv.Shutdown(grace)
	if !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	s.o.Log.Warn("requests were still under way at the end of the grace and are dropped", "grace", s.o.StopGrace)
	if err := srv.Close(); err != nil {
		return fmt.Errorf("drop the last connections: %w", err)
	}
	return nil
}
