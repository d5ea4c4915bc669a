package worker

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"aforro/pkg/fault"
	"aforro/pkg/order"
)

// One order that cannot be helped at present keeps none behind it waiting.
func TestAWalkPassesOrdersThatFail(t *testing.T) {
	t.Parallel()
	const all = 2*sweepPage + 7
	s := &sweeper{Options: Options{}.withDefaults(), budget: time.Minute}
	read := func(_ context.Context, _ time.Duration, after int64, limit int) ([]order.Waiting, error) {
		var page []order.Waiting
		for id := after + 1; id <= all && len(page) < limit; id++ {
			page = append(page, order.Waiting{ID: id})
		}
		return page, nil
	}
	var seen atomic.Int64
	var after int64
	err := s.walk(t.Context(), read, 0, &after, func(w order.Waiting) error {
		seen.Add(1)
		if w.ID == 3 {
			return fault.New(fault.Unavailable, "somebody holds its stock")
		}
		return nil
	})
	if !fault.Is(err, fault.Unavailable) || seen.Load() != all || after != 0 {
		t.Errorf("%d of %d orders had their turn, the next walk begins after %d, the failure is %v", seen.Load(), all, after, err)
	}
}
