package worker

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

// Gauge reads a gauge; label picks one of a vector.
func Gauge(tb testing.TB, r *prometheus.Registry, name, label string) (value float64) {
	tb.Helper()
	families, err := r.Gather()
	if err != nil {
		tb.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == name && (len(m.GetLabel()) == 0 || m.GetLabel()[0].GetValue() == label) {
				value = m.GetGauge().GetValue()
			}
		}
	}
	return value
}
