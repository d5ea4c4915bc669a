package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"aforro/indexer"
	"aforro/pkg/stack"
)

// verifying is what the command line asks for.
type verifying struct {
	full, repair, json bool
	report             string
}

func verifyCommand() *cobra.Command {
	var o verifying
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Compare the index with PostgreSQL, and mend it",
		Long: `Compare the live index with PostgreSQL. Each document holds a hash of what it was
made of; without --full they are added up in parts on both sides, and only a part
whose sums differ is read. That finds what is missing, what is too much, and what
is out of date, but no document whose fields somebody changed beside its hash:
--full compares every field of every document.

What seems to differ is looked at again once the indexer has passed the present
position, so a change on its way is no difference. --repair has the running
indexer write anew whatever is wrong, and looks again. The exit code is 1 when
something is wrong, or with --repair still is. The first 100 of each kind are
printed; --report and --json name all, up to a million.`,
		Example: `  aforro verify
  aforro verify --full --report differences.txt
  aforro verify --full --repair
  aforro verify --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runVerify(cmd, o) },
	}
	f := cmd.Flags()
	f.BoolVar(&o.full, "full", false, "compare every field of every document")
	f.BoolVar(&o.repair, "repair", false, "have the running indexer write anew what is wrong")
	f.BoolVar(&o.json, "json", false, "print the result as one JSON object")
	f.StringVar(&o.report, "report", "", "write what is wrong to this file, one document a line")
	return cmd
}

func runVerify(cmd *cobra.Command, o verifying) error {
	c, err := settings(cmd, postgresURL, elasticsearchURL)
	if err != nil {
		return err
	}
	a := newApp(c, logger(c))
	defer a.closeAll()
	options, err := a.indexing(cmd.Context(), "aforro-verify")
	if err != nil {
		return err
	}
	steps := &stepBars{report: stack.NewReporter(cmd.ErrOrStderr()), unit: "documents"}
	result, err := o.work(cmd.Context(), indexer.NewVerifier(options), steps)
	steps.end()
	if err != nil {
		return err
	}
	if err := o.tell(cmd.OutOrStdout(), result); err != nil {
		return err
	}
	return result.verdict()
}

// work compares, and repairs if that is asked for and needed.
func (o verifying) work(ctx context.Context, v *indexer.Verifier, steps *stepBars) (r verified, err error) {
	compare := v.Quick
	if o.full {
		compare = v.Live
	}
	if r.Found, err = compare(ctx, func(done, total int64) { steps.show("comparing", done, total) }); err != nil {
		return r, err
	}
	if !o.repair || r.Found.Differences() == 0 {
		return r, nil
	}
	left, err := v.Repair(ctx, r.Found, func(done, total int64) { steps.show("repairing", done, total) })
	r.Left = &left
	return r, err
}

// verified is the outcome of the command.
type verified struct {
	Found indexer.Report `json:"found"`
	// Left is what a repair could not mend; nil when none was asked for.
	Left *indexer.Report `json:"left,omitempty"`
}

// left counts the documents that are wrong now: those that were not named were
// not repaired.
func (r verified) left() int64 {
	if r.Left == nil {
		return r.Found.Differences()
	}
	return r.Left.Differences() + r.Found.Differences() - int64(len(r.Found.Named))
}

func (r verified) verdict() error {
	switch n := r.left(); {
	case n == 0:
		return nil
	case r.Left == nil:
		return fmt.Errorf("the index differs from PostgreSQL in %d documents", n)
	default:
		return fmt.Errorf("the index still differs from PostgreSQL in %d documents", n)
	}
}
