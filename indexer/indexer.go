package indexer

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"aforro/pkg/fault"
	"aforro/pkg/lifecycle"
	"aforro/pkg/search"
)

// Options is what an Indexer works with. Zero numbers take their defaults.
type Options struct {
	Source     Source
	Log        Log
	Slot       Slot
	Writer     Writer
	Versions   Versions
	Reader     Reader
	Quarantine Quarantine
	Locks      Locks
	// Teller may be nil: nobody is told.
	Teller  Teller
	Logger  *slog.Logger
	Metrics prometheus.Registerer

	// Window is how long changes are gathered before they are written while there
	// are many; QuantityWindow how long a change of nothing but a quantity may wait.
	Window, QuantityWindow time.Duration
	// Heartbeat is how often a message is sent through the stream (5 s).
	Heartbeat time.Duration
	// SlotWarning is how many bytes of kept log are warned of (0: not).
	SlotWarning int64
	// BulkSize is the documents of one bulk (500), Senders how many bulks are
	// under way at once (3).
	BulkSize, Senders int
	// MaxPending bounds what is gathered (100,000 products and transactions).
	MaxPending int
	// GCDeletes is how long the index remembers a delete (60 s).
	GCDeletes time.Duration
	// CheckEvery is how often the indices are looked after (5 s).
	CheckEvery time.Duration
	// CheckpointEvery is how often a build notes how far it is, so that the next
	// process goes on there (5 s).
	CheckpointEvery time.Duration
	// VerifyRate is how many products a second the running check compares with the
	// database, 0 for none; VerifyAfter how long it rests before each pass (1 min).
	VerifyRate  int
	VerifyAfter time.Duration
	// Keep is how long the index before a reindex stays written; 0 removes it at
	// the next look.
	Keep time.Duration
	// Throttle is the most documents a second of a build; 0 is no limit.
	Throttle int
	// Lag is how old what searches see is, as the running Indexer tells; nil: not
	// known. While it is large a Reindexer lets changes go first.
	Lag func() time.Duration
	// Judging is for a Reindexer.
	Judging Judging
}

func (o Options) withDefaults() Options {
	set := func(n *int, def int) {
		if *n <= 0 {
			*n = def
		}
	}
	set(&o.BulkSize, 500)
	set(&o.Senders, 3)
	set(&o.MaxPending, 100_000)
	if o.GCDeletes <= 0 {
		o.GCDeletes = time.Minute
	}
	if o.CheckEvery <= 0 {
		o.CheckEvery = 5 * time.Second
	}
	if o.Heartbeat <= 0 {
		o.Heartbeat = 5 * time.Second
	}
	if o.CheckpointEvery <= 0 {
		o.CheckpointEvery = 5 * time.Second
	}
	if o.VerifyAfter <= 0 {
		o.VerifyAfter = time.Minute
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Metrics == nil {
		o.Metrics = prometheus.NewRegistry()
	}
	return o
}

// Indexer follows the database's changes for as long as it runs.
type Indexer struct {
	Options
	out      *sender
	m        *metrics
	status   status
	progress advance
	fresh    *freshness
	check    *patrol
	// news and shelf are the session's.
	news  *news
	shelf *shelf
	// rebuild: the live index cannot be trusted, whatever it says of itself.
	rebuild bool
	census  census
	// warned is when the slot was spoken of last.
	warned time.Time

	mu      sync.Mutex
	targets []string
	// awaited is the built version that is not live yet.
	awaited *handover
}

// New prepares an Indexer; Run does the work.
func New(o Options) *Indexer {
	o = o.withDefaults()
	m := newMetrics(o.Metrics)
	x := &Indexer{Options: o, m: m, out: newSender(o, m), fresh: newFreshness(m), check: newPatrol(o)}
	m.watch(o.Metrics, x)
	return x
}

// How long a failed session waits before the next.
const (
	firstWait = 100 * time.Millisecond
	mostWait  = 5 * time.Second
	// sound is how long a session must have run to count as a success.
	sound = 10 * time.Second
	// standByWait is how long at most one that stands by waits to ask again.
	standByWait = time.Second
)

// Run follows the changes until ctx ends, then returns nil. Whatever fails is
// tried again: the position moves only when everything before it is written.
func (x *Indexer) Run(ctx context.Context) error {
	for try := 0; ctx.Err() == nil; try++ {
		if x.Status().Phase != StandingBy {
			x.status.set(Connecting, 0, 0)
		}
		begun := time.Now()
		err := x.session(ctx)
		if ctx.Err() != nil {
			break
		}
		if time.Since(begun) > sound {
			try = 0
		}
		x.note(err)
		most := mostWait
		if x.Status().Phase == StandingBy {
			most = standByWait
		}
		if lifecycle.Sleep(ctx, lifecycle.Backoff(try, firstWait, most)) != nil {
			break
		}
	}
	x.status.set(Stopped, 0, 0)
	return nil
}

// note records why a session ended.
func (x *Indexer) note(err error) {
	x.status.failed(err)
	switch {
	case errors.Is(err, errForeign):
		x.rebuild = true
		x.Logger.Warn("the index belongs to another history of the database: building a new one")
	case errors.Is(err, errGone):
		x.Logger.Warn("the index is gone: building a new one")
	case fault.Is(err, fault.Conflict):
		if x.Status().Phase != StandingBy {
			x.Logger.Info("standing by", "error", err)
		}
		x.status.set(StandingBy, 0, 0)
	default:
		x.Logger.Warn("indexing was interrupted and goes on", "error", err)
	}
}

// Targets lists the indices that changes are written to.
func (x *Indexer) Targets() []string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.targets
}

func (x *Indexer) setTargets(names []string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.targets = names
}

// reloadTargets asks which indices of this history are written. errGone: the
// live one, or the one that is about to be, is not among them. A live one that
// is being replaced is left alone: its versions may be another history's.
func (x *Indexer) reloadTargets(ctx context.Context) error {
	history, versions, err := x.survey(ctx)
	if err != nil {
		return err
	}
	h := x.handover()
	var names []string
	found := false
	for _, v := range versions {
		if !v.Whole || !v.Meta.Writer || v.Meta.History != history || (h != nil && v.Live) {
			continue
		}
		names = append(names, v.Name)
		found = found || v.Live || (h != nil && v.Name == h.version.Name)
	}
	if !found {
		return errGone
	}
	x.setTargets(names)
	return nil
}

// survey asks who the database is and which versions of the index there are.
func (x *Indexer) survey(ctx context.Context) (search.History, []search.IndexVersion, error) {
	history, err := x.Log.History(ctx)
	if err != nil {
		return history, nil, err
	}
	versions, err := x.Versions.Indices(ctx)
	x.out.away.Store(fault.Is(err, fault.Unavailable))
	return history, versions, err
}

// live is the live version when it can be followed: whole, built, and of this
// history.
func live(versions []search.IndexVersion, history search.History) (search.IndexVersion, bool) {
	for _, v := range versions {
		if v.Live && v.Whole && v.Meta.Complete && v.Meta.Writer && v.Meta.History == history {
			return v, true
		}
	}
	return search.IndexVersion{}, false
}
