package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"

	"aforro/pkg/lifecycle"
)

const (
	// hotRequests is how many different requests are sent again and again.
	hotRequests = 200
	hotLength   = 3 * time.Second
	// emptyCommand makes this program the reference: a server that does nothing.
	emptyCommand = "empty-handler"
)

// benchCached asks for what is in the cache, and a handler of huma's for nothing.
func benchCached(ctx context.Context, g *ground) (err error) {
	s, list, err := g.shopAndTitles(ctx)
	if err != nil {
		return err
	}
	empty, err := startEmpty(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, empty.end()) }()
	loads := []hot{
		{addr: hostOf(empty.base), paths: []string{"/"}},
		{addr: hostOf(s.base), paths: hotPaths(searchPath, queries(list, hotRequests, 2))},
		{addr: hostOf(s.base), paths: hotPaths(suggestPath, typed(list, hotRequests, 2))},
	}
	var searches, suggestions ratios
	for round := range g.pace.rounds {
		rates := make([]float64, len(loads))
		for i := range loads {
			at := (i + round) % len(loads)
			if rates[at], err = loads[at].run(ctx); err != nil {
				return err
			}
		}
		searches.add(rates[1], rates[0])
		suggestions.add(rates[2], rates[0])
	}
	bar("cached search, 16 connections, requests/s", searches.String()+" (an empty huma handler)", ">= 65 %", searches.median() >= 0.65)
	bar("cached suggestions, 16 connections, requests/s", suggestions.String()+" (an empty huma handler)", ">= 65 %", suggestions.median() >= 0.65)
	return nil
}

func hostOf(base string) string { return strings.TrimPrefix(base, "http://") }

func hotPaths(route string, words []string) []string {
	paths := make([]string, len(words))
	for i, q := range words {
		paths[i] = route + "?q=" + url.QueryEscape(q)
	}
	return paths
}

// hot is a load of the same requests over and over.
type hot struct {
	addr  string
	paths []string
}

// run gives the requests a second, after each was sent often enough to be in every
// level of the cache.
func (h hot) run(ctx context.Context) (float64, error) {
	warm := newClient(h.addr, 0, 0)
	for range 3 {
		for _, path := range h.paths {
			if err := warm.get(ctx, path); err != nil {
				return 0, err
			}
		}
	}
	if err := warm.close(); err != nil {
		return 0, err
	}
	counts, errs := make([]int, searchConnections), make([]error, searchConnections)
	var wg sync.WaitGroup
	begun := time.Now()
	for i := range searchConnections {
		wg.Go(func() {
			c := newClient(h.addr, 0, uint64(i))
			for at := i; time.Since(begun) < hotLength && errs[i] == nil; at++ {
				errs[i] = c.get(ctx, h.paths[at%len(h.paths)])
				counts[i]++
			}
			errs[i] = errors.Join(errs[i], c.close())
		})
	}
	wg.Wait()
	took, sum := time.Since(begun).Seconds(), 0
	for _, n := range counts {
		sum += n
	}
	return float64(sum) / took, errors.Join(errs...)
}

// startEmpty starts this program as the reference, a process of its own as the API
// is one.
func startEmpty(ctx context.Context) (*process, error) {
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p := &process{cmd: exec.CommandContext(ctx, self, emptyCommand, addr), base: "http://" + addr}
	return p, p.start(ctx, "/")
}

// serveEmpty answers GET / through gin and huma with nothing, until ctx ends.
func serveEmpty(ctx context.Context, addr string) error {
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	huma.Register(humagin.New(engine, huma.DefaultConfig("Nothing", "1")), huma.Operation{OperationID: "nothing", Method: http.MethodGet, Path: "/"},
		func(context.Context, *struct{}) (*struct{}, error) { return nil, nil })
	server := &http.Server{Addr: addr, Handler: engine, ReadHeaderTimeout: time.Second}
	ended := make(chan error, 1)
	go func() { ended <- server.ListenAndServe() }()
	select {
	case err := <-ended:
		return fmt.Errorf("serve nothing: %w", err)
	case <-ctx.Done():
		return server.Close()
	}
}

// process is a server that was started beside the shop.
type process struct {
	cmd  *exec.Cmd
	base string
}

// start returns when a path of it is answered.
func (p *process) start(ctx context.Context, path string) error {
	p.cmd.Stderr = os.Stderr
	p.cmd.Cancel = func() error { return p.cmd.Process.Signal(syscall.SIGTERM) }
	p.cmd.WaitDelay = 20 * time.Second
	if err := p.cmd.Start(); err != nil {
		return err
	}
	for {
		c := newClient(hostOf(p.base), 0, 0)
		if err := c.get(ctx, path); err == nil {
			return c.close()
		}
		if err := lifecycle.Sleep(ctx, 20*time.Millisecond); err != nil {
			return errors.Join(err, p.end())
		}
	}
}

func (p *process) end() error {
	return errors.Join(p.cmd.Process.Signal(syscall.SIGTERM), p.cmd.Wait())
}
