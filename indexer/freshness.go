package indexer

import (
	"slices"
	"sync"
	"time"

	"aforro/pkg/search"
)

// recent is how many changes of a kind the told freshness is of.
const recent = 1000

// freshness measures the time from a change's commit until it is searchable, by
// kind. The database's clock and this machine's must agree.
type freshness struct {
	m *metrics

	mu   sync.Mutex
	last [len(kindNames)][]time.Duration
	next [len(kindNames)]int
	all  [len(kindNames)]int64
}

func newFreshness(m *metrics) *freshness { return &freshness{m: m} }

func (f *freshness) measure(samples []sample, shown time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, s := range samples {
		took := max(0, shown.Sub(s.at))
		f.m.fresh.WithLabelValues(kindNames[s.kind]).Observe(took.Seconds())
		f.all[s.kind]++
		if len(f.last[s.kind]) < recent {
			f.last[s.kind] = append(f.last[s.kind], took)
			continue
		}
		f.last[s.kind][f.next[s.kind]] = took
		f.next[s.kind] = (f.next[s.kind] + 1) % recent
	}
}

// lately sums up the recent changes of each kind that there were.
func (f *freshness) lately() []search.Freshness {
	f.mu.Lock()
	defer f.mu.Unlock()
	var list []search.Freshness
	for k, took := range f.last {
		if len(took) == 0 {
			continue
		}
		sorted := slices.Sorted(slices.Values(took))
		at := func(p int) time.Duration { return sorted[min(len(sorted)-1, len(sorted)*p/100)] }
		list = append(list, search.Freshness{Kind: kindNames[k], Changes: f.all[k], P50: at(50), P99: at(99), Max: sorted[len(sorted)-1]})
	}
	return list
}
