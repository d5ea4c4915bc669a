package indexer

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"aforro/pkg/search"
)

// metrics are what an Indexer tells of itself.
type metrics struct {
	documents                       *prometheus.CounterVec
	batches, away, invisible, stale prometheus.Counter
	batchSize, batchSeconds         prometheus.Histogram
	fresh                           *prometheus.HistogramVec
	retained, position, lagBytes    prometheus.Gauge
	lagSeconds, quarantined         prometheus.Gauge
}

func newMetrics(r prometheus.Registerer) *metrics {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: "aforro_indexer_" + name, Help: help})
	}
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Name: "aforro_indexer_" + name, Help: help})
	}
	histogram := func(name, help string, from, factor float64, n int) prometheus.Histogram {
		return prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "aforro_indexer_" + name, Help: help, Buckets: prometheus.ExponentialBuckets(from, factor, n),
		})
	}
	m := &metrics{
		documents: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "aforro_indexer_documents_total", Help: "Documents sent to the index, by outcome.",
		}, []string{"outcome"}),
		batches:      counter("batches_total", "Batches of changes written."),
		away:         counter("unavailable_total", "Bulk requests that failed as a whole."),
		invisible:    counter("invisible_total", "Times a commit was streamed before it was visible."),
		stale:        counter("stale_total", "Readings that were too old to be sent and made again."),
		batchSize:    histogram("batch_products", "Products in one batch.", 1, 4, 10),
		batchSeconds: histogram("batch_seconds", "Time to write one batch.", 0.001, 2, 16),
		fresh: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "aforro_indexer_freshness_seconds", Help: "From a change's commit until it was searchable, by kind; changes of one product that are written together count once, from the first.",
			Buckets: []float64{.025, .05, .1, .15, .2, .3, .5, .75, 1, 1.5, 2, 3, 5, 8, 15, 30, 60, 300, 3600},
		}, []string{"kind"}),
		retained:    gauge("retained_bytes", "Write-ahead log that PostgreSQL keeps for the indexer."),
		lagBytes:    gauge("lag_bytes", "Write-ahead log that is not confirmed yet."),
		lagSeconds:  gauge("lag_seconds", "How old the state of the database is that searches see."),
		quarantined: gauge("quarantined", "Documents in quarantine, of all indices."),
		position:    gauge("position", "The log position confirmed last."),
	}
	r.MustRegister(m.documents, m.batches, m.away, m.invisible, m.stale, m.batchSize, m.batchSeconds, m.fresh, m.retained, m.position,
		m.lagBytes, m.lagSeconds, m.quarantined)
	return m
}

var outcomeNames = map[search.Outcome]string{
	search.Stored: "stored", search.Late: "late", search.Retry: "retry", search.Refused: "refused", search.Foreign: "foreign",
}

func (m *metrics) outcome(o search.Outcome) { m.documents.WithLabelValues(outcomeNames[o]).Inc() }

func (m *metrics) flushed(products int, took time.Duration) {
	m.batches.Inc()
	m.batchSize.Observe(float64(products))
	m.batchSeconds.Observe(took.Seconds())
}

// lag notes how old what searches see is, by the database's clock.
func (m *metrics) lag(now, asOf time.Time) {
	if !asOf.IsZero() {
		m.lagSeconds.Set(max(0, now.Sub(asOf)).Seconds())
	}
}

// watch registers what is asked of the indexer itself.
func (m *metrics) watch(r prometheus.Registerer, x *Indexer) {
	r.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "aforro_indexer_stalled_seconds", Help: "How long nothing has moved although something should have; 0 when there is nothing to do.",
	}, func() float64 { return x.Status().Stalled.Seconds() }))
}
