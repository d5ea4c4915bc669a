package indexer

import (
	"context"
	"sync"
	"time"

	"aforro/pkg/lifecycle"
)

// stalledAfter is how long one batch may take, or the stream may say nothing
// though heartbeats are sent, before the indexer counts as stuck.
const stalledAfter = 30 * time.Second

// advance tells "no progress" apart from "nothing to do".
type advance struct {
	mu sync.Mutex
	// busy is since when a batch is being written, zero when none is; moved is
	// when one was done last.
	busy, moved time.Time
}

func (a *advance) begin(now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.busy = now
}

func (a *advance) end() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.busy, a.moved = time.Time{}, time.Now()
}

// reset is for a session that begins, or ends.
func (a *advance) reset(now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.busy, a.moved = time.Time{}, now
}

// stalled is how long nothing has moved although something should have: a batch
// is under way, or a heartbeat, which is sent every beat, has not come back.
func (a *advance) stalled(now time.Time, beat time.Duration) time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case !a.busy.IsZero():
		return now.Sub(a.busy)
	case a.moved.IsZero() || beat <= 0:
		return 0
	}
	return max(0, now.Sub(a.moved)-beat)
}

// heartbeats sends messages through the stream, so that there is always
// something whose way can be measured, and idle slots advance.
func (x *Indexer) heartbeats(ctx context.Context) error {
	for {
		if err := x.Log.SendHeartbeat(ctx); err != nil {
			return err
		}
		if err := lifecycle.Sleep(ctx, x.Heartbeat); err != nil {
			return err
		}
	}
}
