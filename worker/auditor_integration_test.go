//go:build integration

package worker_test

import (
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"aforro/pkg/testkit"
	"aforro/worker"
)

// TestAWorkerAudits: what is off shows as a metric, and is gone when it has been
// put right. The worker itself repairs nothing.
func TestAWorkerAudits(t *testing.T) {
	t.Parallel()
	s := newShop(t, 5)
	o := s.options()
	o.Books, o.AuditEvery = s.DB, 50*time.Millisecond
	work(t, o)
	r := o.Metrics.(*prometheus.Registry)
	s.save(1)
	s.awaitAllDecided(10 * time.Second)
	testkit.Eventually(t, 10*time.Second, "an audit is done", func() bool { return worker.Gauge(t, r, "aforro_audit_last_success_timestamp_seconds", "") > 0 })
	if n := worker.Gauge(t, r, "aforro_audit_findings", "held"); n != 0 {
		t.Errorf("%v findings of held stock", n)
	}
	s.exec(`UPDATE inventory SET held = 2 WHERE product_id IN (3, 4)`)
	testkit.Eventually(t, 10*time.Second, "both are found", func() bool { return worker.Gauge(t, r, "aforro_audit_findings", "held") == 2 })
	if n := s.number(`SELECT sum(held) FROM inventory`); n != 4 {
		t.Errorf("held is %d: the worker repaired it", n)
	}
	if _, err := s.RepairAudited(t.Context()); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, 10*time.Second, "they are gone", func() bool { return worker.Gauge(t, r, "aforro_audit_findings", "held") == 0 })
}
