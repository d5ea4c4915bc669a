package worker

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"aforro/pkg/audit"
)

// Books is what the auditor needs of the database.
type Books interface {
	// TryAudit audits, unless another worker does so at this moment: then it
	// reports false.
	TryAudit(ctx context.Context) (audit.Report, bool, error)
}

// auditTime bounds one audit: a million orders take well under a minute.
const auditTime = 10 * time.Minute

// auditor looks on a schedule whether orders, stock, ledger and reservations
// agree, and says so. It repairs nothing: somebody has to look first.
type auditor struct {
	books Books
	every time.Duration
	log   *slog.Logger

	findings *prometheus.GaugeVec
	success  prometheus.Gauge
	seconds  prometheus.Gauge
}

func newAuditor(o Options) *auditor {
	a := &auditor{books: o.Books, every: o.AuditEvery, log: o.Log,
		findings: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "aforro_audit_findings",
			Help: "What this worker's last audit found to be off, by check."}, []string{"check"}),
		success: prometheus.NewGauge(prometheus.GaugeOpts{Name: "aforro_audit_last_success_timestamp_seconds",
			Help: "When this worker's last audit ended, whatever it found; 0 before the first."}),
		seconds: prometheus.NewGauge(prometheus.GaugeOpts{Name: "aforro_audit_seconds",
			Help: "How long this worker's last audit took."}),
	}
	o.Metrics.MustRegister(a.findings, a.success, a.seconds)
	return a
}

// run audits every so often until ctx ends; never when every is 0. The first
// audit comes after a random part of that, so that workers that start together
// take turns.
func (a *auditor) run(ctx context.Context) {
	if a.every <= 0 {
		return
	}
	timer := time.NewTimer(rand.N(a.every))
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
			a.audit(ctx)
			timer.Reset(a.every)
		}
	}
}

func (a *auditor) audit(ctx context.Context) {
	bounded, cancel := context.WithTimeout(ctx, auditTime)
	defer cancel()
	r, done, err := a.books.TryAudit(bounded)
	switch {
	case ctx.Err() != nil:
	case err != nil:
		a.log.Warn("the audit failed", "error", err)
	case done:
		a.report(r)
	}
}

func (a *auditor) report(r audit.Report) {
	for _, c := range r.Results {
		a.findings.WithLabelValues(string(c.Check)).Set(float64(c.Found))
		if c.Found > 0 {
			a.log.Error("the audit found what should not be; see aforro audit", "check", c.Check, "found", c.Found, "first", named(c.First))
		}
	}
	a.success.SetToCurrentTime()
	a.seconds.Set(r.Seconds)
	if r.Found() == 0 {
		a.log.Info("the audit is clean", "seconds", r.Seconds)
	}
}

func named(findings []audit.Finding) []string {
	texts := make([]string, len(findings))
	for i, f := range findings {
		texts[i] = f.Text
	}
	return texts
}
