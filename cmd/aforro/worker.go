package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"aforro/pkg/config"
	"aforro/pkg/fault"
	"aforro/pkg/postgres"
	"aforro/pkg/queue"
	"aforro/pkg/telemetry"
	"aforro/worker"
)

// workerStatement ends a statement of the worker on the server: a decision takes
// milliseconds.
const workerStatement = 10 * time.Second

func workerCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "worker",
		Short: "Decide orders: CONFIRMED with stock deducted, or REJECTED",
		Long: `Take order tasks from Redis and decide them in PostgreSQL, send confirmations,
and sweep: an order that is still PENDING after a second is decided, whatever
became of its task. Any number of workers may run.
/healthz, /readyz and /metrics answer at AFORRO_PROBE_ADDR.`,
		Example: `  aforro worker --worker-concurrency 16`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := settings(cmd, postgresURL, redisURL)
			if err != nil {
				return err
			}
			collectSeldom()
			return runRole(cmd.Context(), c, (*app).addWorker)
		},
	}
}

// addWorker adds the worker and returns what its /readyz says.
func (a *app) addWorker(ctx context.Context) (telemetry.Ready, error) {
	db, err := a.database(ctx, postgres.Options{ApplicationName: "aforro-worker", StatementTimeout: workerStatement})
	if err != nil {
		return nil, err
	}
	client, err := queue.Open(a.cfg.RedisURL, a.log)
	if err != nil {
		return nil, err
	}
	a.onClose("the queue", client.Close)
	server, err := queue.NewServer(queue.ServerOptions{
		URL: a.cfg.RedisURL, Concurrency: a.cfg.WorkerConcurrency, CheckEvery: a.cfg.QueueCheck,
		Grace: a.cfg.StopGrace / 2, Log: a.log,
	})
	if err != nil {
		return nil, err
	}
	deliver, err := a.deliveries(db)
	if err != nil {
		return nil, err
	}
	w := worker.New(worker.Options{
		Orders: db, Holds: db, Queue: client, Server: server, Log: a.log, Metrics: a.metrics,
		SweepEvery: a.cfg.SweepEvery, Books: db, AuditEvery: a.cfg.AuditEvery,
		Deliver: deliver,
	})
	a.add("worker", w.Run)
	// Without Redis the sweeper decides, so only PostgreSQL is waited for.
	return func(ctx context.Context) error {
		if err := db.Ready(ctx); err != nil {
			return errors.New(fault.MessageOf(err))
		}
		return nil
	}, nil
}

// runRole runs one role on its own, with its probes.
func runRole(ctx context.Context, cfg config.Config, role func(*app, context.Context) (telemetry.Ready, error)) error {
	a := newApp(cfg, logger(cfg))
	defer a.closeAll()
	ready, err := role(a, ctx)
	if err != nil {
		return err
	}
	a.add("probes", func(ctx context.Context) error {
		return telemetry.ServeProbes(ctx, cfg.ProbeAddr, telemetry.ProbeHandler(ready, a.metrics))
	})
	if err := a.run(ctx); err != nil {
		return fmt.Errorf("it ended early: %w", err)
	}
	return nil
}
