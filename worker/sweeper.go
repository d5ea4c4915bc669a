package worker

import (
	"cmp"
	"context"
	"errors"
	"time"

	"golang.org/x/sync/errgroup"

	"aforro/pkg/fault"
	"aforro/pkg/order"
)

// sweepPage is how many orders are read at once.
const sweepPage = 500

// sweeper finds the orders and the confirmations that no task works on.
type sweeper struct {
	Options
	decide  func(ctx context.Context, id int64) error
	confirm func(ctx context.Context, id int64) error
	metrics *metrics

	// A long list is walked over several sweeps: these are where to go on.
	pendingAfter, confirmAfter int64
	// budget is how long one walk of a list may take.
	budget time.Duration
	// failing keeps an outage of the database from being logged every time.
	failing bool
}

// list reads waiting orders: PendingOrders or UnannouncedEvents.
type list func(ctx context.Context, olderThan time.Duration, afterID int64, limit int) ([]order.Waiting, error)

// run sweeps at once and then every SweepEvery until ctx ends.
func (s *sweeper) run(ctx context.Context) {
	tick := time.NewTicker(s.SweepEvery)
	defer tick.Stop()
	for ctx.Err() == nil {
		s.report(ctx, s.sweep(ctx))
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

func (s *sweeper) report(ctx context.Context, err error) {
	switch {
	case ctx.Err() != nil:
	case err != nil && !s.failing:
		s.Log.Warn("sweep for lost orders failed", "error", err)
	case err == nil && s.failing:
		s.Log.Info("sweeping for lost orders again")
	}
	s.failing = err != nil
}

// sweep goes over both lists once, or as far as its time allows: while the
// queue works, asking about a long backlog must not cost more than a part of
// what deciding it does.
func (s *sweeper) sweep(ctx context.Context) error {
	away := s.Queue.Ping(ctx) != nil
	olderThan := s.RedriveAfter
	s.budget = s.SweepEvery / 4
	if away {
		olderThan, s.budget = 0, s.SweepEvery // nobody else will decide them
	}
	return errors.Join(
		s.walk(ctx, s.pending, olderThan, &s.pendingAfter, func(w order.Waiting) error { return s.redrive(ctx, w, away) }),
		s.walk(ctx, s.Orders.UnannouncedEvents, s.ConfirmAfter, &s.confirmAfter, func(w order.Waiting) error { return s.reconfirm(ctx, w, away) }))
}

// pending is PendingOrders; the first of all is the oldest.
func (s *sweeper) pending(ctx context.Context, olderThan time.Duration, afterID int64, limit int) ([]order.Waiting, error) {
	page, err := s.Orders.PendingOrders(ctx, olderThan, afterID, limit)
	if afterID == 0 && err == nil {
		var age time.Duration
		if len(page) > 0 {
			age = page[0].Age
		}
		s.metrics.pendingAge.Set(age.Seconds())
	}
	return page, err
}

// walk hands each listed order to fn, page by page, from *after; it stops when
// its time is over and starts anew when it has reached the end. An order that
// fails, such as one whose stock somebody holds, keeps no other from its turn; a
// database that is away fails the next reading.
func (s *sweeper) walk(ctx context.Context, read list, olderThan time.Duration, after *int64, fn func(order.Waiting) error) error {
	var failed error
	for begun := time.Now(); time.Since(begun) < s.budget && ctx.Err() == nil; {
		page, err := read(ctx, olderThan, *after, sweepPage)
		if err != nil {
			return err
		}
		failed = cmp.Or(failed, s.each(page, fn))
		if len(page) < sweepPage {
			*after = 0
			return failed
		}
		*after = page[len(page)-1].ID
	}
	return failed
}

// each runs fn over a page, several at once. One order's fault does not keep
// the others from their turn.
func (s *sweeper) each(page []order.Waiting, fn func(order.Waiting) error) error {
	var g errgroup.Group
	g.SetLimit(s.Concurrency)
	for _, w := range page {
		g.Go(func() error { return fn(w) })
	}
	return g.Wait()
}

// redrive puts a PENDING order back into the queue when nothing works on it,
// or decides it here when the queue cannot be asked or has had its time.
func (s *sweeper) redrive(ctx context.Context, w order.Waiting, away bool) error {
	if away || w.Age >= s.DecideAfter {
		return s.here(ctx, "decide", w, s.decide)
	}
	working, err := s.Queue.Working(ctx, w.ID)
	if err == nil && working {
		return nil
	}
	if err == nil {
		err = s.Queue.Enqueue(ctx, w.ID)
	}
	if err != nil {
		return s.here(ctx, "decide", w, s.decide)
	}
	s.metrics.swept.WithLabelValues("decide", "enqueued").Inc()
	return nil
}

// reconfirm does the same for a decision that was not announced.
func (s *sweeper) reconfirm(ctx context.Context, w order.Waiting, away bool) error {
	if away || w.Age >= s.ConfirmAfter+s.DecideAfter || s.Queue.EnqueueConfirmation(ctx, w.ID) != nil {
		return s.here(ctx, "confirm", w, s.confirm)
	}
	s.metrics.swept.WithLabelValues("confirm", "enqueued").Inc()
	return nil
}

// here does a task without the queue. Only what may be an outage is the sweep's
// failure; any other error is that order's own.
func (s *sweeper) here(ctx context.Context, task string, w order.Waiting, do func(context.Context, int64) error) error {
	err := do(ctx, w.ID)
	switch {
	case err == nil:
		s.metrics.swept.WithLabelValues(task, "done").Inc()
		return nil
	case fault.Is(err, fault.Unavailable) || ctx.Err() != nil:
		return err
	}
	s.Log.Error("the sweeper could not help an order", "task", task, "order", w.ID, "age", w.Age, "error", err)
	return nil
}
