package main

import (
	"github.com/spf13/cobra"

	"aforro/pkg/stack"
)

func resetCommand() *cobra.Command {
	var cache bool
	cmd := &cobra.Command{
		Use:   "reset",
		Short: "Stop what 'aforro up' started and delete its data",
		Long: `Stop a running 'aforro up' and its services and delete their data, passwords and
secrets: catalogue, stock and orders are gone. The fetched Elasticsearch is kept
for the next start unless --cache is given. Services that were given by
AFORRO_..._URL are not touched.`,
		Example: `  aforro reset
  aforro reset --cache`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := settings(cmd)
			if err != nil {
				return err
			}
			if err := stack.Reset(cmd.Context(), c.DataDir, cmd.OutOrStdout()); err != nil {
				return err
			}
			if cache {
				return stack.ResetCache(cmd.Context())
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&cache, "cache", false, "delete the fetched Elasticsearch too")
	return cmd
}
