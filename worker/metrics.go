package worker

import (
	"github.com/prometheus/client_golang/prometheus"

	"aforro/pkg/order"
)

// metrics is what the worker counts.
type metrics struct {
	decisions  *prometheus.CounterVec
	batches    prometheus.Histogram
	latency    prometheus.Histogram
	pendingAge prometheus.Gauge
	swept      prometheus.Counter
	unsent     *prometheus.CounterVec
	expired    prometheus.Counter
	forgotten  prometheus.Counter
}

func newMetrics(r prometheus.Registerer) *metrics {
	m := &metrics{
		decisions: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "aforro_orders_decided_total",
			Help: "Orders decided by this worker."}, []string{"status"}),
		batches: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "aforro_order_batch_size",
			Help: "Orders decided in one transaction.", Buckets: prometheus.ExponentialBuckets(1, 2, 9)}),
		latency: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "aforro_order_decision_seconds",
			Help: "Time from saving an order to its decision.", Buckets: prometheus.ExponentialBuckets(0.001, 2, 16)}),
		pendingAge: prometheus.NewGauge(prometheus.GaugeOpts{Name: "aforro_orders_pending_age_seconds",
			Help: "Age of the oldest order that the sweeper found PENDING; 0 when there is none."}),
		swept: prometheus.NewCounter(prometheus.CounterOpts{Name: "aforro_orders_swept_total",
			Help: "Orders that the sweeper decided since nobody else had."}),
		unsent: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "aforro_orders_unsent_total",
			Help: "Messages after a decision that the queue did not take, by kind."}, []string{"kind"}),
	}
	m.expired = prometheus.NewCounter(prometheus.CounterOpts{Name: "aforro_reservations_expired_total",
		Help: "Reservations whose time was over and whose stock this worker gave back."})
	m.forgotten = prometheus.NewCounter(prometheus.CounterOpts{Name: "aforro_idempotency_keys_forgotten_total",
		Help: "Idempotency keys that this worker forgot, a day or more after their use."})
	r.MustRegister(m.decisions, m.batches, m.latency, m.pendingAge, m.swept, m.unsent, m.expired, m.forgotten)
	return m
}

func (m *metrics) decided(batch []order.Decision) {
	m.batches.Observe(float64(len(batch)))
	for _, d := range batch {
		m.decisions.WithLabelValues(string(d.Status)).Inc()
		m.latency.Observe(d.DecidedAt.Sub(d.CreatedAt).Seconds())
	}
}

// lost counts what the queue did not take; the queue has logged that it is away.
func (m *metrics) lost(kind string, err error) {
	if err != nil {
		m.unsent.WithLabelValues(kind).Inc()
	}
}
