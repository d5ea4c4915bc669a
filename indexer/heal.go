package indexer

import (
	"context"
	"fmt"
	"time"

	"aforro/pkg/fault"
	"aforro/pkg/lifecycle"
	"aforro/pkg/search"
)

// ensureSlot makes the slot when there is none. Changes from before it may have
// been missed, so the live index is marked first: a crash between the two steps
// must not leave a new slot beside an index that looks good. Other versions,
// which nobody searches, go.
func (x *Indexer) ensureSlot(ctx context.Context) error {
	_, err := x.Slot.State(ctx)
	if !fault.Is(err, fault.NotFound) {
		return err
	}
	versions, err := x.Versions.Indices(ctx)
	if err != nil {
		return err
	}
	for _, v := range versions {
		if err := x.suspect(ctx, v); err != nil {
			return err
		}
	}
	x.Logger.Info("making the replication slot; PostgreSQL waits for open writing transactions")
	return x.Slot.Create(ctx)
}

func (x *Indexer) suspect(ctx context.Context, v search.IndexVersion) error {
	if !v.Live {
		return x.Versions.DeleteIndex(ctx, v.Name)
	}
	if !v.Meta.Complete || v.Meta.Suspect {
		return nil
	}
	x.m.slotsLost.Inc()
	x.Logger.Error("the replication slot is gone and changes may have been missed: making a new one, then comparing the index with the database", "index", v.Name)
	v.Meta.Suspect = true
	return x.Versions.SetMeta(ctx, v.Name, v.Meta)
}

// heal compares a suspect index with the database and has written what is
// wrong, while the stream goes on and searches are answered.
func (x *Indexer) heal(ctx context.Context, index string) error {
	for try := 0; ; try++ {
		found, left, err := x.recheck(ctx)
		if err == nil {
			err = x.trust(ctx, index)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err == nil {
			x.Logger.Warn("compared the index with the database after the replication slot was lost", "index", index, "wrong", found, "still_wrong", left)
			return nil
		}
		x.Logger.Warn("the comparison after the loss of the replication slot was interrupted and begins again", "error", err)
		if err := lifecycle.Sleep(ctx, lifecycle.Backoff(try, firstWait, mostWait)); err != nil {
			return err
		}
	}
}

func (x *Indexer) recheck(ctx context.Context) (found, left int64, err error) {
	v, silent := NewVerifier(x.Options), func(int64, int64) {}
	report, err := v.Quick(ctx, silent)
	if err != nil || report.Differences() == 0 {
		return 0, 0, err
	}
	after, err := v.Repair(ctx, report, silent)
	return report.Differences(), after.Differences(), err
}

// trust takes the mark off an index.
func (x *Indexer) trust(ctx context.Context, index string) error {
	versions, err := x.Versions.Indices(ctx)
	if err != nil {
		return err
	}
	for _, v := range versions {
		if v.Name == index && v.Meta.Suspect {
			v.Meta.Suspect = false
			return x.Versions.SetMeta(ctx, v.Name, v.Meta)
		}
	}
	return nil
}

// fromTheFuture gives errForeign when an index holds a version that the log has
// not reached: the server was set back to an earlier state, such as by restoring
// a copy of its disk, which changes neither its name nor its timeline.
func (x *Indexer) fromTheFuture(ctx context.Context, index string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for _, part := range search.Parts {
		sums, err := x.Reader.Sums(ctx, index, part, []search.Span{search.Everywhere})
		if err != nil {
			return err
		}
		now, err := x.Log.Position(ctx)
		if err != nil {
			return err
		}
		if newest := sums[0].Newest; newest > now {
			return fmt.Errorf("%s holds version %d, the log ends at %d: %w", index, newest, now, errForeign)
		}
	}
	return nil
}
