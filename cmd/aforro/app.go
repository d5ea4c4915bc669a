package main

import (
	"context"
	"log/slog"
	"os"
	"runtime/debug"

	"github.com/prometheus/client_golang/prometheus"

	"aforro/pkg/config"
	"aforro/pkg/elasticsearch"
	"aforro/pkg/lifecycle"
	"aforro/pkg/postgres"
	"aforro/pkg/telemetry"
)

// app is one process: its settings, what its roles share, and what has to be
// closed at its end. main and the end-to-end tests build it the same way.
type app struct {
	cfg     config.Config
	log     *slog.Logger
	metrics *prometheus.Registry
	parts   []lifecycle.Part
	closers []func()
}

func newApp(cfg config.Config, log *slog.Logger) *app {
	return &app{cfg: cfg, log: log, metrics: telemetry.NewRegistry()}
}

// collectSeldom lets the garbage of requests pile up to four times what is in
// use: the roles that answer many small requests use little, and collecting takes
// a part of the time that orders could have. GOGC says otherwise.
func collectSeldom() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
}

// add appends a part; parts stop in the order in which they were added.
func (a *app) add(name string, run func(ctx context.Context) error) {
	a.parts = append(a.parts, lifecycle.Part{Name: name, Run: run})
}

// run runs all parts until ctx ends or one fails.
func (a *app) run(ctx context.Context) error {
	return lifecycle.Group{Parts: a.parts, Grace: a.cfg.StopGrace, Log: a.log}.Run(ctx)
}

// closeAll closes what was opened, the last first.
func (a *app) closeAll() {
	for i := len(a.closers) - 1; i >= 0; i-- {
		a.closers[i]()
	}
	a.closers = nil
}

// onClose remembers to close something; a failure is only worth a log line.
func (a *app) onClose(what string, closing func() error) {
	a.closers = append(a.closers, func() {
		if err := closing(); err != nil {
			a.log.Warn("not closed in good order", "what", what, "error", err)
		}
	})
}

// database opens a pool for one role.
func (a *app) database(ctx context.Context, o postgres.Options) (*postgres.DB, error) {
	if o.MaxConns == 0 {
		o.MaxConns = a.cfg.PostgresPool
	}
	db, err := postgres.Open(ctx, a.cfg.PostgresURL, o)
	if err != nil {
		return nil, err
	}
	a.closers = append(a.closers, db.Close)
	return db, nil
}

// engine opens the client for Elasticsearch.
func (a *app) engine() (*elasticsearch.Client, error) {
	return elasticsearch.New(elasticsearch.Options{
		URLs:        a.cfg.ElasticsearchURL,
		IndexPrefix: a.cfg.IndexPrefix,
		Shards:      a.cfg.Shards,
		Replicas:    a.cfg.Replicas,
		Ranking:     a.cfg.Ranking,
	})
}
