package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"aforro/pkg/config"
)

// configurationPage is what docs/configuration.md says above its table.
const configurationPage = `# Configuration

A setting comes from a flag, else from the environment, else from its default.
All are checked when a command starts, and every bad one is reported at once; a
variable that begins with AFORRO_ and is no setting is reported too. Durations
are written 500ms, 2s or 5m. "aforro config" prints the effective settings with
passwords and keys hidden.

"aforro up" needs none of them: it starts the services that are not given and
makes the staff key and the token secret. Roles that run apart need the address
of each service that they use, and every API process the same token secret.

`

func configCommand() *cobra.Command {
	var markdown bool
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Print the effective settings, secrets hidden",
		Long: `Print every setting with its effective value, from flags, else the
environment, else the default. Passwords and keys are hidden. All settings are
checked; every bad one is reported.`,
		Example: `  aforro config
  aforro config --bulk-size 1000`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			out := cmd.OutOrStdout()
			if markdown {
				_, err := fmt.Fprint(out, configurationPage, config.Markdown())
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
	cmd.Flags().BoolVar(&markdown, "markdown", false, "print docs/configuration.md")
	return cmd
}

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version",
		Example: `  aforro version`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintln(cmd.OutOrStdout(), "aforro", version)
			return err
		},
	}
}
