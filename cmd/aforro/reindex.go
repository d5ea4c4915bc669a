package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"aforro/indexer"
	"aforro/pkg/stack"
)

func reindexCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "reindex",
		Short: "Build a new index beside the live one and swap them",
		Long: `Build a new version of the search index beside the live one while a running
indexer writes every change to both, check it against PostgreSQL, and let the
alias point to it, at once. Searches go on all the while. Needed after a change
of mapping, analysis or synonyms; nothing else needs it. When it fails the live
index is untouched.`,
		Example: `  aforro reindex`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := settings(cmd, postgresURL, elasticsearchURL)
			if err != nil {
				return err
			}
			a := newApp(c, logger(c))
			defer a.closeAll()
			o, err := a.indexing(cmd.Context(), "aforro-reindex")
			if err != nil {
				return err
			}
			report := stack.NewReporter(cmd.ErrOrStderr())
			steps := stepBars{report: report, unit: "documents"}
			done, err := indexer.NewReindexer(o).Run(cmd.Context(), func(step indexer.Step, n, total int64) {
				steps.show(string(step), n, total)
			})
			steps.end()
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s is live: %d documents, %d differences, in %.1f s; %s is kept\n",
				done.Index, done.Documents, done.Check.Differences(), done.Took.Seconds(), done.Previous)
			return err
		},
	}
}

// stepBars shows one progress bar after the other, as steps begin.
type stepBars struct {
	report *stack.Reporter
	unit   string
	name   string
	bar    *stack.Progress
}

func (s *stepBars) show(step string, done, total int64) {
	if step != s.name {
		s.end()
		s.name, s.bar = step, s.report.Progress(step, s.unit, total)
	}
	s.bar.Set(done)
}

func (s *stepBars) end() {
	if s.bar != nil {
		s.bar.Done()
	}
	s.bar, s.name = nil, ""
}
