package indexer

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"aforro/pkg/search"
)

// metrics are what an Indexer tells of itself.
type metrics struct {
	documents                        *prometheus.CounterVec
	batches, away, invisible, stale  prometheus.Counter
	batchSize, batchSeconds, lagTime prometheus.Histogram
	retained, position               prometheus.Gauge
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
		lagTime:      histogram("commit_to_written_seconds", "From the first commit of a batch to its last document written.", 0.01, 2, 14),
		retained:     gauge("retained_bytes", "Write-ahead log that PostgreSQL keeps for the indexer."),
		position:     gauge("position", "The log position confirmed last."),
	}
	r.MustRegister(m.documents, m.batches, m.away, m.invisible, m.stale, m.batchSize, m.batchSeconds, m.lagTime, m.retained, m.position)
	return m
}

var outcomeNames = map[search.Outcome]string{
	search.Stored: "stored", search.Late: "late", search.Retry: "retry", search.Refused: "refused", search.Foreign: "foreign",
}

func (m *metrics) outcome(o search.Outcome) { m.documents.WithLabelValues(outcomeNames[o]).Inc() }

func (m *metrics) flushed(products int, took, lag time.Duration) {
	m.batches.Inc()
	m.batchSize.Observe(float64(products))
	m.batchSeconds.Observe(took.Seconds())
	if lag > 0 {
		m.lagTime.Observe(lag.Seconds())
	}
}
