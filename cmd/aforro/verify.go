package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"aforro/indexer"
	"aforro/pkg/stack"
)

func verifyCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "verify",
		Short: "Compare every document of the index with PostgreSQL",
		Long: `Compare the live index with PostgreSQL: every document, every field. What seems
to differ is looked at again once the indexer has passed the present position,
so a change on its way is no difference. The exit code is 1 when there are any;
the report names them by id.`,
		Example: `  aforro verify`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := settings(cmd, postgresURL, elasticsearchURL)
			if err != nil {
				return err
			}
			a := newApp(c, logger(c))
			defer a.closeAll()
			o, err := a.indexing(cmd.Context(), "aforro-verify")
			if err != nil {
				return err
			}
			steps := stepBars{report: stack.NewReporter(cmd.ErrOrStderr()), unit: "documents"}
			r, err := indexer.NewVerifier(o).Live(cmd.Context(), func(done, total int64) { steps.show("comparing", done, total) })
			steps.end()
			if err != nil {
				return err
			}
			if err := printReport(cmd.OutOrStdout(), r); err != nil {
				return err
			}
			if n := r.Differences(); n > 0 {
				return fmt.Errorf("the index differs from PostgreSQL in %d documents", n)
			}
			return nil
		},
	}
}

func printReport(out io.Writer, r indexer.Report) error {
	if _, err := fmt.Fprintf(out, "%s: %d documents compared with PostgreSQL, %d differences\n", r.Index, r.Compared, r.Differences()); err != nil {
		return err
	}
	for _, f := range []struct {
		what string
		indexer.Finding
	}{{"missing in the index", r.Missing}, {"not in the database", r.Extra}, {"different", r.Different}} {
		if f.Count == 0 {
			continue
		}
		if _, err := fmt.Fprintf(out, "  %s: %d (first ids: %v)\n", f.what, f.Count, f.IDs); err != nil {
			return err
		}
	}
	return nil
}
