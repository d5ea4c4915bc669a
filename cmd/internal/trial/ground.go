package trial

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"aforro/pkg/stack"
)

const binary = "bin/aforro"

// Ground is what a trial stands on: durable services of its own, links to them
// that can be disturbed, and the product's processes.
type Ground struct {
	Logs, Binary string
	// Redis is nil where it is not wanted.
	Postgres, Redis, Engine *stack.Service
	Links                   *Links
	// Direct are the settings that lead to the services without a detour.
	Direct    map[string]string
	Processes []*Process
	Begun     time.Time
	// Found is what should not have happened.
	Found Findings
	dir   string
}

// New starts the services. Logs of the processes stay in bin/<name>-logs after
// the run. A Ground that is not nil wants to be closed, whatever the error.
func New(ctx context.Context, name string, redis bool) (*Ground, error) {
	g := &Ground{Links: NewLinks(), Begun: time.Now()}
	var err error
	if g.Binary, err = filepath.Abs(binary); err != nil {
		return nil, err
	}
	if _, err := os.Stat(g.Binary); err != nil {
		return nil, fmt.Errorf("%s is missing: run `make %s`, which builds it", binary, name)
	}
	if g.Logs, err = filepath.Abs(filepath.Join("bin", name+"-logs")); err != nil {
		return nil, err
	}
	if err := errors.Join(os.RemoveAll(g.Logs), os.MkdirAll(g.Logs, 0o755)); err != nil {
		return nil, fmt.Errorf("make a folder for logs: %w", err)
	}
	if g.dir, err = os.MkdirTemp("", "aforro-"+name+"-"); err != nil {
		return nil, err
	}
	if err := os.Chmod(g.dir, 0o755); err != nil { // the service user must get in
		return g, err
	}
	return g, g.startServices(ctx, redis)
}

// startServices starts them on ports on which they can be started again.
func (g *Ground) startServices(ctx context.Context, redis bool) error {
	starts, ctx := errgroup.WithContext(ctx)
	report := stack.NewReporter(os.Stdout)
	begin := func(name string, service **stack.Service, start func(context.Context, stack.ServiceOptions) (*stack.Service, error)) {
		starts.Go(func() error {
			port, err := stack.QuietPort(ctx)
			if err != nil {
				return err
			}
			*service, err = start(ctx, stack.ServiceOptions{Dir: filepath.Join(g.dir, name), Port: port, Out: report, Heap: "512m"})
			return err
		})
	}
	begin("postgres", &g.Postgres, stack.StartPostgres)
	begin("elasticsearch", &g.Engine, stack.StartElasticsearch)
	if redis {
		begin("redis", &g.Redis, stack.StartRedis)
	}
	if err := starts.Wait(); err != nil {
		return err
	}
	g.Direct = map[string]string{"AFORRO_PROBE_ADDR": "127.0.0.1:0"}
	for name, s := range g.services() {
		g.Direct[name] = s.URL()
	}
	return nil
}

// services are those that were started, by the setting that leads to each.
func (g *Ground) services() map[string]*stack.Service {
	all := map[string]*stack.Service{"AFORRO_POSTGRES_URL": g.Postgres, "AFORRO_REDIS_URL": g.Redis, "AFORRO_ELASTICSEARCH_URL": g.Engine}
	maps.DeleteFunc(all, func(_ string, s *stack.Service) bool { return s == nil })
	return all
}

// Detour is Direct through the links of a role.
func (g *Ground) Detour(role string) (map[string]string, error) {
	settings := maps.Clone(g.Direct)
	for name, s := range g.services() {
		service := strings.ToLower(strings.TrimSuffix(strings.TrimPrefix(name, "AFORRO_"), "_URL"))
		through, err := g.Links.Through(role, service, s.URL())
		if err != nil {
			return nil, err
		}
		settings[name] = through
	}
	return settings, nil
}

// Run starts a process of the product.
func (g *Ground) Run(name string, settings map[string]string, args ...string) (*Process, error) {
	p := &Process{Name: name, Binary: g.Binary, Args: args, Env: Environment(settings), Log: filepath.Join(g.Logs, name+".log"), Found: &g.Found}
	g.Processes = append(g.Processes, p)
	return p, p.Start()
}

// Revive starts what ended by itself.
func (g *Ground) Revive(ctx context.Context) error {
	var failed error
	for _, p := range g.Processes {
		if ctx.Err() == nil {
			failed = errors.Join(failed, p.Start())
		}
	}
	return failed
}

// Close ends everything that was started. Processes that still run did not get
// to their stop in good order, and are killed.
func (g *Ground) Close(ctx context.Context) error {
	var failed []error
	for _, p := range g.Processes {
		failed = append(failed, p.End(syscall.SIGKILL))
	}
	g.Links.Close()
	for _, s := range g.services() {
		failed = append(failed, s.Stop(ctx))
	}
	return errors.Join(append(failed, os.RemoveAll(g.dir))...)
}

// Since is how long the trial has lasted.
func (g *Ground) Since() time.Duration { return time.Since(g.Begun) }

// Say prints a line with its time.
func (g *Ground) Say(format string, args ...any) {
	fmt.Printf("%6.1f s  %s\n", g.Since().Seconds(), fmt.Sprintf(format, args...))
}

// Seen is what was found of one kind while the run went on.
func (g *Ground) Seen(kind, what string) Verdict { return Verdict{what, g.Found.Of(kind)} }
