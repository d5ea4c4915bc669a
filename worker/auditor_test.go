package worker

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"aforro/pkg/audit"
)

// ledger answers audits by the number of the call.
type ledger struct {
	calls  int
	answer func(ctx context.Context, call int) (audit.Report, bool, error)
}

func (l *ledger) TryAudit(ctx context.Context) (audit.Report, bool, error) {
	l.calls++
	return l.answer(ctx, l.calls)
}

// found is a report with so many findings of held stock.
func found(n int64) audit.Report {
	r := audit.Result{Check: audit.Held, Found: n}
	if n > 0 {
		r.First = []audit.Finding{{Store: 1, Product: 7, Text: "product 7 in store 1: held 3, live reservations hold 0"}}
	}
	return audit.Report{Seconds: 1.5, Results: []audit.Result{{Check: audit.Stock}, r}}
}

// audited is an auditor that has run, and what it said.
type audited struct {
	logged string
	gauge  func(name, label string) float64
}

func mustAudit(t *testing.T, every, lasting time.Duration, l *ledger) audited {
	t.Helper()
	var log bytes.Buffer
	r := prometheus.NewRegistry()
	ctx, cancel := context.WithTimeout(t.Context(), lasting)
	defer cancel()
	newAuditor(Options{Books: l, AuditEvery: every, Log: slog.New(slog.NewTextHandler(&log, nil)), Metrics: r}).run(ctx)
	return audited{log.String(), func(name, label string) float64 { return Gauge(t, r, name, label) }}
}

func TestAuditorKeepsItsSchedule(t *testing.T) {
	t.Parallel()
	for every, want := range map[time.Duration]int{time.Minute: 10, 15 * time.Minute: 0, 0: 0} {
		synctest.Test(t, func(t *testing.T) {
			l := &ledger{answer: func(context.Context, int) (audit.Report, bool, error) { return found(0), true, nil }}
			begun, lasting := time.Now(), max(every*10, time.Hour)
			a := mustAudit(t, every, lasting, l)
			if every == 0 {
				if l.calls != 0 || time.Since(begun) != 0 {
					t.Errorf("switched off: %d audits in %s", l.calls, time.Since(begun))
				}
				return
			}
			// The first comes within the interval, so there is one an interval.
			if n := int(lasting / every); l.calls != n && l.calls != n+1 || want > l.calls {
				t.Errorf("every %s: %d audits in %s", every, l.calls, lasting)
			}
			if age := time.Since(time.Unix(int64(a.gauge("aforro_audit_last_success_timestamp_seconds", "")), 0)); age > every+time.Second {
				t.Errorf("every %s: the last success is %s ago", every, age)
			}
		})
	}
}

func TestAuditorSaysWhatItFinds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := &ledger{answer: func(_ context.Context, call int) (audit.Report, bool, error) {
			return found(int64(2 - call)), true, nil
		}}
		a := mustAudit(t, time.Minute, time.Minute-1, l)
		if l.calls != 1 || a.gauge("aforro_audit_findings", "held") != 1 || a.gauge("aforro_audit_findings", "stock") != 0 ||
			a.gauge("aforro_audit_seconds", "") != 1.5 {
			t.Errorf("%d audits, %v held", l.calls, a.gauge("aforro_audit_findings", "held"))
		}
		if !strings.Contains(a.logged, "level=ERROR") || !strings.Contains(a.logged, "check=held found=1") || !strings.Contains(a.logged, "product 7 in store 1: held 3") {
			t.Errorf("it logged %s", a.logged)
		}
		a = mustAudit(t, time.Minute, time.Minute-1, l)
		if a.gauge("aforro_audit_findings", "held") != 0 || strings.Contains(a.logged, "ERROR") || !strings.Contains(a.logged, "the audit is clean") {
			t.Errorf("afterwards it logged %s", a.logged)
		}
	})
}

// TestAuditorThatCannotAudit: a failure, another worker's turn and a database
// that has fallen silent leave the last success where it was, and the next turn
// comes.
func TestAuditorThatCannotAudit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var first time.Time
		l := &ledger{}
		l.answer = func(ctx context.Context, call int) (audit.Report, bool, error) {
			switch call {
			case 1:
				first = time.Now()
				return found(0), true, nil
			case 2:
				return audit.Report{}, false, errors.New("away")
			case 3:
				return found(5), false, nil
			}
			<-ctx.Done()
			return audit.Report{}, false, ctx.Err()
		}
		a := mustAudit(t, time.Minute, 5*time.Minute+auditTime, l)
		if l.calls != 5 || int64(a.gauge("aforro_audit_last_success_timestamp_seconds", "")) != first.Unix() {
			t.Errorf("%d audits; the last success is %v, want %d", l.calls, a.gauge("aforro_audit_last_success_timestamp_seconds", ""), first.Unix())
		}
		if strings.Count(a.logged, "the audit failed") != 2 || strings.Contains(a.logged, "ERROR") {
			t.Errorf("it logged %s", a.logged)
		}
	})
}
