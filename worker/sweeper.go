package worker

import (
	"context"
	"time"

	"aforro/pkg/fault"
	"aforro/pkg/lifecycle"
	"aforro/pkg/order"
)

// sweepPage is how many orders are read, and decided, at once.
const sweepPage = 200

// How long an order is left alone that could not be decided for a reason of its
// own; see lifecycle.Backoff.
const poisonFirst, poisonMost = time.Second, 5 * time.Minute

// sweeper decides the orders that nobody has decided in time, whatever became
// of their tasks.
type sweeper struct {
	Options
	decider *order.Decider
	metrics *metrics

	// after is where to go on: a long list is walked over several sweeps.
	after int64
	// poisoned are the orders that failed for a reason of their own.
	poisoned map[int64]poisoned
	// failing keeps an outage of the database from being logged every time.
	failing bool
}

type poisoned struct {
	tries int
	next  time.Time
}

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

// sweep goes over the PENDING orders once, page by page, or as far as SweepEvery
// allows; the next sweep then goes on. An order that fails keeps no other from
// its turn; a database that is away fails the next reading.
func (s *sweeper) sweep(ctx context.Context) error {
	for begun := time.Now(); ctx.Err() == nil; {
		page, err := s.read(ctx)
		if err != nil {
			return err
		}
		if s.after == 0 {
			s.noteAge(page)
		}
		outage := s.redrive(ctx, page)
		if len(page) < sweepPage {
			s.after = 0
			return outage
		}
		s.after = page[len(page)-1].ID
		if outage != nil || time.Since(begun) > s.SweepEvery {
			return outage
		}
	}
	return nil
}

// sweepPatience bounds one reading: a database that hangs must not end the
// sweeping.
const sweepPatience = 5 * time.Second

func (s *sweeper) read(ctx context.Context) ([]order.Waiting, error) {
	ctx, cancel := context.WithTimeout(ctx, sweepPatience)
	defer cancel()
	return s.Orders.PendingOrders(ctx, s.RedriveAfter, s.after, sweepPage)
}

// noteAge tells how old the oldest is: the first of all.
func (s *sweeper) noteAge(page []order.Waiting) {
	var age time.Duration
	if len(page) > 0 {
		age = page[0].Age
	} else {
		clear(s.poisoned)
	}
	s.metrics.pendingAge.Set(age.Seconds())
}

// redrive decides a page of orders. The error is that of an outage.
func (s *sweeper) redrive(ctx context.Context, page []order.Waiting) (outage error) {
	ids := make([]int64, 0, len(page))
	for _, w := range page {
		if p, bad := s.poisoned[w.ID]; !bad || time.Now().After(p.next) {
			ids = append(ids, w.ID)
		}
	}
	decided, failed := s.decider.Decide(ctx, ids)
	s.metrics.swept.Add(float64(len(decided)))
	for _, e := range failed {
		if order.Held(e) {
			continue // its turn comes again, and others have theirs
		}
		if fault.Is(e, fault.Unavailable) || ctx.Err() != nil {
			outage = e
			continue
		}
		s.poison(e)
	}
	return outage
}

// poison leaves an order alone for a while.
func (s *sweeper) poison(e *order.OrderError) {
	if s.poisoned == nil {
		s.poisoned = map[int64]poisoned{}
	}
	p := s.poisoned[e.ID]
	wait := lifecycle.Backoff(p.tries, poisonFirst, poisonMost)
	s.poisoned[e.ID] = poisoned{p.tries + 1, time.Now().Add(wait)}
	s.Log.Error("an order cannot be decided", "order", e.ID, "error", e.Err, "next_try_in", wait)
}
