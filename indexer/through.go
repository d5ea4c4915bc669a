package indexer

import (
	"context"
	"time"

	"aforro/pkg/fault"
	"aforro/pkg/lifecycle"
	"aforro/pkg/search"
)

const (
	// followerWait bounds how long no indexer may follow the changes.
	followerWait = 30 * time.Second
	// batchWait bounds how long the position of a running one may stand still:
	// it moves only when a batch is written, and one may hold 100,000 products.
	batchWait    = 5 * time.Minute
	followerPoll = 50 * time.Millisecond
)

// throughStream returns when the running Indexer has written everything that
// was committed before the call, knowing the present set of indices.
func (r *Reindexer) throughStream(ctx context.Context) error {
	at, err := r.o.Log.AnnounceTargets(ctx)
	if err != nil {
		return err
	}
	return awaitConfirmed(ctx, r.o.Slot, at)
}

// awaitConfirmed waits until the slot's follower has done everything up to at.
// It gives up when the position stands still for too long.
func awaitConfirmed(ctx context.Context, slot Slot, at search.Version) error {
	seen, moved := search.Version(-1), time.Now()
	for {
		s, err := slot.State(ctx)
		if err != nil {
			return err
		}
		if s.Confirmed >= at {
			return nil
		}
		if s.Confirmed != seen {
			seen, moved = s.Confirmed, time.Now()
		}
		still := time.Since(moved)
		switch {
		case !s.Active && still > followerWait:
			return fault.New(fault.Conflict, "no indexer is running: start 'aforro indexer' (or 'aforro up') first, it writes the changes that come meanwhile")
		case s.Active && still > batchWait:
			return fault.New(fault.Unavailable, "the running indexer has made no progress for %s; its log says why", batchWait)
		}
		if err := lifecycle.Sleep(ctx, followerPoll); err != nil {
			return err
		}
	}
}
