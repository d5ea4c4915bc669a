package indexer

import (
	"context"
	"time"

	"aforro/pkg/search"
)

// inspect measures what the server keeps for us and what is in quarantine. What
// cannot be asked now is asked again.
func (x *Indexer) inspect(ctx context.Context) {
	if s, err := x.Slot.State(ctx); err == nil {
		x.m.retained.Set(float64(s.Retained))
		x.m.lagBytes.Set(float64(s.Lag))
		x.status.retained(s.Retained)
		x.warnOfSlot(s)
	}
	versions, err := x.Versions.Indices(ctx)
	if err != nil {
		return
	}
	names := []string{}
	for _, v := range versions {
		names = append(names, v.Name)
	}
	n, err := x.out.ward.learn(ctx, names)
	if err != nil {
		x.Logger.Debug("look at the quarantine", "error", err)
		return
	}
	x.m.quarantined.Set(float64(n))
}

// warnEvery is how often a slot that keeps too much is spoken of.
const warnEvery = time.Minute

func (x *Indexer) warnOfSlot(s search.SlotState) {
	if x.SlotWarning <= 0 || s.Retained < x.SlotWarning || time.Since(x.warned) < warnEvery {
		return
	}
	x.warned = time.Now()
	x.Logger.Warn("PostgreSQL keeps much of its log for the indexer; it may give the slot up at max_slot_wal_keep_size",
		"retained_mb", s.Retained>>20, "unconfirmed_mb", s.Lag>>20, "warning_mb", x.SlotWarning>>20)
}
