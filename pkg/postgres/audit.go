package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"aforro/pkg/audit"
	"aforro/pkg/postgres/db"
)

// auditLock is the advisory lock of scheduled audits, one at a time.
const auditLock = 0x61666f727261 // "aforra"

// auditCheck is a check with how its findings are read and what of the counts
// says how much it looks at.
type auditCheck struct {
	check audit.Check
	of    func(db.CountAuditedRow) int64
	find  func(ctx context.Context, q *db.Queries) (int64, []audit.Finding, error)
}

// finder reads a check's findings by its query: read takes from a row how many
// there are in all, and the finding.
func finder[R any](query func(*db.Queries, context.Context, int32) ([]R, error), read func(R) (int64, audit.Finding)) func(context.Context, *db.Queries) (int64, []audit.Finding, error) {
	return func(ctx context.Context, q *db.Queries) (found int64, list []audit.Finding, err error) {
		rows, err := query(q, ctx, audit.MostNamed)
		list = make([]audit.Finding, len(rows))
		for i, r := range rows {
			found, list[i] = read(r)
		}
		return found, list, err
	}
}

func stockLinesOf(c db.CountAuditedRow) int64   { return c.StockLines }
func movementsOf(c db.CountAuditedRow) int64    { return c.Movements }
func ordersOf(c db.CountAuditedRow) int64       { return c.Orders }
func reservationsOf(c db.CountAuditedRow) int64 { return c.Reservations }
func keysOf(c db.CountAuditedRow) int64         { return c.Keys }

// auditChecks are in the order of audit.Checks.
var auditChecks = []auditCheck{
	{audit.Stock, stockLinesOf, finder((*db.Queries).AuditStock, stockFinding)},
	{audit.Negative, stockLinesOf, finder((*db.Queries).AuditNegative, negativeFinding)},
	{audit.Movements, ordersOf, finder((*db.Queries).AuditMovements, movementsFinding)},
	{audit.Orphans, movementsOf, finder((*db.Queries).AuditOrphans, orphanFinding)},
	{audit.Pending, ordersOf, finder((*db.Queries).AuditPending, pendingFinding)},
	{audit.Held, stockLinesOf, finder((*db.Queries).AuditHeld, heldFinding)},
	{audit.Reservations, reservationsOf, finder((*db.Queries).AuditReservations, reservationFinding)},
	{audit.Totals, ordersOf, finder((*db.Queries).AuditTotals, totalFinding)},
	{audit.Lines, ordersOf, finder((*db.Queries).AuditLines, linesFinding)},
	{audit.Events, ordersOf, finder((*db.Queries).AuditEvents, eventsFinding)},
	{audit.Keys, keysOf, finder((*db.Queries).AuditKeys, keyFinding)},
}

var auditNote = auditCheck{audit.HeldBeyond, stockLinesOf, finder((*db.Queries).AuditHeldBeyond, heldBeyondFinding)}

// Audit looks whether orders, stock, ledger and reservations agree. All of it is
// read in one snapshot, so that what others commit meanwhile is no finding. It
// locks nothing, and has no transaction id that a new replication slot would
// wait for.
func (d *DB) Audit(ctx context.Context) (audit.Report, error) {
	r, _, err := d.audit(ctx, func(*db.Queries) (bool, error) { return true, nil })
	return r, err
}

// TryAudit is Audit unless another TryAudit is under way on this database: then
// it reports false, and nothing was looked at.
func (d *DB) TryAudit(ctx context.Context) (audit.Report, bool, error) {
	return d.audit(ctx, func(q *db.Queries) (bool, error) { return q.TryAuditLock(ctx, auditLock) })
}

func (d *DB) audit(ctx context.Context, begin func(*db.Queries) (bool, error)) (r audit.Report, begun bool, err error) {
	snapshot := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err = pgx.BeginTxFunc(ctx, d.pool, snapshot, func(tx pgx.Tx) error {
		q := d.q.WithTx(tx)
		if begun, err = begin(q); err != nil || !begun {
			return err
		}
		r, err = auditAll(ctx, q)
		return err
	})
	return r, begun, translate(err, "audit")
}

// auditAll runs every check in the snapshot of q.
func auditAll(ctx context.Context, q *db.Queries) (audit.Report, error) {
	start := time.Now()
	if err := q.SetAuditMode(ctx); err != nil {
		return audit.Report{}, fmt.Errorf("prepare the session: %w", err)
	}
	counts, err := q.CountAudited(ctx)
	if err != nil {
		return audit.Report{}, fmt.Errorf("count what there is: %w", err)
	}
	r := audit.Report{At: counts.At}
	for _, c := range auditChecks {
		result, err := c.run(ctx, q, counts)
		if err != nil {
			return audit.Report{}, err
		}
		r.Results = append(r.Results, result)
	}
	note, err := auditNote.run(ctx, q, counts)
	r.Notes, r.Seconds = append(r.Notes, note), time.Since(start).Seconds()
	return r, err
}

func (c auditCheck) run(ctx context.Context, q *db.Queries, counts db.CountAuditedRow) (audit.Result, error) {
	start := time.Now()
	found, first, err := c.find(ctx, q)
	if err != nil {
		return audit.Result{}, fmt.Errorf("check %s: %w", c.check, err)
	}
	holds, of, _ := c.check.Rule()
	return audit.Result{Check: c.check, Holds: holds, Checked: c.of(counts), Of: of,
		Found: found, First: first, Seconds: time.Since(start).Seconds()}, nil
}
