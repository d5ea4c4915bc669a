package main

import (
	"fmt"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"aforro/pkg/config"
	"aforro/pkg/telemetry"
)

// version is set when a release is built (-ldflags "-X main.version=...").
var version = "dev"

// root is the command tree. Every setting is a flag of every command, so that
// one environment serves them all.
func root() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "aforro",
		Short: "A search-centric store backend: products found, stock known, orders taken",
		Long: `Aforro finds products, knows what each store has, and takes orders.

PostgreSQL is the truth, Elasticsearch finds, Redis queues and caches. Start with

    aforro up

which starts all of it on this machine with a demo catalogue of 19,406 products.
Settings come from flags, else from the environment (AFORRO_...); 'aforro config'
prints the effective ones.`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Version:       version,
	}
	for _, s := range config.Settings() {
		usage := fmt.Sprintf("%s [%s]", s.Help, s.Env)
		cmd.PersistentFlags().String(s.Flag, s.Default, usage)
	}
	cmd.AddCommand(
		upCommand(), apiCommand(), indexerCommand(), workerCommand(),
		migrateCommand(), importCommand(), seedCommand(), webhookCommand(),
		reindexCommand(), verifyCommand(), statusCommand(), evalCommand(), auditCommand(),
		healthCommand(), configCommand(), versionCommand(), resetCommand(),
	)
	return cmd
}

// settings reads and checks all settings; those named in required must be set.
func settings(cmd *cobra.Command, required ...string) (config.Config, error) {
	overrides := map[string]string{}
	for _, s := range config.Settings() {
		if f := cmd.Flags().Lookup(s.Flag); f != nil && f.Changed {
			overrides[s.Env] = f.Value.String()
		}
	}
	c, err := config.Load(overrides, required...)
	if err != nil {
		return c, fmt.Errorf("the settings are not right:\n%w", err)
	}
	return c, nil
}

// Names of settings that commands require.
const (
	postgresURL      = "AFORRO_POSTGRES_URL"
	redisURL         = "AFORRO_REDIS_URL"
	elasticsearchURL = "AFORRO_ELASTICSEARCH_URL"
	tokenSecret      = "AFORRO_TOKEN_SECRET"
)

func logger(c config.Config) *slog.Logger {
	return telemetry.NewLogger(os.Stderr, c.LogFormat, c.LogLevel)
}
