package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"aforro/pkg/notify"
)

func webhookPing() *cobra.Command {
	return &cobra.Command{
		Use: "ping ID", Short: "Send a signed ping now and say what came of it", Args: cobra.ExactArgs(1),
		Long: `Send a signed message of the type ping to an endpoint, from this machine. The exit
code is 1 when it was not taken.`,
		Example: `  aforro webhook ping 3`,
		RunE: withEndpoint(func(ctx context.Context, cmd *cobra.Command, d *notify.Directory, id int64) error {
			r, err := d.Ping(ctx, id)
			if err != nil {
				return err
			}
			if !r.Delivered {
				return errors.New("not delivered: " + r.Detail)
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "delivered: the endpoint answered %d\n", r.Status)
			return err
		}),
	}
}

func webhookDeliveries() *cobra.Command {
	var state string
	var limit int
	cmd := &cobra.Command{
		Use: "deliveries ID", Short: "List what was and is to be sent to an endpoint", Args: cobra.ExactArgs(1),
		Long: `List deliveries of an endpoint, newest first: those that are due, delivered or
parked, or all. Delivered ones are kept for 7 days, parked ones for 30.`,
		Example: `  aforro webhook deliveries 3 --state parked`,
		RunE: withEndpoint(func(ctx context.Context, cmd *cobra.Command, d *notify.Directory, id int64) error {
			if err := checkList(state, limit); err != nil {
				return err
			}
			list, err := d.Deliveries(ctx, id, notify.State(state), 0, limit)
			if err != nil {
				return err
			}
			return table(cmd.OutOrStdout(), "MESSAGE\tTYPE\tSTATE\tATTEMPTS\tWHEN\tLAST ERROR", len(list), func(i int) string {
				r := list[i]
				return fmt.Sprintf("%s\t%s\t%s\t%d\t%s\t%s", notify.MessageID(r.OrderID, r.Sequence), r.Type, r.State, r.Attempts, when(r), r.LastError)
			})
		}),
	}
	cmd.Flags().StringVar(&state, "state", "", "due, delivered or parked (default: all)")
	cmd.Flags().IntVar(&limit, "limit", 100, "how many at most, up to 1000")
	return cmd
}

func checkList(state string, limit int) error {
	switch notify.State(state) {
	case "", notify.Due, notify.Delivered, notify.Parked:
	default:
		return errors.New("--state must be due, delivered or parked")
	}
	if limit < 1 || limit > 1000 {
		return errors.New("--limit must be between 1 and 1000")
	}
	return nil
}

// when is the time that matters of a delivery: when it was delivered or parked,
// or when it is tried next.
func when(r notify.Record) string {
	for _, at := range []*time.Time{r.DeliveredAt, r.ParkedAt, r.NextAt} {
		if at != nil {
			return at.UTC().Format(time.RFC3339)
		}
	}
	return ""
}

func webhookRetry() *cobra.Command {
	return &cobra.Command{
		Use: "retry ID", Short: "Try again what is parked of an endpoint", Args: cobra.ExactArgs(1),
		Long: `Make every parked delivery of an endpoint due again. A worker sends them at once,
and retries for a day.`,
		Example: `  aforro webhook retry 3`,
		RunE: withEndpoint(func(ctx context.Context, cmd *cobra.Command, d *notify.Directory, id int64) error {
			n, err := d.RetryParked(ctx, id)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%d deliveries are due again\n", n)
			return err
		}),
	}
}
