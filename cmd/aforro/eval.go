package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"aforro/demo"
	"aforro/elastic"
	"aforro/pkg/elasticsearch"
	"aforro/pkg/fault"
	"aforro/pkg/search"
)

// evalFlags are what is asked of one evaluation.
type evalFlags struct {
	judgments, profile string
	typos, compare     bool
	folds              int
	seed               uint64
}

func evalCommand() *cobra.Command {
	var f evalFlags
	cmd := &cobra.Command{
		Use:   "eval",
		Short: "Measure the ranking on judged queries",
		Long: `Run judged queries against the live index and print a table: NDCG@10 (gain
2^rating-1, an unjudged product counts 0), cond (unjudged products dropped from
the first 50 first), the judged share of the first ten, MRR, recall@50, and the
queries that found nothing. The standard error of the mean is about .035.

--typos asks each query with one typo, five times. --folds N chooses weights on
all queries but a part and measures them on that part, for each of N parts.
--compare A B measures two profiles on the same queries: the mean difference with
its 95 % interval, and the queries that changed most.`,
		Example: `  aforro eval
  aforro eval --judgments judgments.csv
  aforro eval --typos
  aforro eval --profile lexical-1
  aforro eval --compare lexical-1 lexical-2
  aforro eval --folds 5 --seed 1`,
		Args: func(_ *cobra.Command, args []string) error { return f.check(args) },
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := settings(cmd, elasticsearchURL)
			if err != nil {
				return err
			}
			judged, err := judgments(f.judgments)
			if err != nil {
				return err
			}
			engine, err := newApp(c, logger(c)).engine()
			if err != nil {
				return err
			}
			return evaluate(cmd, engine, judged, f, args)
		},
	}
	flag := cmd.Flags()
	flag.StringVar(&f.judgments, "judgments", "", "a CSV of query,product_id,rating (default: those of the demo)")
	flag.StringVar(&f.profile, "profile", "", "the ranking to measure (default: AFORRO_RANKING)")
	flag.BoolVar(&f.typos, "typos", false, "ask each query with one typo, five times")
	flag.BoolVar(&f.compare, "compare", false, "compare the two rankings that are named")
	flag.IntVar(&f.folds, "folds", 0, "cross-validate the weights with so many parts")
	flag.Uint64Var(&f.seed, "seed", 1, "what typos, folds and intervals are drawn from")
	return cmd
}

func (f evalFlags) check(args []string) error {
	switch {
	case f.compare && len(args) != 2:
		return errors.New("--compare wants the names of two rankings, such as: aforro eval --compare lexical-1 lexical-2")
	case !f.compare && len(args) > 0:
		return fmt.Errorf("%q is not understood: names of rankings follow --compare; one goes with --profile", args[0])
	case f.compare && f.profile != "", f.folds != 0 && (f.compare || f.typos):
		return errors.New("--compare names its rankings itself, and --folds stands alone or with --profile")
	case f.folds != 0 && (f.folds < 2 || f.folds > 20):
		return errors.New("--folds must be from 2 to 20")
	}
	return nil
}

func evaluate(cmd *cobra.Command, engine *elasticsearch.Client, judged []search.Judged, f evalFlags, names []string) error {
	if f.profile != "" {
		r, err := elastic.FindRanking(f.profile)
		if err != nil {
			return err
		}
		engine = engine.Ranked(r)
	}
	if f.compare {
		return compareRankings(cmd, engine, judged, f, names)
	}
	out := cmd.OutOrStdout()
	if f.typos {
		judged = search.MissTyped(judged, f.seed)
	}
	report, err := search.Evaluate(cmd.Context(), engine, judged)
	if err != nil {
		return err
	}
	if err := report.Print(out); err != nil {
		return err
	}
	if f.folds > 0 {
		return crossValidate(cmd, engine, judged, f)
	}
	asked := fmt.Sprintf("%d queries", report.Asked)
	if f.typos {
		asked = fmt.Sprintf("%d queries with one typo each (seed %d)", report.Asked, f.seed)
	}
	_, err = fmt.Fprintf(out, "ranking %s, %s\n", engine.Ranking().ID(), asked)
	return err
}

func compareRankings(cmd *cobra.Command, engine *elasticsearch.Client, judged []search.Judged, f evalFlags, names []string) error {
	if f.typos {
		judged = search.MissTyped(judged, f.seed)
	}
	var reports [2]search.Report
	for i, name := range names {
		r, err := elastic.FindRanking(name)
		if err != nil {
			return err
		}
		if reports[i], err = search.Evaluate(cmd.Context(), engine.Ranked(r), judged); err != nil {
			return err
		}
		m := reports[i].Mean
		if _, err := fmt.Fprintf(cmd.OutOrStdout(), "%s: NDCG@10 %.3f, cond %.3f, judged %.0f %%, MRR %.3f, without results %d, of %d queries\n",
			name, m.NDCG, m.Cond, m.Share*100, m.MRR, len(reports[i].Empty), reports[i].Counted); err != nil {
			return err
		}
	}
	c, err := search.Pairwise(reports[0], reports[1], f.seed)
	if err != nil {
		return err
	}
	return c.Print(cmd.OutOrStdout(), names[0], names[1], f.seed)
}

// crossValidate tries half and twice of every weight of the profile, and a factor
// for accessories that is a tenth higher or lower.
func crossValidate(cmd *cobra.Command, engine *elasticsearch.Client, judged []search.Judged, f evalFlags) error {
	tuning, own := search.Tuning{}, engine.Ranking()
	for name, weight := range own.Weights.ByName() {
		if *weight > 0 && name != "exact" {
			tuning[name] = []float64{*weight / 2, *weight * 2}
		}
	}
	const accessory = "accessory"
	tuning[accessory] = []float64{own.Accessory - .1, min(1, own.Accessory+.1)}
	rank := func(replaced map[string]float64) (search.Searcher, error) {
		r := engine.Ranking()
		for name, weight := range r.Weights.ByName() {
			if v, ok := replaced[name]; ok {
				*weight = v
			}
		}
		if v, ok := replaced[accessory]; ok {
			r.Accessory = v
		}
		return engine.Ranked(r), nil
	}
	v, err := search.CrossValidate(cmd.Context(), rank, judged, tuning, f.folds, f.seed)
	if err != nil {
		return err
	}
	return v.Print(cmd.OutOrStdout())
}

// judgments reads a file, or the demo's when path is empty.
func judgments(path string) ([]search.Judged, error) {
	var in io.Reader = bytes.NewReader(demo.Judgments)
	if path != "" {
		content, err := os.ReadFile(path)
		if err != nil {
			return nil, fault.Wrap(err, fault.Invalid, "the file %s cannot be read", path)
		}
		in = bytes.NewReader(content)
	}
	return search.ReadJudgments(in)
}
