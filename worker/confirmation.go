package worker

import (
	"context"
	"fmt"
	"log/slog"

	"aforro/pkg/fault"
)

// confirmer handles order:confirmation.
type confirmer struct {
	orders  Orders
	log     *slog.Logger
	metrics *metrics
}

// confirm tells of a decision, for now by a line in the log, and then marks it
// as told: at least once, since a crash between the two tells again.
func (c *confirmer) confirm(ctx context.Context, id int64) error {
	o, err := c.orders.Order(ctx, id)
	switch {
	case fault.Is(err, fault.NotFound):
		return nil // the database was emptied and the queue was not
	case err != nil:
		return fmt.Errorf("read order %d to confirm it: %w", id, err)
	case !o.Status.Final():
		return nil // it is confirmed when it is decided
	}
	c.log.Info("order confirmation", "order", o.ID, "store", o.StoreID, "status", o.Status,
		"lines", len(o.Items), "total", o.Total.String(), "decided_at", o.DecidedAt)
	c.metrics.confirmations.Inc()
	if err := c.orders.MarkAnnounced(ctx, id); err != nil {
		return fmt.Errorf("mark order %d as confirmed: %w", id, err)
	}
	return nil
}
