package main

import (
	"errors"
	"fmt"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"aforro/pkg/postgres"
	"aforro/pkg/search"
)

func quarantineCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "quarantine",
		Short: "See and retry documents that the index refused",
		Long: `Documents that Elasticsearch refuses wait in quarantine, so that the others go
on. One leaves it when its product has changed so that it is taken, or is gone.`,
	}
	cmd.AddCommand(quarantineListCommand(), quarantineRetryCommand())
	return cmd
}

// mostQuarantined is how many documents are listed, or tried again at once.
const mostQuarantined = 10_000

func quarantineListCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List what is in quarantine, with the reasons",
		Long: `List the documents that an index refused, with its reason, how often it was
refused, and when first and last. At most 10,000 are listed.`,
		Example: `  aforro quarantine list`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withQuarantine(cmd, func(db *postgres.DB, list []search.Quarantined, total int64) error {
				if total == 0 {
					_, err := fmt.Fprintln(cmd.OutOrStdout(), "nothing is in quarantine")
					return err
				}
				w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
				fmt.Fprintln(w, "PRODUCT\tINDEX\tREFUSED\tFIRST\tLAST\tREASON")
				for _, q := range list {
					fmt.Fprintf(w, "%d\t%s\t%d\t%s\t%s\t%.200s\n", q.Product, q.Index, q.Refusals, q.First.UTC().Format(time.RFC3339), q.Last.UTC().Format(time.RFC3339), q.Reason)
				}
				if more := total - int64(len(list)); more > 0 {
					fmt.Fprintf(w, "and %d more\n", more)
				}
				return w.Flush()
			})
		},
	}
}

func quarantineRetryCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "retry [PRODUCT...]",
		Short: "Have the running indexer write quarantined documents again",
		Long: `Have the running indexer write the named products, or all that are in quarantine,
again. Those that are taken now leave quarantine.`,
		Example: `  aforro quarantine retry
  aforro quarantine retry 671591 79013747`,
		RunE: func(cmd *cobra.Command, args []string) error {
			named := map[int64]bool{}
			for _, arg := range args {
				id, err := strconv.ParseInt(arg, 10, 64)
				if err != nil {
					return fmt.Errorf("%q is no product's id", arg)
				}
				named[id] = true
			}
			return withQuarantine(cmd, func(db *postgres.DB, list []search.Quarantined, _ int64) error {
				ids := products(list, named)
				if len(ids) == 0 && len(named) > 0 {
					return errors.New("none of these is in quarantine: 'aforro quarantine list' shows what is")
				}
				if len(ids) > 0 {
					if _, err := db.AskFor(cmd.Context(), ids); err != nil {
						return err
					}
				}
				_, err := fmt.Fprintf(cmd.OutOrStdout(), "%d products are to be written again; 'aforro quarantine list' shows what is refused still\n", len(ids))
				return err
			})
		},
	}
}

// products are those of the list that are named, or all, once each.
func products(list []search.Quarantined, named map[int64]bool) (ids []int64) {
	seen := map[int64]bool{}
	for _, q := range list {
		if (len(named) == 0 || named[q.Product]) && !seen[q.Product] {
			seen[q.Product] = true
			ids = append(ids, q.Product)
		}
	}
	return ids
}

func withQuarantine(cmd *cobra.Command, do func(db *postgres.DB, list []search.Quarantined, total int64) error) error {
	c, err := settings(cmd, postgresURL)
	if err != nil {
		return err
	}
	a := newApp(c, logger(c))
	defer a.closeAll()
	db, err := a.database(cmd.Context(), postgres.Options{ApplicationName: "aforro-quarantine", MaxConns: 2})
	if err != nil {
		return err
	}
	list, total, err := db.Quarantined(cmd.Context(), mostQuarantined)
	if err != nil {
		return err
	}
	return do(db, list, total)
}
