package main

import (
	"bytes"
	"io"
	"os"

	"github.com/spf13/cobra"

	"aforro/demo"
	"aforro/pkg/fault"
	"aforro/pkg/search"
)

func evalCommand() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "eval",
		Short: "Measure the ranking on judged queries",
		Long: `Run judged queries against the live index and print a table: NDCG@10 (gain
2^rating-1, an unjudged product counts 0), cond (unjudged products dropped from
the first 50 first), the judged share of the first ten, MRR, recall@50, and the
queries that found nothing. The standard error of the mean is about .035.`,
		Example: `  aforro eval
  aforro eval --judgments judgments.csv`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := settings(cmd, elasticsearchURL)
			if err != nil {
				return err
			}
			judged, err := judgments(file)
			if err != nil {
				return err
			}
			engine, err := newApp(c, logger(c)).engine()
			if err != nil {
				return err
			}
			report, err := search.Evaluate(cmd.Context(), engine, judged)
			if err != nil {
				return err
			}
			return report.Print(cmd.OutOrStdout())
		},
	}
	cmd.Flags().StringVar(&file, "judgments", "", "a CSV of query,product_id,rating (default: those of the demo)")
	return cmd
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
