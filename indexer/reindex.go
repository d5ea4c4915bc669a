package indexer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"aforro/pkg/fault"
	"aforro/pkg/search"
)

// undoTimeout bounds the removal of what was not finished.
const undoTimeout = 15 * time.Second

// Reindexer builds a new version of the index beside the live one, from any
// process, while a running Indexer writes every change to both.
type Reindexer struct {
	o        Options
	verifier *Verifier
	out      *sender
	pace     pace
}

// reindexBulk is the documents of one bulk of a reindex at the most: changes wait
// behind the one that is under way.
const reindexBulk = 200

// NewReindexer takes the same options as an Indexer; Metrics is not used.
func NewReindexer(o Options) *Reindexer {
	o.Metrics = prometheus.NewRegistry()
	o = o.withDefaults()
	// What changes meanwhile goes first: less than half of what the index can do
	// is for the build and its check.
	o.Senders = max(1, o.Senders/2)
	o.BulkSize = min(o.BulkSize, reindexBulk)
	r := &Reindexer{o: o, verifier: NewVerifier(o), out: newSender(o, newMetrics(o.Metrics)), pace: pace{o.Lag}}
	r.verifier.readers, r.verifier.pace = 1, r.pace
	return r
}

// Step is what a reindex is doing.
type Step string

// The steps, in their order.
const (
	StepBuild   Step = "building"
	StepCatchUp Step = "catching up"
	StepCheck   Step = "checking"
	StepJudge   Step = "judging"
	StepSwap    Step = "swapping"
)

// Reindexed is the outcome of a reindex, or of a roll-back.
type Reindexed struct {
	// Index is live now; Previous is kept for a roll-back and still written.
	Index, Previous string
	// Resumed: a killed reindex had begun it.
	Resumed   bool
	Documents int64
	Took      time.Duration
	Check     Report
	// Verdict is also set when the new version was refused.
	Verdict search.Verdict
}

// Run builds, catches up, checks, judges and swaps. Conflict: no Indexer follows
// the changes, another reindex runs, or the new version is refused; the live
// index is then untouched and the new one removed. Unavailable: a service is
// away; what was built stays, and the next Run goes on there.
func (r *Reindexer) Run(ctx context.Context, progress func(step Step, done, total int64)) (Reindexed, error) {
	begun := time.Now()
	lock, err := r.o.Locks.LockReindex(ctx)
	if err != nil {
		return Reindexed{}, err
	}
	defer lock.Release()
	old, index, err := r.begin(ctx)
	if err != nil {
		return Reindexed{}, err
	}
	result := Reindexed{Index: index.Name, Previous: old.Name, Resumed: index.Meta.BuiltTo > 0}
	if err := r.replace(ctx, lock, old, index, &result, progress); err != nil {
		return result, r.giveUp(ctx, lock, index.Name, err)
	}
	result.Took = time.Since(begun)
	return result, r.tidy(ctx, index.Name, old.Name)
}

// begin finds the live version and the one to build: what a killed reindex left
// of the same history and definition, else a new one. Other leftovers go, those of
// which only a part is there among them.
func (r *Reindexer) begin(ctx context.Context) (old, index search.IndexVersion, err error) {
	history, versions, err := r.survey(ctx)
	if err != nil {
		return old, index, err
	}
	old, ok := live(versions, history)
	if !ok {
		return old, index, fault.New(fault.Conflict, "there is no live index of this database to build beside: start 'aforro indexer', which builds the first one")
	}
	for _, v := range versions {
		if !unfinished(v) {
			continue
		}
		if index.Name == "" && v.Whole && v.Current && v.Meta.Writer && v.Meta.History == history {
			index = v
		} else if err := r.o.Versions.DeleteIndex(ctx, v.Name); err != nil {
			return old, index, err
		}
	}
	if index.Name != "" {
		r.o.Logger.Info("going on with an interrupted reindex", "index", index.Name, "from", index.Meta.BuiltTo)
		index.Docs, err = r.documents(ctx, index.Name)
		return old, index, err
	}
	index, err = r.o.Versions.CreateIndex(ctx, search.IndexMeta{History: history, Writer: true, Reindex: true})
	return old, index, err
}

// unfinished: a reindex made it and was killed.
func unfinished(v search.IndexVersion) bool {
	return !v.Live && v.Meta.Reindex && v.Meta.RetiredAt.IsZero()
}

// survey asks who the database is and which versions of the index there are.
func (r *Reindexer) survey(ctx context.Context) (search.History, []search.IndexVersion, error) {
	history, err := r.o.Log.History(ctx)
	if err != nil {
		return history, nil, err
	}
	versions, err := r.o.Versions.Indices(ctx)
	return history, versions, err
}

func (r *Reindexer) replace(ctx context.Context, lock search.Lock, old, index search.IndexVersion, result *Reindexed, progress func(Step, int64, int64)) error {
	// From here on every change goes to both: what came before is visible.
	if err := r.throughStream(ctx); err != nil {
		return err
	}
	b := newBuild(r.o, r.out, index, func(done, total int64) { progress(StepBuild, done, total) })
	b.yield, b.pace, b.refresh = true, r.pace, r.o.Reader.Refresh
	if err := b.run(ctx); err != nil {
		return err
	}
	result.Documents = b.done
	r.o.compact(ctx, index.Name)
	progress(StepCatchUp, b.done, b.total)
	if err := r.throughStream(ctx); err != nil {
		return err
	}
	if err := r.approve(ctx, old, &b.index, result, progress); err != nil {
		return err
	}
	progress(StepSwap, b.done, b.total)
	return r.swap(ctx, lock, old.Name, b.index)
}

// approve checks and judges the new version. Conflict: it is refused.
func (r *Reindexer) approve(ctx context.Context, old search.IndexVersion, index *search.IndexVersion, result *Reindexed, progress func(Step, int64, int64)) (err error) {
	progress(StepCheck, 0, result.Documents)
	result.Check, err = r.verifier.Index(ctx, index.Name, func(done, total int64) { progress(StepCheck, done, total) })
	if err != nil {
		return err
	}
	result.Documents = result.Check.Compared
	result.Verdict, err = r.judge(ctx, old.Name, index.Name, result.Check, func(done, total int64) { progress(StepJudge, done, total) })
	if err != nil {
		return err
	}
	if len(result.Verdict.Refused()) > 0 {
		return fault.New(fault.Conflict, "the new index is refused: %s. %s stays live", result.Verdict.Why(), old.Name)
	}
	index.Meta.Judged = &search.Judgement{At: time.Now().UTC(), Verdict: result.Verdict}
	for _, f := range result.Verdict {
		if f.Result == search.Accepted {
			index.Meta.Judged.Reason = r.o.Judging.Reason
			r.o.Logger.Warn("a failed check was accepted", "index", index.Name, "check", f.Check, "why", f.Why)
		}
	}
	return nil
}

// giveUp returns cause, after removing the version that was not finished. It
// stays for the next Run when a service is away: it may take long to build.
func (r *Reindexer) giveUp(ctx context.Context, lock search.Lock, index string, cause error) error {
	left := ctx.Err() == nil && fault.Is(cause, fault.Unavailable)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTimeout)
	defer cancel()
	if left || lock.Held(ctx) != nil {
		r.o.Logger.Warn("the reindex was cut off; the next one goes on where it was", "index", index)
		return cause
	}
	// A swap that seemed to fail may have happened, and an indexer that builds
	// anew may have taken the name.
	if v, ok, err := r.version(ctx, index); err != nil || !ok || v.Live || !v.Meta.Reindex {
		return errors.Join(cause, err)
	}
	if err := r.o.Versions.DeleteIndex(ctx, index); err != nil {
		r.o.Logger.Warn("remove the unfinished index", "index", index, "error", err)
	}
	if _, err := r.o.Log.AnnounceTargets(ctx); err != nil {
		r.o.Logger.Warn("tell the indexer of the removed index", "error", err)
	}
	return cause
}

// tidy removes all versions but the live one and the one before.
func (r *Reindexer) tidy(ctx context.Context, index, previous string) error {
	versions, err := r.o.Versions.Indices(ctx)
	if err != nil {
		return err
	}
	removed := false
	for _, v := range versions {
		if v.Name == previous || v.Name == index || v.Live {
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
	_, err = r.o.Log.AnnounceTargets(ctx)
	return err
}
