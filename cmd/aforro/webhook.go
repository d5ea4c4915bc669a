package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"aforro/pkg/fault"
	"aforro/pkg/notify"
	"aforro/pkg/postgres"
)

func webhookCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "webhook",
		Short: "Manage who is told of orders by webhook",
		Long: `Manage the endpoints that are told of every order that is confirmed, rejected or
cancelled, after the Standard Webhooks specification: signed, repeated until they
are taken, in order for each order. docs/webhooks.md says how to receive them.`,
		Args: cobra.NoArgs,
	}
	cmd.AddCommand(webhookList(), webhookAdd(), webhookRemove(), webhookRotate(), webhookPing(), webhookDeliveries(), webhookRetry())
	return cmd
}

// withDirectory opens what manages endpoints. A refusal is told in its words.
func withDirectory(cmd *cobra.Command, do func(ctx context.Context, d *notify.Directory) error) error {
	c, err := settings(cmd, postgresURL)
	if err != nil {
		return err
	}
	a := newApp(c, logger(c))
	defer a.closeAll()
	db, err := a.database(cmd.Context(), postgres.Options{ApplicationName: "aforro-webhook", MaxConns: 2})
	if err != nil {
		return err
	}
	err = do(cmd.Context(), a.directory(db))
	if code := fault.CodeOf(err); code == fault.Invalid || code == fault.NotFound || code == fault.Conflict {
		return fmt.Errorf("%s", fault.MessageOf(err))
	}
	return err
}

// withEndpoint reads the endpoint's id, which is the argument.
func withEndpoint(do func(ctx context.Context, cmd *cobra.Command, d *notify.Directory, id int64) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		id, err := strconv.ParseInt(args[0], 10, 64)
		if err != nil {
			return fmt.Errorf("%q is no id of an endpoint; 'aforro webhook list' shows them", args[0])
		}
		return withDirectory(cmd, func(ctx context.Context, d *notify.Directory) error { return do(ctx, cmd, d, id) })
	}
}

func webhookList() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the endpoints", Args: cobra.NoArgs,
		Long:    `List every endpoint with its id, URL and description. Secrets are not shown.`,
		Example: `  aforro webhook list`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withDirectory(cmd, func(ctx context.Context, d *notify.Directory) error {
				list, err := d.Endpoints(ctx)
				if err != nil {
					return err
				}
				return table(cmd.OutOrStdout(), "ID\tURL\tADDED\tDESCRIPTION", len(list), func(i int) string {
					e := list[i]
					return fmt.Sprintf("%d\t%s\t%s\t%s", e.ID, e.URL, e.CreatedAt.UTC().Format(time.RFC3339), e.Description)
				})
			})
		},
	}
}

func webhookAdd() *cobra.Command {
	var description string
	cmd := &cobra.Command{
		Use: "add URL", Short: "Add an endpoint and print its secret", Args: cobra.ExactArgs(1),
		Long: `Add an endpoint: https, to a public address, unless AFORRO_WEBHOOK_ALLOW_PRIVATE
lets others pass. Its secret, which signs what it is sent, is printed once and
never shown again. Orders that are decided from now on are told to it.`,
		Example: `  aforro webhook add https://example.com/hooks --description accounts`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return withDirectory(cmd, func(ctx context.Context, d *notify.Directory) error {
				added, secret, err := d.AddEndpoint(ctx, args[0], description)
				if err != nil {
					return err
				}
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "endpoint %d\nsecret   %s\n", added.ID, secret.Reveal())
				return err
			})
		},
	}
	cmd.Flags().StringVar(&description, "description", "", "what it is, for people")
	return cmd
}

func webhookRemove() *cobra.Command {
	return &cobra.Command{
		Use: "remove ID", Short: "Remove an endpoint with its deliveries", Args: cobra.ExactArgs(1),
		Long:    `Remove an endpoint. What it has not been told, it will not be told.`,
		Example: `  aforro webhook remove 3`,
		RunE: withEndpoint(func(ctx context.Context, _ *cobra.Command, d *notify.Directory, id int64) error {
			return d.RemoveEndpoint(ctx, id)
		}),
	}
}

func webhookRotate() *cobra.Command {
	return &cobra.Command{
		Use: "rotate ID", Short: "Give an endpoint a new secret and print it", Args: cobra.ExactArgs(1),
		Long: `Give an endpoint a new secret. The one before signs too for 24 hours, so that the
receiver can change over without missing anything.`,
		Example: `  aforro webhook rotate 3`,
		RunE: withEndpoint(func(ctx context.Context, cmd *cobra.Command, d *notify.Directory, id int64) error {
			secret, until, err := d.RotateSecret(ctx, id)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "secret   %s\nthe one before signs too until %s\n", secret.Reveal(), until.UTC().Format(time.RFC3339))
			return err
		}),
	}
}

// table prints rows of cells that are separated by tabs.
func table(out io.Writer, head string, rows int, row func(i int) string) error {
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	if _, err := fmt.Fprintln(w, head); err != nil {
		return err
	}
	for i := range rows {
		if _, err := fmt.Fprintln(w, row(i)); err != nil {
			return err
		}
	}
	return w.Flush()
}
