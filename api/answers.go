package api

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/singleflight"

	"aforro/pkg/fault"
	"aforro/pkg/search"
)

// renewing is how long past its time an answer is still given while a new one is
// made, if it could be given for as long before and Options.CacheStale allows as
// much.
const renewing = 10 * time.Second

// answers gives answers that may be cached: from this process, from Redis, or made
// now, once for all who want the same.
type answers struct {
	o       *Options
	gate    *gate
	shelf   *shelf
	flights singleflight.Group
	found   *prometheus.CounterVec
}

// wanted is an answer that may be cached.
type wanted struct {
	// key stands for what it means.
	key string
	// fresh is how long it may be given; 0: it is not cached.
	fresh time.Duration
	// watched: it is not given any more once a product on it has changed.
	watched bool
	// asked is the position that it must have.
	asked search.Version
	// renew: what is cached will not do.
	renew bool
	// again: it was asked for before.
	again bool
	// make makes it; it asks the engine.
	make func(context.Context) (packedPage, error)
}

// given is an answer, and the page of the cache that it comes from; nil when it was
// made now.
type given struct {
	packedPage
	cached *kept
	// Old: it is past its time.
	Old bool
}

func newAnswers(o *Options, g *gate) (*answers, error) {
	kept, err := newShelf(o.CacheBytes, o.Metrics)
	if err != nil {
		return nil, err
	}
	a := &answers{o: o, gate: g, shelf: kept, found: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "aforro_cached_pages_total",
		Help: "Answers found in the cache, by outcome; renewing: past its time, given while a new one is made; rescued: past its time, given since none could be made; old: past its time; stale: past all use, or something on it has changed, or nobody says whether; early: made before the position asked for.",
	}, []string{"outcome"})}
	if err := o.Metrics.Register(a.found); err != nil {
		return nil, fmt.Errorf("register the metric of cached pages: %w", err)
	}
	return a, nil
}

// get answers. While what is kept is hardly past its time it is given and made anew
// behind the caller's back; when nothing can be made, what is past its time is given
// within Options.CacheStale. Of what is watched nothing is given of which a product
// has changed.
func (a *answers) get(ctx context.Context, w wanted) (given, error) {
	if w.fresh <= 0 || w.renew {
		w.again = true // what others have is replaced
		page, err := a.produce(ctx, w)
		return given{packedPage: page}, err
	}
	k, outcome := a.find(ctx, w)
	w.again = k != nil
	switch outcome {
	case "renewing":
		a.begin(ctx, w)
		fallthrough
	case "shown":
		a.found.WithLabelValues(outcome).Inc()
		if outcome == "shown" {
			a.spread(w, k)
		}
		return given{k.packedPage, k, outcome != "shown"}, nil
	}
	page, err := a.share(ctx, w)
	if w.watched && fault.Is(err, fault.Unavailable) && (outcome == "old" || outcome == "early") && a.shows(w, k) && ctx.Err() == nil {
		a.found.WithLabelValues("rescued").Inc()
		return given{k.packedPage, k, true}, nil
	}
	if outcome != "" {
		a.found.WithLabelValues(outcome).Inc()
	}
	return given{packedPage: page}, err
}

// find looks in this process, then in Redis, and says what can be done with what
// was found: "" when nothing was.
func (a *answers) find(ctx context.Context, w wanted) (*kept, string) {
	own := a.shelf.page(w.key)
	outcome := a.judge(w, own)
	if outcome == "shown" || outcome == "renewing" {
		return own, outcome
	}
	value, age, found := a.o.Cache.Get(ctx, w.key)
	if !found {
		return own, outcome
	}
	page, ok := unpackPage(value)
	if !ok {
		return own, "broken"
	}
	k := &kept{packedPage: page, made: time.Now().Add(-age)}
	k.spread.Store(true)
	if own != nil && !k.made.After(own.made) {
		return own, outcome
	}
	a.shelf.put(w.key, k)
	return k, a.judge(w, k)
}

// judge says what can be done with a page.
func (a *answers) judge(w wanted, k *kept) string {
	if k == nil {
		return ""
	}
	age := k.age()
	switch {
	case age > w.fresh+a.o.CacheStale, !a.shows(w, k):
		return "stale"
	case k.Known.Visible < w.asked:
		return "early"
	case age <= w.fresh:
		return "shown"
	case age <= w.fresh+min(renewing, w.fresh, a.o.CacheStale):
		return "renewing"
	}
	return "old"
}

// shows reports whether nothing on the page has changed since it was made.
func (a *answers) shows(w wanted, k *kept) bool {
	return !w.watched || a.o.Watch.Shows(k.Known.Stamp, k.IDs, k.age())
}

// share makes the answer once for all who want it now and have heard the same: who
// has heard of a change is not given what was begun before. A caller that leaves
// does not take it from the others.
func (a *answers) share(ctx context.Context, w wanted) (packedPage, error) {
	made := a.begin(ctx, w)
	select {
	case r := <-made:
		return answered(r)
	case <-ctx.Done():
	}
	if errors.Is(ctx.Err(), context.Canceled) {
		// It may have closed its own side only. The making is bounded by itself.
		return answered(<-made)
	}
	return packedPage{}, busy(ctx.Err())
}

func answered(r singleflight.Result) (packedPage, error) {
	page, _ := r.Val.(packedPage)
	return page, r.Err
}

func (a *answers) begin(ctx context.Context, w wanted) <-chan singleflight.Result {
	heard := a.o.Watch.Known().Stamp
	key := w.key + heard.Epoch + strconv.FormatInt(heard.Sequence, 36)
	ctx = context.WithoutCancel(ctx)
	return a.flights.DoChan(key, func() (page any, err error) {
		defer func() {
			if what := recover(); what != nil {
				a.o.Log.Error("making an answer panicked", "panic", what, "request", requestID(ctx), "stack", string(debug.Stack()))
				err = errors.New("panic")
			}
		}()
		return a.produce(ctx, w)
	})
}

// produce makes the answer and keeps it, in Redis at once only when it was asked for
// before or there is no shelf. One with stale values is kept by nobody.
func (a *answers) produce(ctx context.Context, w wanted) (packedPage, error) {
	page, err := gated(ctx, a.gate, w.make)
	if err == nil && w.fresh > 0 && !page.Stale {
		k := &kept{packedPage: page, made: time.Now()}
		if a.shelf.put(w.key, k); a.shelf == nil || w.again {
			a.spread(w, k)
		}
	}
	return page, err
}

// spread puts an answer into Redis for other processes, once, when it is asked for
// again: most words are searched for once, and would only take room and time there.
func (a *answers) spread(w wanted, k *kept) {
	if k.spread.Load() || k.spread.Swap(true) {
		return
	}
	page, age := k.packedPage, k.age()
	page.Took = age // an entry's age counts from its storing
	a.o.Cache.Set(w.key, page.pack(), w.fresh+min(renewing, w.fresh, a.o.CacheStale)-age)
}
