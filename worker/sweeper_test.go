package worker

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"aforro/pkg/fault"
	"aforro/pkg/order"
)

// backlog is a database of PENDING orders of which one cannot be decided.
type backlog struct {
	all, bad int64
	badErr   error
	decided  map[int64]int
	tries    int
}

func (b *backlog) PendingOrders(_ context.Context, _ time.Duration, after int64, limit int) ([]order.Waiting, error) {
	var page []order.Waiting
	for id := after + 1; id <= b.all && len(page) < limit; id++ {
		if b.decided[id] == 0 {
			page = append(page, order.Waiting{ID: id})
		}
	}
	return page, nil
}

func (b *backlog) DecidePending(_ context.Context, ids []int64) (decided []order.Decision, _ []int64, _ error) {
	for _, id := range ids {
		if id == b.bad {
			if len(ids) == 1 {
				b.tries++
			}
			return nil, nil, b.badErr
		}
	}
	for _, id := range ids {
		b.decided[id]++
		decided = append(decided, order.Decision{ID: id, Status: order.Confirmed})
	}
	return decided, nil, nil
}

func newSweeper(b *backlog) *sweeper {
	b.decided = map[int64]int{}
	o := Options{Orders: b, Log: slog.New(slog.DiscardHandler)}.withDefaults()
	return &sweeper{Options: o, decider: order.NewDecider(b, nil), metrics: newMetrics(prometheus.NewRegistry())}
}

// One order that cannot be decided keeps none behind it waiting, and is tried
// again after longer and longer pauses.
func TestASweepPassesAPoisonedOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := &backlog{all: 2*sweepPage + 7, bad: 3, badErr: errors.New("poison")}
		s := newSweeper(b)
		for range 120 { // sweeps, a second apart
			if err := s.sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
			<-time.After(time.Second)
		}
		if len(b.decided) != int(b.all)-1 {
			t.Errorf("%d of %d decided", len(b.decided), b.all)
		}
		if b.tries < 4 || b.tries > 12 {
			t.Errorf("it was tried %d times in two minutes", b.tries)
		}
	})
}

// An outage ends the sweep, and the next goes on.
func TestASweepEndsWithAnOutage(t *testing.T) {
	t.Parallel()
	b := &backlog{all: 10, bad: 3, badErr: fault.New(fault.Unavailable, "away")}
	s := newSweeper(b)
	if err := s.sweep(t.Context()); !fault.Is(err, fault.Unavailable) {
		t.Errorf("got %v", err)
	}
	b.bad = 0
	if err := s.sweep(t.Context()); err != nil || len(b.decided) != 10 {
		t.Errorf("then %d decided, %v", len(b.decided), err)
	}
}
