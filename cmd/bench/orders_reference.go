package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"time"
)

// The reference: what PostgreSQL alone does with the writes of an order, one
// order in two transactions, as a worker without batches would: save it; lock
// its stock in product order, deduct, close. Rows are the same as the product
// leaves for a decided order: the order, two lines, the event of its decision,
// two updated stock lines and, by the trigger, two movements. Everything else is
// spared it: no prices are read, no key is kept, the ledger gets no reason, and
// the id needs no queue to travel through.
const referenceOrder = `
\set lower least(:first, :second)
\set upper greatest(:first, :second)
BEGIN;
INSERT INTO orders (store_id, total) VALUES (:store, 20) RETURNING id AS order_id \gset
INSERT INTO order_items (order_id, line, product_id, quantity_requested, unit_price) VALUES (:order_id, 0, :first, 1, 10), (:order_id, 1, :second, 1, 10);
COMMIT;
BEGIN;
SELECT quantity FROM inventory WHERE store_id = :store AND product_id IN (:lower, :upper) ORDER BY product_id FOR UPDATE;
UPDATE inventory SET quantity = quantity - 1 WHERE store_id = :store AND product_id IN (:lower, :upper);
UPDATE orders SET status = 'CONFIRMED', decided_at = clock_timestamp() WHERE id = :order_id;
INSERT INTO order_events (order_id, sequence, status) VALUES (:order_id, 1, 'CONFIRMED');
COMMIT;
`

// How the reference draws orders, in the manner of orders_draw.go.
const (
	referenceUniform = `
\set store random(1, :stores)
\set first random(1, :products)
\set second 1 + (:first + random(0, :products - 2)) % :products
`
	referenceHot = `
\set store 1
\set first random_zipfian(1, :products, :hotness)
\set second random_zipfian(1, :products, :hotness)
\set second case when :second = :first then 1 + :first % :products else :second end
`
)

// findPgbench prefers the program itself to Debian's wrapper in the path.
func findPgbench() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/pgbench")
	if err != nil {
		return "", err
	}
	if len(found) > 0 {
		slices.Sort(found)
		return found[len(found)-1], nil
	}
	path, err := exec.LookPath("pgbench")
	if err != nil {
		return "", fmt.Errorf("pgbench, which comes with PostgreSQL's server, is missing: %w", err)
	}
	return path, nil
}

// reference runs one round of pgbench and gives its orders a second and their
// mean latency over the measured time.
func (m *market) reference(ctx context.Context, p pace, draws string, seed uint64) (rate float64, mean time.Duration, used spent, err error) {
	path, err := findPgbench()
	if err != nil {
		return 0, 0, used, err
	}
	script := filepath.Join(m.dir, "reference.sql")
	if err := os.WriteFile(script, []byte(draws+referenceOrder), 0o600); err != nil {
		return 0, 0, used, fmt.Errorf("write the reference's script: %w", err)
	}
	seconds := int(math.Ceil((p.warm + p.length).Seconds())) + 1 // it must outlive the last look at it
	cmd := exec.CommandContext(ctx, path, "-n", "-M", "prepared", "-c", strconv.Itoa(orderConnections), "-j", "2", "-P", "1",
		"-T", strconv.Itoa(seconds), "--random-seed", strconv.FormatUint(seed, 10), "-f", script,
		"-D", "stores="+strconv.Itoa(marketStores), "-D", "products="+strconv.Itoa(marketProducts), "-D", fmt.Sprint("hotness=", hotness), m.referenceURL)
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		return 0, 0, used, fmt.Errorf("start pgbench: %w", err)
	}
	watched := m.watch(ctx, p, program{name: "pgbench", pid: cmd.Process.Pid})
	runErr := cmd.Wait()
	if used, err = watched(); err != nil || runErr != nil {
		return 0, 0, used, fmt.Errorf("run pgbench: %w: %s", errors.Join(runErr, err), said.String())
	}
	rate, mean, err = readProgress(said.String(), p)
	return rate, mean, used, err
}

var progressLine = regexp.MustCompile(`(?m)^progress: ([0-9.]+) s, ([0-9.]+) tps, lat ([0-9.]+) ms stddev [0-9.]+, ([0-9]+) failed$`)

// readProgress takes pgbench's figures of each measured second. It leaves out the
// warm-up, in which 64 new connections learn the schema.
func readProgress(said string, p pace) (rate float64, mean time.Duration, err error) {
	var orders, waited, lines float64
	for _, line := range progressLine.FindAllStringSubmatch(said, -1) {
		var n [4]float64
		for i := range n {
			if n[i], err = strconv.ParseFloat(line[i+1], 64); err != nil {
				return 0, 0, fmt.Errorf("read pgbench's progress: %w", err)
			}
		}
		if n[3] > 0 {
			return 0, 0, fmt.Errorf("pgbench failed transactions: %s", line[0])
		}
		if n[0] > p.warm.Seconds()+0.5 && n[0] < (p.warm+p.length).Seconds()+0.5 {
			orders, waited, lines = orders+n[1], waited+n[1]*n[2], lines+1
		}
	}
	if orders == 0 {
		return 0, 0, fmt.Errorf("pgbench showed no progress: %s", said)
	}
	return orders / lines, time.Duration(waited / orders * float64(time.Millisecond)), nil
}
