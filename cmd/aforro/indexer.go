package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"aforro/elastic"
	"aforro/indexer"
	"aforro/pkg/postgres"
	"aforro/pkg/telemetry"
)

func indexerCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "indexer",
		Short: "Follow PostgreSQL and keep the search index equal to it",
		Long: `Follow every committed change of catalogue and stock by logical replication and
write it to Elasticsearch. An empty Elasticsearch is filled first. More than one
may run: one follows, the others stand by. /healthz, /readyz ("index building,
43 %") and /metrics answer at AFORRO_PROBE_ADDR.`,
		Example: `  aforro indexer --probe-addr 127.0.0.1:8002`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := settings(cmd, postgresURL, elasticsearchURL)
			if err != nil {
				return err
			}
			return runRole(cmd.Context(), c, func(a *app, ctx context.Context) (telemetry.Ready, error) {
				x, err := a.addIndexer(ctx)
				if err != nil {
					return nil, err
				}
				return indexerReady(x), nil
			})
		},
	}
}

// indexing is what the indexer, a reindex and a verification work with.
func (a *app) indexing(ctx context.Context, name string) (indexer.Options, error) {
	db, err := a.database(ctx, postgres.Options{ApplicationName: name, MaxConns: int32(a.cfg.BulkSenders) + 4})
	if err != nil {
		return indexer.Options{}, err
	}
	engine, err := a.engine()
	if err != nil {
		return indexer.Options{}, err
	}
	return indexer.Options{
		Source: db, Log: db, Slot: db.Slot(a.cfg.Slot), Writer: engine, Versions: engine, Reader: engine, Quarantine: db, Teller: db.Progress(a.cfg.Slot),
		Logger: a.log, Metrics: a.metrics,
		Window: a.cfg.IndexWindow, QuantityWindow: a.cfg.QuantityWindow, Heartbeat: a.cfg.Heartbeat, SlotWarning: a.cfg.SlotWarning << 20,
		BulkSize: a.cfg.BulkSize, Senders: a.cfg.BulkSenders, GCDeletes: elastic.GCDeletes,
	}, nil
}

func (a *app) addIndexer(ctx context.Context) (*indexer.Indexer, error) {
	o, err := a.indexing(ctx, "aforro-indexer")
	if err != nil {
		return nil, err
	}
	x := indexer.New(o)
	a.add("indexer", x.Run)
	return x, nil
}

// indexerReady: one that stands by is ready to take over, so it counts as ready.
func indexerReady(x *indexer.Indexer) telemetry.Ready {
	return func(context.Context) error {
		s := x.Status()
		if s.Ready() || s.Phase == indexer.StandingBy {
			return nil
		}
		return errors.New(s.String())
	}
}
