package main

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/spf13/cobra"

	"aforro/api"
	"aforro/pkg/auth"
	"aforro/pkg/cache"
	"aforro/pkg/elasticsearch"
	"aforro/pkg/order"
	"aforro/pkg/postgres"
	"aforro/pkg/queue"
	"aforro/pkg/search"
)

// apiStatement ends a statement of the API on the server, so that a request
// is answered while somebody still waits for it.
const apiStatement = 4 * time.Second

func apiCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "api",
		Short: "Serve the HTTP API: search, suggestions, orders, inventory",
		Long: `Serve every route at AFORRO_HTTP_ADDR. The API keeps nothing that another
process could not rebuild: any number may run behind a balancer, with the same
AFORRO_TOKEN_SECRET. /docs shows the routes, /readyz what it is waiting for.`,
		Example: `  aforro api --http-addr 0.0.0.0:8000`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := settings(cmd, postgresURL, redisURL, elasticsearchURL, tokenSecret)
			if err != nil {
				return err
			}
			collectSeldom()
			a := newApp(c, logger(c))
			defer a.closeAll()
			if err := a.addAPI(cmd.Context(), nil, nil); err != nil {
				return err
			}
			return a.run(cmd.Context())
		},
	}
}

// addAPI adds the API. It listens on listener when there is one, else on
// AFORRO_HTTP_ADDR; also, when not nil, is one more thing that /readyz waits for.
func (a *app) addAPI(ctx context.Context, listener net.Listener, also func(context.Context) error) error {
	db, err := a.database(ctx, postgres.Options{ApplicationName: "aforro-api", StatementTimeout: apiStatement})
	if err != nil {
		return err
	}
	engine, err := a.engine()
	if err != nil {
		return err
	}
	kept, err := a.cache()
	if err != nil {
		return err
	}
	desk, hear, err := a.desk(db)
	if err != nil {
		return err
	}
	tokens, err := auth.NewTokens(a.cfg.TokenSecret)
	if err != nil {
		return err
	}
	directory := a.directory(db)
	watch := search.NewWatch(a.cfg.SearchCache+a.cfg.CacheStale, time.Now)
	sample := search.NewSample(db, a.log, a.cfg.QuerySample)
	server, err := api.New(api.Options{
		Webhooks: directory, WebhookTools: directory,
		Listener: listener, Addr: a.cfg.HTTPAddr, PublicURL: a.cfg.PublicURL, TrustedProxies: a.cfg.TrustedProxies,
		Engine: engine, Catalogue: db, Stores: db, Orders: db, Desk: desk, Cache: kept, Limiter: kept,
		Stock: db, Reservations: db, Truth: db, Positions: db, Watch: watch, PositionWait: a.cfg.PositionWait,
		Sample: sample, Ranking: a.cfg.Ranking, ImageOrigins: a.cfg.ImageOrigins,
		Tokens: tokens, Staff: auth.NewStaff(a.cfg.StaffKey),
		SearchCache: a.cfg.SearchCache, SuggestCache: a.cfg.SuggestCache, RateLimit: a.cfg.RateLimit,
		CacheBytes: int64(a.cfg.CacheMB) << 20, CacheStale: a.cfg.CacheStale, FromIndex: !a.cfg.Live,
		DecisionWait: a.cfg.DecisionWait, StopDelay: a.cfg.StopDelay,
		StopGrace: a.cfg.StopGrace * 9 / 10, // the rest is for dropping what is left then
		Ready:     apiReady(db, engine, also), Log: a.log, Metrics: a.metrics,
		MetricsPage: promhttp.HandlerFor(a.metrics, promhttp.HandlerOpts{}),
	})
	if err != nil {
		return err
	}
	a.add("api", server.Run)
	a.add("announcements", hear)
	a.add("progress", db.Progress(a.cfg.Slot).Follow(watch, a.log).Run)
	a.add("query sample", sample.Run)
	return nil
}

// cache opens the Redis that keeps answers and counts requests.
func (a *app) cache() (*cache.Cache, error) {
	url := a.cfg.CacheRedisURL
	if url == "" {
		url = a.cfg.RedisURL
	}
	kept, err := cache.Open(url, a.log, a.metrics)
	if err != nil {
		return nil, err
	}
	a.onClose("the cache", kept.Close)
	return kept, nil
}

// desk takes orders in; hear is the part that listens for decisions.
func (a *app) desk(db *postgres.DB) (desk *order.Desk, hear func(context.Context) error, err error) {
	client, err := queue.Open(a.cfg.RedisURL, a.log)
	if err != nil {
		return nil, nil, err
	}
	a.onClose("the queue", client.Close)
	decisions, err := queue.NewDecisions(a.cfg.RedisURL, a.log)
	if err != nil {
		return nil, nil, err
	}
	return order.NewDesk(order.Parts{
		Saver: db, Reader: db, Waker: client, Signals: decisions, Decider: order.NewDecider(db, nil),
		Unwoken: func(orders int, err error) {
			a.log.Warn("no worker was woken; deciding here", "orders", orders, "error", err)
		},
	}), decisions.Run, nil
}

// apiReady: Redis is not waited for, since everything works without it.
func apiReady(db *postgres.DB, engine *elasticsearch.Client, also func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		if err := db.Ready(ctx); err != nil {
			return err
		}
		if also != nil {
			if err := also(ctx); err != nil {
				return err
			}
		}
		if err := engine.Health(ctx); err != nil {
			return errors.New("the index is not built yet, or Elasticsearch does not answer")
		}
		return nil
	}
}
