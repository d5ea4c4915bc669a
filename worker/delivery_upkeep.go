package worker

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"aforro/pkg/notify"
)

// keep measures the outbox and drops what is old, until ctx ends.
func (d *deliverer) keep(ctx context.Context) {
	tick := time.NewTicker(reportEvery)
	defer tick.Stop()
	var purged time.Time
	for ctx.Err() == nil {
		d.measure(ctx)
		if time.Since(purged) >= purgeEvery {
			d.purge(ctx)
			purged = time.Now()
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

// measure leaves the gauges as they are while the database is away, which the
// deliverer itself has said.
func (d *deliverer) measure(ctx context.Context) {
	backlog, err := d.Outbox.Backlog(ctx)
	if err != nil {
		d.log.Debug("the outbox was not measured", "error", err)
		return
	}
	d.metrics.parked.Set(float64(backlog.Parked))
	d.metrics.overdue.Set(backlog.Overdue.Seconds())
}

func (d *deliverer) purge(ctx context.Context) {
	n, err := d.Outbox.PurgeDeliveries(ctx, keepDelivered, keepParked)
	switch {
	case err != nil && ctx.Err() == nil:
		d.log.Warn("old deliveries were not dropped", "error", err)
	case n > 0:
		d.log.Info("old deliveries are dropped", "deliveries", n)
	}
}

// deliveryMetrics is what the deliverer counts.
type deliveryMetrics struct {
	attempts *prometheus.CounterVec
	parked   prometheus.Gauge
	overdue  prometheus.Gauge
}

func newDeliveryMetrics(r prometheus.Registerer) *deliveryMetrics {
	m := &deliveryMetrics{
		attempts: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "aforro_deliveries_total",
			Help: "Attempts to deliver a webhook or an e-mail, by what followed."}, []string{"kind", "outcome"}),
		parked: prometheus.NewGauge(prometheus.GaugeOpts{Name: "aforro_deliveries_parked",
			Help: "Deliveries that were given up and wait for somebody to look at them."}),
		overdue: prometheus.NewGauge(prometheus.GaugeOpts{Name: "aforro_deliveries_overdue_seconds",
			Help: "For how long the delivery that is due longest has been so; 0 when none is."}),
	}
	r.MustRegister(m.attempts, m.parked, m.overdue)
	return m
}

// attempted counts an attempt: delivered, failed (it will be tried again) or
// parked.
func (m *deliveryMetrics) attempted(kind string, to notify.State) {
	outcome := string(to)
	if to == notify.Due {
		outcome = "failed"
	}
	m.attempts.WithLabelValues(kind, outcome).Inc()
}
