package queue

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"aforro/pkg/lifecycle"
)

// Handler does what a task asks for the orders with the ids.
type Handler = func(ctx context.Context, ids []int64) error

// ServerOptions say how tasks are taken from the queue.
type ServerOptions struct {
	// URL is Redis's: redis://, rediss:// or unix://.
	URL string
	// Concurrency is how many tasks run at once; at least 1.
	Concurrency int
	// CheckEvery is how often an idle server looks for tasks.
	CheckEvery time.Duration
	// Grace is how long a stop may take. After half of it the tasks that still
	// run are handed back to the queue; the rest is for a Redis that is slow.
	Grace time.Duration
	Log   *slog.Logger
}

// Server takes tasks from the queue.
type Server struct {
	o   ServerOptions
	rdb *redis.Options
}

// NewServer prepares a server; Serve connects.
func NewServer(o ServerOptions) (*Server, error) {
	rdb, err := parse(o.URL)
	if err != nil {
		return nil, err
	}
	return &Server{o: o, rdb: rdb}, nil
}

// Serve runs the handlers, by kind of task, until ctx ends; then it takes no
// more tasks, waits for the running ones, hands back those that are not done
// in time, and returns nil within the grace. It waits for a Redis that is away, now or
// later. A handler's error makes the task come back after a pause.
func (s *Server) Serve(ctx context.Context, handlers map[string]Handler) error {
	rdb := forServer(s.rdb)
	if !s.awaitRedis(ctx, rdb) {
		closeLogged(rdb, s.o.Log)
		return nil
	}
	// Tasks outlive ctx by the stop, and end with it.
	tasks, abandon := context.WithCancel(context.WithoutCancel(ctx))
	defer abandon()
	srv := asynq.NewServerFromRedisClient(rdb, s.config(tasks))
	if err := srv.Start(dispatch(handlers)); err != nil {
		closeLogged(rdb, s.o.Log)
		return fmt.Errorf("start taking tasks: %w", err)
	}
	<-ctx.Done()
	s.stop(srv, rdb)
	return nil
}

func (s *Server) awaitRedis(ctx context.Context, rdb *redis.Client) bool {
	for n := 0; ; n++ {
		err := rdb.Ping(ctx).Err()
		switch {
		case err == nil:
			return true
		case n == 0 && ctx.Err() == nil:
			s.o.Log.Warn("waiting for Redis before taking tasks", "error", err)
		}
		if lifecycle.Sleep(ctx, lifecycle.Backoff(n, probeFirst, probeMost)) != nil {
			return false
		}
	}
}

func (s *Server) config(tasks context.Context) asynq.Config {
	return asynq.Config{
		Concurrency:              s.o.Concurrency,
		BaseContext:              func() context.Context { return tasks },
		TaskCheckInterval:        s.o.CheckEvery,
		DelayedTaskCheckInterval: 250 * time.Millisecond,
		RetryDelayFunc:           retryDelay,
		Queues:                   map[string]int{queueDecide: 6, queueConfirm: 1},
		ErrorHandler:             asynq.ErrorHandlerFunc(s.logFailure),
		ShutdownTimeout:          s.o.Grace / 2,
		Logger:                   asynqLog{s.o.Log},
		LogLevel:                 asynq.ErrorLevel,
	}
}

func retryDelay(n int, _ error, _ *asynq.Task) time.Duration {
	return lifecycle.Backoff(n, 200*time.Millisecond, 5*time.Second)
}

func (s *Server) logFailure(ctx context.Context, t *asynq.Task, err error) {
	tries, _ := asynq.GetRetryCount(ctx)
	s.o.Log.Warn("a task failed", "task", t.Type(), "tries", tries+1, "error", err)
}

// stop ends the server. Its own steps wait for Redis, which may hang, so they
// are bounded too: what Redis did not hear of is found by the sweeper. The
// connections are closed only after asynq's last goroutine: its subscriber
// panics when they go first.
func (s *Server) stop(srv *asynq.Server, rdb *redis.Client) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		srv.Shutdown()
		closeLogged(rdb, s.o.Log)
	}()
	limit := time.NewTimer(s.o.Grace * 9 / 10)
	defer limit.Stop()
	select {
	case <-done:
	case <-limit.C:
		s.o.Log.Warn("Redis does not answer; leaving without handing tasks back to it")
	}
}

// dispatch hands a task to its kind's handler. A task that no try can make
// good is given up at once.
func dispatch(handlers map[string]Handler) asynq.HandlerFunc {
	return func(ctx context.Context, t *asynq.Task) error {
		h, known := handlers[t.Type()]
		if !known {
			return fmt.Errorf("no handler for task %q: %w", t.Type(), asynq.SkipRetry)
		}
		var ids []int64
		if err := json.Unmarshal(t.Payload(), &ids); err != nil || len(ids) == 0 {
			return fmt.Errorf("task %q carries no order ids: %w", t.Type(), asynq.SkipRetry)
		}
		return h(ctx, ids)
	}
}

func closeLogged(rdb *redis.Client, log *slog.Logger) {
	if err := rdb.Close(); err != nil {
		log.Warn("close Redis connections", "error", err)
	}
}
