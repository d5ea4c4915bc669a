package indexer

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestWhatCanWaitLetsChangesGoFirst(t *testing.T) {
	t.Parallel()
	const long, caughtUp = time.Hour, 500 * time.Millisecond
	for name, c := range map[string]struct {
		lag     func(since time.Duration) time.Duration
		low, up time.Duration
	}{
		"in time":         {func(time.Duration) time.Duration { return late }, 0, 0},
		"late, then not":  {func(since time.Duration) time.Duration { return max(0, caughtUp-since) * 1000 }, caughtUp, caughtUp + lateAgain},
		"late for ever":   {func(time.Duration) time.Duration { return long }, patience, patience + lateAgain},
		"nothing is told": {nil, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				begun := time.Now()
				var p pace
				if c.lag != nil {
					p.lag = func() time.Duration { return c.lag(time.Since(begun)) }
				}
				if err := p.await(t.Context(), patience); err != nil {
					t.Fatal(err)
				}
				if took := time.Since(begun); took < c.low || took > c.up {
					t.Errorf("waited for %s, not %s to %s", took, c.low, c.up)
				}
			})
		})
	}
}

func TestAPauseEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	p := pace{lag: func() time.Duration { return time.Hour }}
	if err := p.await(ctx, time.Hour); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
