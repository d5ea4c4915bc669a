package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
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

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func usage() error {
	var b strings.Builder
	b.WriteString("usage: bench [NAME...]; without a name all run\n")
	for _, x := range benches {
		fmt.Fprintf(&b, "  %-10s %s\n", x.name, x.what)
	}
	return errors.New(b.String())
}

// run measures what is named, each on services of the bench's own.
func run(ctx context.Context, names []string) (err error) {
	for _, name := range names {
		if !slices.ContainsFunc(benches, func(b bench) bool { return b.name == name }) {
			return usage()
		}
	}
	g, err := newGround(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, g.close(context.WithoutCancel(ctx))) }()
	for _, b := range benches {
		if len(names) > 0 && !slices.Contains(names, b.name) {
			continue
		}
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
