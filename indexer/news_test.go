package indexer

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"aforro/pkg/search"
)

// clockLog is a log that stands still while time passes.
type clockLog struct {
	Log
	end search.Version
}

func (l clockLog) Now(context.Context) (search.Version, time.Time, error) {
	return l.end, time.Now(), nil
}

// lastTold keeps what was told last.
type lastTold struct{ told search.Progress }

func (t *lastTold) Tell(_ context.Context, p search.Progress) error {
	t.told = p
	return nil
}

// An index that has everything is as old as the last look at the log, however
// long ago something was written; one that lacks something is as old as that.
func TestAnIndexThatHasEverythingIsNotOld(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		end search.Version
		old time.Duration
	}{"nothing to do": {100, 0}, "something is not searchable": {101, time.Minute}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				teller := &lastTold{}
				m := newMetrics(prometheus.NewRegistry())
				n := newNews(Options{Teller: teller}, m, newFreshness(m))
				n.shown(stored{searchable: 100, asOf: time.Now()})
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				if err := n.run(ctx, clockLog{end: c.end}, newPending(1, 0)); !errors.Is(err, context.DeadlineExceeded) {
					t.Fatal(err)
				}
				if old := time.Since(teller.told.AsOf); old < c.old || old > c.old+tellEvery {
					t.Errorf("it is said to be %s old, not %s", old, c.old)
				}
				if lag := n.pace().lag(); lag < c.old-tellEvery || lag > c.old {
					t.Errorf("what can wait is told of a lag of %s, not %s", lag, c.old)
				}
			})
		})
	}
}
