package indexer

import (
	"context"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"

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
	undoTimeout  = 15 * time.Second
)

// Reindexer builds a new version of the index beside the live one, from any
// process, while a running Indexer writes every change to both.
type Reindexer struct {
	o        Options
	verifier *Verifier
	out      *sender
}

// NewReindexer takes the same options as an Indexer; Metrics is not used.
func NewReindexer(o Options) *Reindexer {
	o.Metrics = prometheus.NewRegistry()
	o = o.withDefaults()
	return &Reindexer{o: o, verifier: NewVerifier(o), out: newSender(o, newMetrics(o.Metrics))}
}

// Step is what a reindex is doing.
type Step string

// The steps, in their order.
const (
	StepBuild   Step = "building"
	StepCatchUp Step = "catching up"
	StepCheck   Step = "checking"
	StepSwap    Step = "swapping"
)

// Reindexed is the outcome of a reindex.
type Reindexed struct {
	// Index is live now; Previous is kept for a roll-back and still written.
	Index, Previous string
	Documents       int64
	Took            time.Duration
	Check           Report
}

// Run builds, catches up, checks and swaps. Conflict: no Indexer follows the
// changes, or the check found differences; the live index is then untouched.
func (r *Reindexer) Run(ctx context.Context, progress func(step Step, done, total int64)) (Reindexed, error) {
	begun := time.Now()
	history, err := r.o.Log.History(ctx)
	if err != nil {
		return Reindexed{}, err
	}
	versions, err := r.o.Versions.Indices(ctx)
	if err != nil {
		return Reindexed{}, err
	}
	old, ok := live(versions, history)
	if !ok {
		return Reindexed{}, fault.New(fault.Conflict, "there is no live index of this database to build beside: start 'aforro indexer', which builds the first one")
	}
	index, err := r.o.Versions.CreateIndex(ctx, search.IndexMeta{History: history, Writer: true})
	if err != nil {
		return Reindexed{}, err
	}
	result := Reindexed{Index: index.Name, Previous: old.Name}
	if err := r.replace(ctx, old, &index, &result, progress); err != nil {
		return result, r.undo(ctx, index.Name, err)
	}
	result.Took = time.Since(begun)
	return result, r.retire(ctx, versions, old.Name)
}

func (r *Reindexer) replace(ctx context.Context, old search.IndexVersion, index *search.IndexVersion, result *Reindexed, progress func(Step, int64, int64)) error {
	// From here on every change goes to both: what came before is visible.
	if err := r.throughStream(ctx); err != nil {
		return err
	}
	b := newBuild(r.o, r.out, *index, func(done, total int64) { progress(StepBuild, done, total) })
	b.yield = true
	if err := b.run(ctx); err != nil {
		return err
	}
	result.Documents = b.done
	progress(StepCatchUp, b.done, b.total)
	if err := r.throughStream(ctx); err != nil {
		return err
	}
	progress(StepCheck, 0, b.total)
	check, err := r.verifier.Index(ctx, index.Name, func(done, total int64) { progress(StepCheck, done, total) })
	result.Check = check
	if err != nil {
		return err
	}
	if check.Differences() > 0 {
		return fault.New(fault.Conflict, "the new index differs from the database in %d documents, so %s stays live", check.Differences(), old.Name)
	}
	progress(StepSwap, b.done, b.total)
	b.index.Meta.Complete, b.index.Meta.BuiltTo = true, 0
	if err := r.o.Versions.SetMeta(ctx, index.Name, b.index.Meta); err != nil {
		return err
	}
	return r.o.Versions.SwapAlias(ctx, index.Name)
}

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

// undo removes the version that was not finished. It returns cause.
func (r *Reindexer) undo(ctx context.Context, index string, cause error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTimeout)
	defer cancel()
	if err := r.o.Versions.DeleteIndex(ctx, index); err != nil {
		r.o.Logger.Warn("remove the unfinished index", "index", index, "error", err)
	}
	if _, err := r.o.Log.AnnounceTargets(ctx); err != nil {
		r.o.Logger.Warn("tell the indexer of the removed index", "error", err)
	}
	return cause
}

// retire keeps previous, still written, for a roll-back and removes older ones.
func (r *Reindexer) retire(ctx context.Context, versions []search.IndexVersion, previous string) error {
	removed := false
	for _, v := range versions {
		if v.Name == previous || v.Live {
			continue
		}
		if err := r.o.Versions.DeleteIndex(ctx, v.Name); err != nil {
			return fmt.Errorf("remove the older index %s: %w", v.Name, err)
		}
		removed = true
	}
	if !removed {
		return nil
	}
	_, err := r.o.Log.AnnounceTargets(ctx)
	return err
}
