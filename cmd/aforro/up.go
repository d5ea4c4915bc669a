package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"aforro/demo"
	"aforro/indexer"
	"aforro/pkg/config"
	"aforro/pkg/importer"
	"aforro/pkg/postgres"
	"aforro/pkg/stack"
)

func upCommand() *cobra.Command {
	var noDemo bool
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Start everything on this machine: services, schema, demo data, all roles",
		Long: `Start PostgreSQL, Redis and Elasticsearch (installing them first on Debian, as
root), bring the schema up to date, load the demo catalogue of 19,406 products
with 20 stores, build the index, and run API, worker and indexer in one process.

Services given by AFORRO_POSTGRES_URL, AFORRO_REDIS_URL or
AFORRO_ELASTICSEARCH_URL are used instead of started. The usual ports are taken
when free, others when not. Ctrl-C stops everything in order; the next start
goes on with the same data. 'aforro reset' returns to nothing.`,
		Example: `  aforro up
  aforro up --no-demo --http-addr 127.0.0.1:9000`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return up(cmd, !noDemo) },
	}
	cmd.Flags().BoolVar(&noDemo, "no-demo", false, "do not load the demo catalogue")
	return cmd
}

// told reports whether somebody chose the setting, by flag or environment.
func told(cmd *cobra.Command, flag, env string) bool {
	return cmd.Flags().Changed(flag) || os.Getenv(env) != ""
}

func up(cmd *cobra.Command, withDemo bool) (err error) {
	ctx := cmd.Context()
	outliveReaders()
	c, err := settings(cmd)
	if err != nil {
		return err
	}
	if !told(cmd, "log-level", "AFORRO_LOG_LEVEL") {
		c.LogLevel = "warn" // steps are told in plain lines here
	}
	if !told(cmd, "stop-delay", "AFORRO_STOP_DELAY") {
		c.StopDelay = 0 // there is no other API to turn to
	}
	report := stack.NewReporter(cmd.OutOrStdout())
	given := c
	services, err := stack.Start(ctx, stack.Options{
		DataDir: c.DataDir, PostgresURL: c.PostgresURL, RedisURL: c.RedisURL, ElasticsearchURL: c.ElasticsearchURL, Out: report,
	})
	if err != nil {
		return interrupted(ctx, err)
	}
	defer func() {
		stopErr := services.Stop(context.WithoutCancel(ctx))
		if stopErr == nil {
			report.Step("Everything is stopped; the data stay in %s.", services.DataDir)
		}
		err = errors.Join(err, stopErr)
	}()
	if c, err = complete(c, services); err != nil {
		return err
	}
	if err := prepare(ctx, c, report, withDemo); err != nil {
		return interrupted(ctx, err)
	}
	listener, err := listen(c.HTTPAddr, told(cmd, "http-addr", "AFORRO_HTTP_ADDR"))
	if err != nil {
		return err
	}
	return runAll(ctx, c, given, report, services, listener)
}

// outliveReaders keeps the process from being ended by SIGPIPE when whoever reads
// its output has gone (aforro up | tee log, and Ctrl-C): the services that it
// started would stay behind. It is caught, not ignored, as children inherit what
// is ignored.
func outliveReaders() { signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) }

// interrupted turns the error of a step that was cut off by Ctrl-C into none.
func interrupted(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// complete fills in what the started services and the data folder know.
func complete(c config.Config, s *stack.Stack) (config.Config, error) {
	c.PostgresURL, c.RedisURL, c.ElasticsearchURL, c.DataDir = s.PostgresURL, s.RedisURL, s.ElasticsearchURL, s.DataDir
	secrets, err := stack.LoadSecrets(s.DataDir)
	if err != nil {
		return c, err
	}
	if c.StaffKey == "" {
		c.StaffKey = secrets.StaffKey
	}
	if c.TokenSecret == "" {
		c.TokenSecret = secrets.TokenSecret
	}
	return c, nil
}

// listen takes addr, or another free port of the same host unless the address
// was chosen by somebody.
func listen(addr string, chosen bool) (net.Listener, error) {
	l, err := net.Listen("tcp", addr)
	if err == nil {
		return l, nil
	}
	if chosen {
		return nil, fmt.Errorf("the API cannot listen on %s; choose another address with --http-addr: %w", addr, err)
	}
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("read the API's address: %w", err)
	}
	if l, err = net.Listen("tcp", net.JoinHostPort(host, "0")); err != nil {
		return nil, fmt.Errorf("find a free port for the API: %w", err)
	}
	return l, nil
}

// prepare migrates the schema and loads the demo.
func prepare(ctx context.Context, c config.Config, report *stack.Reporter, withDemo bool) error {
	begun := time.Now()
	if err := postgres.Migrate(ctx, c.PostgresURL); err != nil {
		return err
	}
	report.Step("Schema is up to date (%.1f s)", time.Since(begun).Seconds())
	if !withDemo {
		return nil
	}
	db, err := postgres.Open(ctx, c.PostgresURL, postgres.Options{ApplicationName: "aforro-demo", MaxConns: 4})
	if err != nil {
		return err
	}
	defer db.Close()
	begun = time.Now()
	steps := stepBars{report: report, unit: "bytes"}
	loaded, err := demo.Load(ctx, db, func(step string, done, total int64) { steps.show("loading demo "+step, done, total) })
	steps.end()
	if err != nil {
		return err
	}
	if loaded.State == importer.LoadOpen {
		report.Step("Demo loaded: %d products, %d stock lines in %d stores (%.1f s)",
			loaded.Products.New, loaded.Stock.New, len(demo.Stores()), time.Since(begun).Seconds())
	}
	return nil
}

// runAll runs the three roles until ctx ends, a role fails or a service dies.
// given are the settings before what the start itself made: secrets among them
// are not printed.
func runAll(ctx context.Context, c, given config.Config, report *stack.Reporter, services *stack.Stack, listener net.Listener) error {
	a := newApp(c, logger(c))
	defer a.closeAll()
	var x *indexer.Indexer
	indexed := func(ctx context.Context) error { return indexerReady(x)(ctx) }
	if err := a.addAPI(ctx, listener, indexed); err != nil {
		return err
	}
	if _, err := a.addWorker(ctx); err != nil {
		return err
	}
	var err error
	if x, err = a.addIndexer(ctx); err != nil {
		return err
	}
	a.add("services", func(ctx context.Context) error {
		select {
		case err := <-services.Failed(ctx):
			return err
		case <-ctx.Done():
			return nil
		}
	})
	a.add("welcome", func(ctx context.Context) error { return a.welcome(ctx, report, given, x, listener.Addr().String()) })
	err = a.run(ctx)
	report.Step("Stopping …")
	return err
}
