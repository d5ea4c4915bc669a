package worker

import (
	"github.com/prometheus/client_golang/prometheus"

	"aforro/pkg/order"
)

// metrics is what the worker counts.
type metrics struct {
	decisions     *prometheus.CounterVec
	latency       prometheus.Histogram
	pendingAge    prometheus.Gauge
	swept         *prometheus.CounterVec
	confirmations prometheus.Counter
	unsent        *prometheus.CounterVec
	expired       prometheus.Counter
	forgotten     prometheus.Counter
}

func newMetrics(r prometheus.Registerer) *metrics {
	m := &metrics{
		decisions: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "aforro_orders_decided_total",
			Help: "Orders decided by this worker."}, []string{"status"}),
		latency: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "aforro_order_decision_seconds",
			Help: "Time from saving an order to its decision.", Buckets: prometheus.ExponentialBuckets(0.001, 2, 16)}),
		pendingAge: prometheus.NewGauge(prometheus.GaugeOpts{Name: "aforro_orders_pending_age_seconds",
			Help: "Age of the oldest order that the sweeper found PENDING; 0 when there is none."}),
		swept: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "aforro_orders_swept_total",
			Help: "Orders and confirmations that the sweeper found lost, by what it did."}, []string{"task", "action"}),
		confirmations: prometheus.NewCounter(prometheus.CounterOpts{Name: "aforro_order_confirmations_total",
			Help: "Confirmations sent, repeats included."}),
		unsent: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "aforro_orders_unsent_total",
			Help: "Messages after a decision that the queue did not take, by kind."}, []string{"kind"}),
	}
	m.expired = prometheus.NewCounter(prometheus.CounterOpts{Name: "aforro_reservations_expired_total",
		Help: "Reservations whose time was over and whose stock this worker gave back."})
	m.forgotten = prometheus.NewCounter(prometheus.CounterOpts{Name: "aforro_idempotency_keys_forgotten_total",
		Help: "Idempotency keys that this worker forgot, a day or more after their use."})
	r.MustRegister(m.decisions, m.latency, m.pendingAge, m.swept, m.confirmations, m.unsent, m.expired, m.forgotten)
	return m
}

func (m *metrics) decided(o order.Order) {
	m.decisions.WithLabelValues(string(o.Status)).Inc()
	if o.DecidedAt != nil {
		m.latency.Observe(o.DecidedAt.Sub(o.CreatedAt).Seconds())
	}
}

// lost counts what the queue did not take; the queue has logged that it is away.
func (m *metrics) lost(kind string, err error) {
	if err != nil {
		m.unsent.WithLabelValues(kind).Inc()
	}
}
