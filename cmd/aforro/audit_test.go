//go:build integration

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os/exec"
	"strings"
	"testing"

	"aforro/pkg/config"
	"aforro/pkg/order"
	"aforro/pkg/testkit"
)

// newSold is the settings of a database in which one order was decided and some
// of its books are off, until a test puts them right: held stock and a total,
// which can be derived, and a movement of no order, which cannot.
func newSold(t *testing.T, wrong ...string) map[string]string {
	t.Helper()
	url := testkit.Postgres(t)
	conn, db := testkit.Conn(t, url), testkit.Open(t, url)
	exec := func(sql string) {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	exec(`INSERT INTO categories (id, name) VALUES (1, 'Mice')`)
	exec(`INSERT INTO products (id, sku, title, category_id, price) VALUES (7, 's', 't', 1, 2.50)`)
	exec(`INSERT INTO stores (id, name, city, latitude, longitude) VALUES (1, 'A', 'Pune', 18.52, 73.86)`)
	exec(`INSERT INTO inventory VALUES (1, 7, 10)`)
	saved, err := db.SaveOrders(t.Context(), []order.Draft{{StoreID: 1, Items: []order.Item{{ProductID: 7, Quantity: 2}}}})
	if err != nil || saved[0].Err != nil {
		t.Fatal(err, saved)
	}
	if _, _, err := db.DecidePending(t.Context(), []int64{saved[0].Order.ID}); err != nil {
		t.Fatal(err)
	}
	for _, sql := range wrong {
		exec(sql)
	}
	return map[string]string{postgresURL: url}
}

const (
	wrongHeld  = `UPDATE inventory SET held = 3`
	wrongTotal = `UPDATE orders SET total = 9`
	wrongOrder = `INSERT INTO stock_movements (store_id, product_id, delta, reason, reference) VALUES (1, 7, -1, 'order', '99'), (1, 7, 1, 'sql', '')`
)

// lastLine is what a reader of the output sees first.
func lastLine(out string) string {
	lines := strings.Split(strings.TrimSpace(out), "\n")
	return lines[len(lines)-1]
}

func TestAuditSaysWhatItChecked(t *testing.T) {
	t.Parallel()
	out, err := command(t, newSold(t), "audit")
	if err != nil || !strings.Contains(strings.Join(strings.Fields(out), " "), "an order's movements are its lines, once 1 orders") || lastLine(out) != "clean: 11 checks, nothing is off" {
		t.Errorf("it says: %v\n%s", err, out)
	}
}

func TestAuditNamesRepairsAndAuditsAgain(t *testing.T) {
	t.Parallel()
	vars := newSold(t, wrongHeld, wrongTotal)
	out, err := command(t, vars, "audit")
	if err == nil || err.Error() != "the audit is not clean: 2 findings in 2 of 11 checks" || lastLine(out) != "OFF: 2 findings in 2 of 11 checks" {
		t.Errorf("it says: %v\n%s", err, out)
	}
	mustSay(t, out, "product 7 in store 1: held 3, live reservations hold 0", "order 1: total 9.00, its lines sum to 5.00")
	out, err = command(t, vars, "audit", "--repair")
	if err != nil || lastLine(out) != "clean: 11 checks, nothing is off" {
		t.Errorf("the repair says: %v\n%s", err, out)
	}
	mustSay(t, out, "repaired: 2", "held: product 7 in store 1: held is 0", "totals: order 1: the total is 5.00", "after the repair:")
	if out, err := command(t, vars, "audit", "--repair"); err != nil || strings.Contains(out, "repaired") {
		t.Errorf("a repair of nothing says: %v\n%s", err, out)
	}
}

func mustSay(tb testing.TB, out string, texts ...string) {
	tb.Helper()
	for _, text := range texts {
		if !strings.Contains(out, text) {
			tb.Errorf("%q is not in:\n%s", text, out)
		}
	}
}

// What cannot be derived stays, and the repair of the rest is no success.
func TestAuditForMachines(t *testing.T) {
	t.Parallel()
	vars := newSold(t, wrongHeld, wrongOrder)
	var got struct {
		Clean   bool
		At      string
		Results []struct {
			Check string
			Found int
			First []struct{ Store, Product, Movement int64 }
		}
		Before  *struct{ Results []struct{ Found int } }
		Repairs []struct{ Check, Text string }
	}
	out, err := command(t, vars, "audit", "--json", "--repair")
	if err == nil || json.Unmarshal([]byte(out), &got) != nil || got.Clean || got.At == "" || len(got.Results) != 11 || got.Before == nil || len(got.Before.Results) != 11 {
		t.Fatalf("it says: %v\n%s", err, out)
	}
	if len(got.Repairs) != 1 || got.Repairs[0].Check != "held" {
		t.Errorf("the repairs: %+v", got.Repairs)
	}
	for _, r := range got.Results {
		if off := r.Check == "orphans"; off != (r.Found == 1) || off && (r.First[0].Product != 7 || r.First[0].Movement == 0) {
			t.Errorf("%+v", r)
		}
	}
}

// TestAuditEndsWithACode: for scripts.
func TestAuditEndsWithACode(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		wrong []string
		code  int
	}{{nil, 0}, {[]string{wrongHeld}, 1}} {
		var stderr bytes.Buffer
		cmd := process(append([]string{"audit"}, flags(newSold(t, c.wrong...))...)...)
		cmd.Stderr = &stderr
		err := cmd.Run()
		var exit *exec.ExitError
		if code := cmd.ProcessState.ExitCode(); code != c.code || err != nil && !errors.As(err, &exit) {
			t.Errorf("exit code %d, want %d: %v", code, c.code, err)
		}
		if off := strings.Contains(stderr.String(), "aforro: the audit is not clean: 1 finding in 1 of 11 checks"); off != (c.code == 1) {
			t.Errorf("to standard error: %s", stderr.String())
		}
	}
}

// TestTheWorkerAuditsAsItIsTold: by its setting.
func TestTheWorkerAuditsAsItIsTold(t *testing.T) {
	t.Parallel()
	vars := newSold(t, wrongHeld)
	vars[redisURL], vars["AFORRO_AUDIT_EVERY"] = testkit.Redis(t), "50ms"
	cfg, err := config.Load(vars)
	if err != nil {
		t.Fatal(err)
	}
	log := &logLines{}
	a := newApp(cfg, slog.New(slog.NewTextHandler(log, nil)))
	defer a.closeAll()
	if _, err := a.addWorker(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.run(ctx) }()
	testkit.Eventually(t, patience, "it says what it found", func() bool {
		return strings.Contains(log.String(), "product 7 in store 1: held 3, live reservations hold 0")
	})
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
