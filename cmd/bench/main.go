package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"
)

// bench is one measurement; it prints its own lines.
type bench struct {
	name, what string
	run        func(ctx context.Context, g *ground) error
}

var benches = []bench{
	{"import", "products a second into PostgreSQL, against COPY alone", benchImport},
	{"build", "documents a second of a full index build, against _bulk alone", benchBuild},
	{"relevance", "NDCG@10 and the other measures on the judged queries", benchRelevance},
	{"fresh", "a stock change by psql until search shows it", benchFresh},
	{"search", "searches a second over HTTP, against Elasticsearch alone", benchSearch},
	{"start", "the first start on empty data and the second", benchStart},
}

// onRequest are benches that run only when they are named: together they take
// as long as all of the others.
var onRequest = []bench{
	{"search-cached", "cached searches and suggestions a second, against an empty huma handler", benchCached},
	{"suggest", "suggestions a second over HTTP, against Elasticsearch alone", benchSuggest},
	{"search-million", "searches of a store of a million products, and the memory of it", benchSearchMillion},
	{"orders-uniform", "orders a second over all stock, against pgbench with the same writes", benchUniform},
	{"orders-hot", "the same with all orders on one store's hot products", benchHot},
	{"orders-latency", "lone orders, and orders that come at half the highest rate", benchOrderLatency},
	{"index-million", "build and verify a million products, and the memory of it", benchMillion},
	{"orders-indexer", "orders a second while the indexer follows", benchOrdersIndexed},
	{"index-fresh", "500 changes a second of every kind until searches see them, also during a reindex", benchIndexFresh},
	{"index-positions", "10,000 writes, each searched for at once with its position", benchIndexPositions},
	{"index-stock", "5,000 stock changes a second until searches see them", benchIndexStock},
	{"index-stock-goal", "the same with 10,000", benchIndexStockGoal},
	{"suggest-quality", "what rich suggestions offer for beginnings of titles, and where they lead", benchSuggestQuality},
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := start(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// start runs what is asked for; startEmpty asks for a server.
func start(ctx context.Context, args []string) error {
	if len(args) == 2 && args[0] == emptyCommand {
		return serveEmpty(ctx, args[1])
	}
	return run(ctx, args)
}

// choice is what the command line asks for.
type choice struct {
	benches []bench
	pace    pace
}

func parse(args []string) (choice, error) {
	var c choice
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.IntVar(&c.pace.rounds, "rounds", 5, "")
	flags.DurationVar(&c.pace.length, "length", 8*time.Second, "")
	c.pace.warm = 2 * time.Second
	if err := flags.Parse(args); err != nil || c.pace.rounds < 1 || c.pace.length < time.Second {
		return c, errors.Join(err, usage())
	}
	for _, name := range flags.Args() {
		all := slices.Concat(benches, onRequest)
		i := slices.IndexFunc(all, func(b bench) bool { return b.name == name })
		if i < 0 {
			return c, usage()
		}
		c.benches = append(c.benches, all[i])
	}
	if len(c.benches) == 0 {
		c.benches = benches
	}
	return c, nil
}

// wantsSearch reports whether a bench needs Elasticsearch from the beginning.
func (c choice) wantsSearch() bool {
	return slices.ContainsFunc(c.benches, func(b bench) bool {
		return !strings.HasPrefix(b.name, "orders-")
	})
}

func usage() error {
	var b strings.Builder
	b.WriteString("usage: bench [-rounds N] [-length DURATION] [NAME...]; the flags are for orders-*, -rounds also for searches and suggestions\nwithout a name all of these run:\n")
	for _, x := range benches {
		fmt.Fprintf(&b, "  %-16s %s\n", x.name, x.what)
	}
	b.WriteString("only when they are named:\n")
	for _, x := range onRequest {
		fmt.Fprintf(&b, "  %-16s %s\n", x.name, x.what)
	}
	return errors.New(b.String())
}

// run measures what is asked for, on services of the bench's own.
func run(ctx context.Context, args []string) (err error) {
	c, err := parse(args)
	if err != nil {
		return err
	}
	g, err := newGround(ctx, c.wantsSearch())
	if err != nil {
		return err
	}
	g.pace = c.pace
	defer func() { err = errors.Join(err, g.close(context.WithoutCancel(ctx))) }()
	for _, b := range c.benches {
		fmt.Printf("\n== %s: %s\n", b.name, b.what)
		if err := b.run(ctx, g); err != nil {
			return fmt.Errorf("%s: %w", b.name, err)
		}
	}
	return nil
}

// bar prints one measured figure beside what is asked of it.
func bar(what, measured, wanted string, reached bool) {
	verdict := "reached"
	if !reached {
		verdict = "MISSED"
	}
	fmt.Printf("%-44s %-52s bar %-16s %s\n", what, measured, wanted, verdict)
}
