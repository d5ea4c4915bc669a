package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"aforro/pkg/postgres"
)

func migrateCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "migrate",
		Short: "Bring the database schema up to date",
		Long: `Bring the schema of AFORRO_POSTGRES_URL up to date. Safe to run from many
processes at once: they wait for each other on an advisory lock.`,
		Example: "  aforro migrate",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := settings(cmd, postgresURL)
			if err != nil {
				return err
			}
			return postgres.Migrate(cmd.Context(), c.PostgresURL)
		},
	}
	cmd.AddCommand(migrateDownCommand(), migrateStatusCommand())
	return cmd
}

func migrateDownCommand() *cobra.Command {
	to := int64(-1)
	cmd := &cobra.Command{
		Use: "down", Short: "Take back the last step, or all above --to", Args: cobra.NoArgs,
		Long: `Take back the last step of the schema, or every step above --to. What the
tables of a step hold is lost; 0 leaves nothing.`,
		Example: "  aforro migrate down\n  aforro migrate down --to 0",
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := settings(cmd, postgresURL)
			if err != nil {
				return err
			}
			target := to
			if target < 0 {
				target, err = before(cmd, c.PostgresURL)
				if err != nil {
					return err
				}
			}
			return postgres.MigrateDown(cmd.Context(), c.PostgresURL, target)
		},
	}
	cmd.Flags().Int64Var(&to, "to", -1, "the version to go back to")
	return cmd
}

// before is the version under the newest applied one.
func before(cmd *cobra.Command, url string) (int64, error) {
	steps, err := postgres.MigrationStatus(cmd.Context(), url)
	if err != nil {
		return 0, err
	}
	var newest, below int64
	for _, s := range steps {
		if s.Applied {
			newest, below = s.Version, newest
		}
	}
	if newest == 0 {
		return 0, fmt.Errorf("no step is applied, so none can be taken back")
	}
	return below, nil
}

func migrateStatusCommand() *cobra.Command {
	return &cobra.Command{
		Use: "status", Short: "List the steps and when each was applied", Args: cobra.NoArgs,
		Example: "  aforro migrate status",
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := settings(cmd, postgresURL)
			if err != nil {
				return err
			}
			steps, err := postgres.MigrationStatus(cmd.Context(), c.PostgresURL)
			for _, s := range steps {
				when := "not applied"
				if s.Applied {
					when = s.AppliedAt.UTC().Format(time.RFC3339)
				}
				if _, err := fmt.Fprintf(cmd.OutOrStdout(), "%-32s %s\n", s.File, when); err != nil {
					return err
				}
			}
			return err
		},
	}
}
