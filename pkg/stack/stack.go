package stack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
)

// Stack is the services that the product runs on: the given ones, and those that we started and will stop.
type Stack struct {
	// DataDir is the folder that was chosen or given.
	DataDir string
	// How clients reach the services, passwords included.
	PostgresURL      string
	RedisURL         string
	ElasticsearchURL string
	// Those that we started; nil where a URL was given.
	Postgres, Redis, Elasticsearch *Service

	lock *lock
}

// Start brings up what is not given, all at once, and returns when everything answers. It refuses a data folder that
// another process uses (ErrInUse) and stops first what a killed run left there. When it fails nothing keeps running.
func Start(ctx context.Context, opts Options) (*Stack, error) {
	report := NewReporter(opts.Out)
	dir, err := dataDir(ctx, opts.DataDir)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("making the data folder %s: %w", dir, err)
	}
	held, err := takeLock(dir)
	if err != nil {
		return nil, err
	}
	s := &Stack{DataDir: dir, PostgresURL: opts.PostgresURL, RedisURL: opts.RedisURL, ElasticsearchURL: opts.ElasticsearchURL, lock: held}
	if err := s.start(ctx, opts, report); err != nil {
		return nil, errors.Join(err, s.Stop(context.WithoutCancel(ctx)))
	}
	return s, nil
}

func dataDir(ctx context.Context, given string) (string, error) {
	if given == "" {
		return ChooseDataDir(ctx)
	}
	dir, err := filepath.Abs(given)
	if err != nil {
		return "", fmt.Errorf("finding the data folder %s: %w", given, err)
	}
	return dir, nil
}

func (s *Stack) start(ctx context.Context, opts Options, report *Reporter) error {
	if err := stopLeftovers(ctx, s.DataDir, report); err != nil {
		return err
	}
	if err := ensurePackages(ctx, report, opts.needs()...); err != nil {
		return err
	}
	// One reporter for all, as they write at the same time.
	opts.Out = report
	return s.startAll(ctx, opts)
}

// needs is what the services that are not given need, all of it, so that it is installed in one go.
func (o Options) needs() []need {
	var needs []need
	if o.PostgresURL == "" {
		needs = append(needs, needPostgres)
	}
	if o.RedisURL == "" {
		needs = append(needs, needRedis)
	}
	if o.ElasticsearchURL == "" {
		needs = append(needs, needJDK, needMaven)
	}
	return needs
}

// startAll starts the missing ones side by side: Elasticsearch takes ten times as long as the others.
func (s *Stack) startAll(caller context.Context, opts Options) error {
	ctx, cancel := context.WithCancelCause(caller)
	defer cancel(nil)
	var wait sync.WaitGroup
	run := func(url *string, service **Service, start func(context.Context, ServiceOptions) (*Service, error), options ServiceOptions) {
		if *url != "" {
			return
		}
		wait.Go(func() {
			started, err := start(ctx, options)
			if err != nil {
				cancel(err) // the first failure ends the others' waiting
				return
			}
			*service, *url = started, started.URL()
		})
	}
	dir := func(name string) string { return filepath.Join(s.DataDir, name) }
	run(&s.ElasticsearchURL, &s.Elasticsearch, StartElasticsearch, opts.service(dir(elasticsearchName), elasticsearchPort, opts.ElasticsearchSettings))
	run(&s.PostgresURL, &s.Postgres, StartPostgres, opts.service(dir(postgresName), postgresPort, opts.PostgresSettings))
	run(&s.RedisURL, &s.Redis, StartRedis, opts.service(dir(redisName), redisPort, opts.RedisSettings))
	wait.Wait()
	if err := caller.Err(); err != nil {
		return fmt.Errorf("starting the services: %w", err)
	}
	return context.Cause(ctx)
}

// Stop ends what we started: Elasticsearch and Redis, which can be rebuilt, before PostgreSQL, the truth. It returns when no process of
// ours is left, and gives the data folder free.
func (s *Stack) Stop(ctx context.Context) error {
	var failed []error
	for _, service := range []*Service{s.Elasticsearch, s.Redis, s.Postgres} {
		if service != nil {
			failed = append(failed, service.Stop(ctx))
		}
	}
	if s.lock != nil {
		failed = append(failed, s.lock.release())
		s.lock = nil
	}
	return errors.Join(failed...)
}

// Failed gives an error when a service that we started ends although nobody asked it to.
func (s *Stack) Failed(ctx context.Context) <-chan error {
	failed := make(chan error, 3)
	for _, service := range []*Service{s.Elasticsearch, s.Redis, s.Postgres} {
		if service == nil {
			continue
		}
		go func() {
			select {
			case err := <-service.Failed():
				failed <- err
			case <-ctx.Done():
			}
		}()
	}
	return failed
}
