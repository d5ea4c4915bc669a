package worker

import (
	"context"

	"aforro/pkg/crash"
	"aforro/pkg/order"
)

// follow does what follows from decisions: those who wait are told, and what is
// to be confirmed is asked for. All of it is a best effort after the commit:
// whoever waits also looks into the database, and what is due is in it.
type follow struct {
	queue   Queue
	metrics *metrics
}

func (f *follow) decided(ctx context.Context, decided []order.Decision) {
	f.metrics.decided(decided)
	f.metrics.lost("announcement", f.queue.Announce(ctx, order.ToAnnounce(decided)))
	crash.At(crash.DecideAnnounced)
	if confirm := order.ToConfirm(decided); len(confirm) > 0 {
		f.metrics.lost("confirmation", f.queue.EnqueueConfirmation(ctx, confirm...))
	}
}

// decide handles order:decide. An error brings the task back: the orders that
// were decided are then passed over.
func (w *Worker) decide(ctx context.Context, ids []int64) error {
	crash.At(crash.TaskTaken)
	_, failed := w.decider.Decide(ctx, ids)
	return order.Join(failed)
}
