package worker

import (
	"context"
	"fmt"
)

// decider handles order:decide.
type decider struct {
	orders  Orders
	queue   Queue
	metrics *metrics
}

// decide decides the order unless that is done, and then tells those who wait
// and asks for the confirmation. Both are a best effort after the commit:
// whoever waits also looks into the database, and the sweeper finds decisions
// that were not announced.
func (d *decider) decide(ctx context.Context, id int64) error {
	decided, err := d.orders.DecidePending(ctx, id)
	if err != nil {
		return fmt.Errorf("decide order %d: %w", id, err)
	}
	for _, o := range decided {
		d.metrics.decided(o)
		d.metrics.lost("announcement", d.queue.Announce(ctx, o.ID))
		d.metrics.lost("confirmation", d.queue.EnqueueConfirmation(ctx, o.ID))
	}
	return nil
}
