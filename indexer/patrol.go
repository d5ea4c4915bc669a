package indexer

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"aforro/pkg/fault"
	"aforro/pkg/lifecycle"
	"aforro/pkg/search"
)

const (
	// patrolLogged bounds how many documents of one step are named in the log.
	patrolLogged = 100
	// patrolRest is how long a patrol that failed is left alone.
	patrolRest = 10 * time.Second
)

// patrol compares every field of every document of the live index with the
// database, over and over, slowly, and has what is wrong written anew. It goes
// by the stream like any other process, so that it disturbs nothing of it.
type patrol struct {
	Options
	v *Verifier
	m patrolMetrics
	// after is where it goes on, also in another session; begun is when the pass
	// began.
	after int64
	begun time.Time
}

type patrolMetrics struct {
	verified    prometheus.Counter
	differences *prometheus.CounterVec
	pass, last  prometheus.Gauge
}

func newPatrol(o Options) *patrol {
	p := &patrol{Options: o, v: NewVerifier(o), after: search.Everywhere.After, m: patrolMetrics{
		verified: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "aforro_indexer_verified_total", Help: "Products whose documents the running check has compared with the database."}),
		differences: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "aforro_indexer_differences_total", Help: "Documents that the running check found wrong, by kind. Each is written anew."}, []string{"kind"}),
		pass: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "aforro_indexer_verify_pass_seconds", Help: "How long the last whole pass of the running check took."}),
		last: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "aforro_indexer_verify_last_pass_timestamp_seconds", Help: "When the last whole pass of the running check ended."}),
	}}
	for _, kind := range Kinds {
		p.m.differences.WithLabelValues(string(kind))
	}
	o.Metrics.MustRegister(p.m.verified, p.m.differences, p.m.pass, p.m.last)
	return p
}

// run makes passes until ctx ends. Nothing that fails ends the stream: another
// part notices an index or a database that is gone. One that is not followed,
// because another is about to replace it, is left alone.
func (p *patrol) run(ctx context.Context, followed func(index string) bool, pace pace) error {
	if p.VerifyRate <= 0 {
		return nil
	}
	rest := p.VerifyAfter
	for {
		if err := lifecycle.Sleep(ctx, rest); err != nil {
			return err
		}
		if err := pace.await(ctx, patience); err != nil {
			return err
		}
		begun := time.Now()
		products, err := p.step(ctx, followed)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			p.Logger.Log(ctx, patrolLevel(err), "the check of the index was interrupted and goes on", "error", err)
			rest = patrolRest
		case p.after == search.Everywhere.UpTo:
			rest = p.passed()
		default:
			rest = time.Duration(float64(products)/float64(p.VerifyRate)*float64(time.Second)) - time.Since(begun)
		}
	}
}

// patrolLevel is low where there is only no index yet.
func patrolLevel(err error) slog.Level {
	if fault.Is(err, fault.NotFound) {
		return slog.LevelDebug
	}
	return slog.LevelWarn
}

// passed ends a pass and says how long to rest: a small catalogue is not
// compared without a break.
func (p *patrol) passed() time.Duration {
	p.m.pass.Set(time.Since(p.begun).Seconds())
	p.m.last.SetToCurrentTime()
	p.after = search.Everywhere.After
	return p.VerifyAfter
}

// step compares the next range of ids and asks for what is wrong. The last one
// of a pass also looks for documents that lie in no range.
func (p *patrol) step(ctx context.Context, followed func(index string) bool) (int64, error) {
	if p.after == search.Everywhere.After {
		p.begun = time.Now()
	}
	version, err := p.v.live(ctx)
	if err != nil {
		return 0, err
	}
	index := version.Name
	if !version.Current {
		return 0, fault.New(fault.NotFound, "index %s is of another program and is compared after a reindex", index)
	}
	if !followed(index) {
		return 0, fault.New(fault.NotFound, "index %s is not followed", index)
	}
	// One reading a second, more often only where a bulk is less than that.
	how := p.v.full(min(p.v.size, p.VerifyRate))
	part, err := how.next(ctx, p.after)
	if err != nil {
		return 0, err
	}
	found := &findings{v: p.v, report: Report{Index: index}}
	if err := how.compare(ctx, index, []piece{part}, found); err != nil {
		return 0, err
	}
	if part.last() {
		if err := p.v.unlisted(ctx, index, found); err != nil {
			return 0, err
		}
	}
	if err := found.settle(ctx); err != nil {
		return 0, err
	}
	if err := p.mend(ctx, found.report); err != nil {
		return 0, err
	}
	p.after = part.span.UpTo
	p.m.verified.Add(float64(part.products))
	return part.products, nil
}

// mend says what was found and asks for it. Whether that helped the next pass
// will see.
func (p *patrol) mend(ctx context.Context, r Report) error {
	if r.Differences() == 0 {
		return nil
	}
	for i, d := range r.Named {
		if i < patrolLogged {
			p.Logger.Warn("a document is wrong and is written anew", "index", r.Index, "part", d.Part, "kind", d.Kind, "product", d.ID, "name", d.Name)
		}
	}
	if n := len(r.Named) - patrolLogged; n > 0 {
		p.Logger.Warn("more documents are wrong and are written anew", "index", r.Index, "documents", n)
	}
	for kind, n := range r.Counts {
		p.m.differences.WithLabelValues(string(kind)).Add(float64(n))
	}
	if err := p.v.removeStrays(ctx, r); err != nil {
		return err
	}
	ids := r.IDs(Missing, Extra, Different)
	if len(ids) == 0 {
		return nil
	}
	_, err := p.Log.AskFor(ctx, ids)
	return err
}
