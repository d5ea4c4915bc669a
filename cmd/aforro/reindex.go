package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"aforro/indexer"
	"aforro/pkg/config"
	"aforro/pkg/postgres"
	"aforro/pkg/search"
	"aforro/pkg/stack"
)

// mostSampled is how many of the sampled queries a new index is judged on.
const mostSampled = 200

// reindexFlags are what is asked of one reindex.
type reindexFlags struct {
	judgments, reason string
	accept            []string
	throttle          int
	rollback          bool
}

func reindexCommand() *cobra.Command {
	var f reindexFlags
	cmd := &cobra.Command{
		Use:   "reindex",
		Short: "Build a new index beside the live one, judge it and swap them",
		Long: `Build a new version of the search index beside the live one while a running
indexer writes every change to both. It is compared with PostgreSQL, document by
document, and with the live one: the judged queries, the first ten of sampled
queries, and the time that searches take (AFORRO_REINDEX_...). Then the alias
points to it, at once; searches go on all the while. Needed after a change of
mapping, analysis or synonyms; nothing else needs it.

A new version that is worse is refused, with a table and exit code 1, and
removed; --accept CHECK (ndcg, zero, overlap, latency) with --reason lets it
pass. Ctrl-C removes it too. After a kill, or when a service went away, the next
run goes on where it was. The version before stays written for
AFORRO_INDEX_KEEP, and --rollback makes it live again with nothing lost.`,
		Example: `  aforro reindex
  aforro reindex --throttle 500
  aforro reindex --accept overlap --reason new-synonyms
  aforro reindex --rollback`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := f.check(); err != nil {
				return err
			}
			c, err := settings(cmd, postgresURL, elasticsearchURL)
			if err != nil {
				return err
			}
			return runReindex(cmd, c, f)
		},
	}
	flag := cmd.Flags()
	flag.StringVar(&f.judgments, "judgments", "", "a CSV of query,product_id,rating (default: those of the demo, if its products are there)")
	flag.StringSliceVar(&f.accept, "accept", nil, "a check that may fail: ndcg, zero, overlap or latency; needs --reason")
	flag.StringVar(&f.reason, "reason", "", "why --accept is right; kept with the index")
	flag.IntVar(&f.throttle, "throttle", 0, "the most documents a second while building; 0 is no limit")
	flag.BoolVar(&f.rollback, "rollback", false, "make the version before live again")
	return cmd
}

func (f reindexFlags) check() error {
	for _, a := range f.accept {
		if !slices.Contains(search.Acceptable(), search.Check(a)) {
			return fmt.Errorf("--accept takes ndcg, zero, overlap or latency, and %q is none of them", a)
		}
	}
	switch {
	case (len(f.accept) > 0) != (f.reason != ""):
		return errors.New("--accept and --reason belong together: which check may fail, and why that is right")
	case f.throttle < 0:
		return errors.New("--throttle must be 0 or more")
	}
	return nil
}

func runReindex(cmd *cobra.Command, c config.Config, f reindexFlags) error {
	ctx := cmd.Context()
	a := newApp(c, logger(c))
	defer a.closeAll()
	o, err := a.indexing(ctx, "aforro-reindex")
	if err != nil {
		return err
	}
	if f.rollback {
		done, err := indexer.NewReindexer(o).Rollback(ctx)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s is live again: %d documents; %s is kept and still written, 'aforro reindex --rollback' goes forth again\n",
			done.Index, done.Documents, done.Previous)
		return err
	}
	if o.Judging, err = a.judging(ctx, f); err != nil {
		return err
	}
	o.Throttle = f.throttle
	if o.Lag, err = a.followLag(ctx); err != nil {
		return err
	}
	steps := stepBars{report: stack.NewReporter(cmd.ErrOrStderr()), unit: "documents"}
	done, err := indexer.NewReindexer(o).Run(ctx, func(step indexer.Step, n, total int64) {
		if step == indexer.StepJudge {
			steps.unit = "queries"
		}
		steps.show(string(step), n, total)
	})
	steps.end()
	return errors.Join(report(cmd, c, done, err), err)
}

// report prints the verdict, also when it refuses, and what came of it.
func report(cmd *cobra.Command, c config.Config, done indexer.Reindexed, failed error) error {
	if len(done.Verdict) > 0 {
		if err := done.Verdict.Print(cmd.OutOrStdout()); err != nil {
			return err
		}
	}
	if failed != nil {
		return nil
	}
	if done.Resumed {
		if _, err := fmt.Fprintf(cmd.OutOrStdout(), "%s was begun by a reindex that was cut off, and went on from there\n", done.Index); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(cmd.OutOrStdout(), "%s is live: %d documents, %d differences, in %.1f s; %s is kept, written for another %s ('aforro reindex --rollback')\n",
		done.Index, done.Documents, done.Check.Differences(), done.Took.Seconds(), done.Previous, c.IndexKeep)
	return err
}

// judging is by what a new version is judged.
func (a *app) judging(ctx context.Context, f reindexFlags) (indexer.Judging, error) {
	judged, err := judgments(f.judgments)
	if err != nil {
		return indexer.Judging{}, err
	}
	engine, err := a.engine()
	if err != nil {
		return indexer.Judging{}, err
	}
	db, err := a.database(ctx, postgres.Options{ApplicationName: "aforro-reindex", MaxConns: 2})
	if err != nil {
		return indexer.Judging{}, err
	}
	j := indexer.Judging{
		Engines: engine, Judged: judged, Reason: f.reason,
		Sample: func(ctx context.Context) ([]string, error) { return db.Sample(ctx, search.SampleDays, mostSampled) },
		Limits: search.Limits{
			NDCGLoss: float64(a.cfg.ReindexNDCGLoss) / 100, ZeroGain: float64(a.cfg.ReindexZeroGain) / 100,
			Overlap: float64(a.cfg.ReindexMinOverlap) / 100, Slower: float64(a.cfg.ReindexMaxLatency) / 100,
		},
	}
	for _, check := range f.accept {
		j.Accept = append(j.Accept, search.Check(check))
	}
	return j, nil
}
