package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"aforro/pkg/stack"
)

const (
	binary = "bin/aforro"
	// logs of the processes stay after the run.
	logFolder = "bin/chaos-logs"
	// readyPatience bounds the building of the first index.
	readyPatience = 2 * time.Minute
)

// ground is what a run stands on: durable services of its own, links to them
// that can be disturbed, and the product's processes.
type ground struct {
	dir, logs, binary       string
	postgres, redis, engine *stack.Service
	links                   *links
	// direct are the settings that lead to the services without a detour.
	direct    map[string]string
	processes []*process
	apis      []string
	begun     time.Time
	// caused are the faults that there were, found what should not have happened.
	caused []fault
	found  findings
	// deliveries that were made, and those that did not get through.
	deliveries, undelivered int
}

func newGround(ctx context.Context) (*ground, error) {
	g := &ground{links: newLinks(), begun: time.Now()}
	var err error
	if g.binary, err = filepath.Abs(binary); err != nil {
		return nil, err
	}
	if _, err := os.Stat(g.binary); err != nil {
		return nil, fmt.Errorf("%s is missing: run `make chaos`, which builds it", binary)
	}
	if g.logs, err = filepath.Abs(logFolder); err != nil {
		return nil, err
	}
	if err := errors.Join(os.RemoveAll(g.logs), os.MkdirAll(g.logs, 0o755)); err != nil {
		return nil, fmt.Errorf("make a folder for logs: %w", err)
	}
	if g.dir, err = os.MkdirTemp("", "aforro-chaos-"); err != nil {
		return nil, err
	}
	if err := os.Chmod(g.dir, 0o755); err != nil { // the service user must get in
		return g, err
	}
	return g, g.startServices(ctx)
}

// startServices starts them on ports on which they can be started again.
func (g *ground) startServices(ctx context.Context) error {
	starts, ctx := errgroup.WithContext(ctx)
	report := stack.NewReporter(os.Stdout)
	for name, s := range map[string]struct {
		service **stack.Service
		start   func(context.Context, stack.ServiceOptions) (*stack.Service, error)
		out     *stack.Reporter
	}{
		"postgres": {&g.postgres, stack.StartPostgres, report}, "redis": {&g.redis, stack.StartRedis, report},
		"elasticsearch": {&g.engine, stack.StartElasticsearch, report},
	} {
		starts.Go(func() error {
			port, err := stack.QuietPort(ctx)
			if err != nil {
				return err
			}
			*s.service, err = s.start(ctx, stack.ServiceOptions{Dir: filepath.Join(g.dir, name), Port: port, Out: s.out, Heap: "512m"})
			return err
		})
	}
	return starts.Wait()
}

// open makes the schema and the catalogue, and starts the processes.
func (g *ground) open(ctx context.Context) (goods, error) {
	g.direct = map[string]string{
		"AFORRO_POSTGRES_URL": g.postgres.URL(), "AFORRO_REDIS_URL": g.redis.URL(), "AFORRO_ELASTICSEARCH_URL": g.engine.URL(),
		"AFORRO_TOKEN_SECRET": rand.Text() + rand.Text(), "AFORRO_STAFF_KEY": rand.Text(), "AFORRO_PROBE_ADDR": "127.0.0.1:0",
	}
	if _, err := g.aforro(ctx, "migrate"); err != nil {
		return goods{}, err
	}
	all, err := g.stock(ctx)
	if err != nil {
		return all, err
	}
	for _, p := range [][2]string{{"api-1", "api"}, {"api-2", "api"}, {"worker-1", "worker"}, {"worker-2", "worker"}, {"indexer", "indexer"}} {
		if err := g.addProcess(ctx, p[0], p[1]); err != nil {
			return all, err
		}
	}
	return all, g.awaitReady(ctx)
}

// addProcess starts a process that reaches the services through its role's links.
func (g *ground) addProcess(ctx context.Context, name, role string) error {
	settings := maps.Clone(g.direct)
	for service, s := range map[string]*stack.Service{"postgres": g.postgres, "redis": g.redis, "elasticsearch": g.engine} {
		through, err := g.links.through(role, service, s.URL())
		if err != nil {
			return err
		}
		settings["AFORRO_"+strings.ToUpper(service)+"_URL"] = through
	}
	if role == "api" {
		port, err := stack.QuietPort(ctx)
		if err != nil {
			return err
		}
		settings["AFORRO_HTTP_ADDR"] = fmt.Sprintf("127.0.0.1:%d", port)
		g.apis = append(g.apis, "http://"+settings["AFORRO_HTTP_ADDR"])
	}
	p := &process{name: name, role: role, binary: g.binary, env: environment(settings), log: filepath.Join(g.logs, name+".log"), found: &g.found}
	g.processes = append(g.processes, p)
	return p.start()
}

// awaitReady waits until both APIs are ready, and so is the index.
func (g *ground) awaitReady(ctx context.Context) error {
	for _, base := range g.apis {
		ready := until(ctx, readyPatience, 100*time.Millisecond, func(ctx context.Context) bool {
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/readyz", nil)
			if err != nil {
				return false
			}
			resp, err := http.DefaultClient.Do(req)
			return err == nil && resp.Body.Close() == nil && resp.StatusCode == http.StatusOK
		})
		if !ready {
			return fmt.Errorf("%s is not ready after %s; logs are in %s", base, readyPatience, g.logs)
		}
	}
	return nil
}

// close ends everything that was started. Processes that still run did not get
// to their stop in good order, and are killed.
func (g *ground) close(ctx context.Context) error {
	var failed []error
	for _, p := range g.processes {
		failed = append(failed, p.end(syscall.SIGKILL))
	}
	g.links.close()
	for _, s := range []*stack.Service{g.engine, g.redis, g.postgres} {
		if s != nil {
			failed = append(failed, s.Stop(ctx))
		}
	}
	return errors.Join(append(failed, os.RemoveAll(g.dir))...)
}

// since is how long the placing of orders has lasted.
func (g *ground) since() time.Duration { return time.Since(g.begun) }

// say prints a line with its time.
func (g *ground) say(format string, args ...any) {
	fmt.Printf("%6.1f s  %s\n", g.since().Seconds(), fmt.Sprintf(format, args...))
}
