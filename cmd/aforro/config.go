package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"aforro/pkg/config"
)

func configCommand() *cobra.Command {
	var markdown bool
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Print the effective settings, secrets hidden",
		Long: `Print every setting with its effective value, from flags, else the
environment, else the default. Passwords and keys are hidden. All settings are
checked; every bad one is reported.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			out := cmd.OutOrStdout()
			if markdown {
				_, err := fmt.Fprint(out, config.Markdown())
				return err
			}
			c, err := settings(cmd)
			if err != nil {
				return err
			}
			for _, s := range config.Settings() {
				if _, err := fmt.Fprintf(out, "%-28s %s\n", s.Env, s.Value(c)); err != nil {
					return err
				}
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&markdown, "markdown", false, "print the table of all settings for docs/configuration.md")
	return cmd
}

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintln(cmd.OutOrStdout(), "aforro", version)
			return err
		},
	}
}
