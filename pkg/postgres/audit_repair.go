package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"aforro/pkg/audit"
	"aforro/pkg/fault"
	"aforro/pkg/postgres/db"
)

// repairLock is the advisory lock of repairs: the second waits for the first.
const repairLock = 0x61666f727262 // "aforrb"

// RepairAudited puts right what an audit finds and what can be derived, and
// says what it did. What cannot be derived is left as it is: audit.Check.Rule
// says what is which. Orders may be placed and decided meanwhile.
//
// A stock line that differs from its movements keeps its quantity, and the
// ledger gets a movement with the reason "repair". The quantity is what all has
// been sold against since, and what a count of the shelf would have set; the
// ledger tells how it came about, and somebody who went past its trigger left
// out a part. When exactly that part is missing which orders say they took, it
// is written as theirs.
//
// A row that somebody holds for 10 s ends the repair with fault.Unavailable, and
// nothing is repaired.
func (d *DB) RepairAudited(ctx context.Context) ([]audit.Repair, error) {
	var done []audit.Repair
	var overdue []int64
	err := d.inTx(ctx, func(_ pgx.Tx, q *db.Queries) error {
		var r repair
		if err := r.run(ctx, q); err != nil {
			return err
		}
		done, overdue = r.done, r.found.undecided()
		return nil
	})
	if err != nil {
		return nil, translate(err, "repair")
	}
	decided, err := d.decideOverdue(ctx, overdue)
	return append(done, decided...), err
}

// decideAtOnce is how many overdue orders are decided in one transaction.
const decideAtOnce = 100

// decideOverdue decides orders that nobody decided. Those that cannot be decided
// together are tried each on its own, so that one that fails keeps none from its
// turn. The error is about all that stay PENDING.
func (d *DB) decideOverdue(ctx context.Context, ids []int64) (done []audit.Repair, err error) {
	var failed []error
	for chunk := range slices.Chunk(ids, decideAtOnce) {
		decided, held, err := d.DecidePending(ctx, chunk)
		if err != nil && len(chunk) > 1 {
			for _, id := range chunk {
				one, err := d.decideOverdue(ctx, []int64{id})
				done, failed = append(done, one...), append(failed, err)
			}
			continue
		}
		failed = append(failed, err)
		for _, o := range decided {
			done = append(done, audit.Repair{Check: audit.Pending, Text: fmt.Sprintf("order %d is decided: %s", o.ID, o.Status)})
		}
		for _, id := range held {
			failed = append(failed, fault.New(fault.Unavailable, "order %d is not decided: somebody holds its stock", id))
		}
	}
	return done, errors.Join(failed...)
}

// repair is one repair under way, in one transaction. A finding is a difference
// that no right transaction changes, so what was found stays true until the
// locks are taken; each statement looks again all the same.
type repair struct {
	found findings
	done  []audit.Repair
}

func (r *repair) say(check audit.Check, format string, args ...any) {
	r.done = append(r.done, audit.Repair{Check: check, Text: fmt.Sprintf(format, args...)})
}

// run locks orders, then reservations, then stock lines, as everybody does.
func (r *repair) run(ctx context.Context, q *db.Queries) error {
	if err := errors.Join(q.SetAuditMode(ctx), q.SetRepairPatience(ctx)); err != nil {
		return fmt.Errorf("prepare the session: %w", err)
	}
	if err := q.WaitForRepairLock(ctx, repairLock); err != nil {
		return fmt.Errorf("wait for another repair: %w", err)
	}
	if err := r.found.read(ctx, q); err != nil {
		return err
	}
	for _, step := range []func(context.Context, *db.Queries) error{r.orders, r.reservations, r.lines} {
		if err := step(ctx, q); err != nil {
			return err
		}
	}
	return nil
}

func (r *repair) orders(ctx context.Context, q *db.Queries) error {
	totals, events := r.found.wrongTotals(), r.found.untold()
	if err := q.LockRepairOrders(ctx, append(append(r.found.lostOrders(), totals...), events...)); err != nil {
		return fmt.Errorf("lock orders: %w", err)
	}
	summed, err := q.RepairTotals(ctx, totals)
	if err != nil {
		return fmt.Errorf("sum totals: %w", err)
	}
	for _, o := range summed {
		r.say(audit.Totals, "order %d: the total is %s", o.ID, o.Total)
	}
	told, err := q.RepairEvents(ctx, events)
	if err != nil {
		return fmt.Errorf("tell decisions: %w", err)
	}
	for _, e := range told {
		r.say(audit.Events, "order %d: the decision %s is told", e.OrderID, e.Status)
	}
	return nil
}

func (r *repair) reservations(ctx context.Context, q *db.Queries) error {
	var ids []int64
	for _, f := range r.found.reservations {
		ids = append(ids, f.ID)
	}
	if err := q.LockRepairReservations(ctx, ids); err != nil {
		return fmt.Errorf("lock reservations: %w", err)
	}
	expired, err := q.RepairReservations(ctx, ids)
	if err != nil {
		return fmt.Errorf("expire reservations: %w", err)
	}
	for _, id := range expired {
		r.say(audit.Reservations, "reservation %d is expired", id)
	}
	// What they held is found now too.
	if r.found.held, err = q.AuditHeld(ctx, everything); err != nil {
		return fmt.Errorf("check what is held: %w", err)
	}
	return nil
}

func (r *repair) lines(ctx context.Context, q *db.Queries) error {
	held, lost, unbalanced := r.found.wrongHeld(), r.found.lost(), r.found.unbalanced()
	all := append(append(held, lost.lines()...), unbalanced...)
	if err := q.LockRepairLines(ctx, db.LockRepairLinesParams(columns(all))); err != nil {
		return fmt.Errorf("lock stock lines: %w", err)
	}
	counted, err := q.RepairHeld(ctx, db.RepairHeldParams(columns(held)))
	if err != nil {
		return fmt.Errorf("count what is held: %w", err)
	}
	for _, l := range counted {
		r.say(audit.Held, "product %d in store %d: held is %d", l.ProductID, l.StoreID, l.Held)
	}
	written, err := q.RepairMovements(ctx, lost.params())
	if err != nil {
		return fmt.Errorf("write movements again: %w", err)
	}
	for _, m := range written {
		r.say(audit.Movements, "product %d in store %d: the movement %+d of order %s (%s) is written again", m.ProductID, m.StoreID, m.Delta, m.Reference, m.Reason)
	}
	balanced, err := q.RepairStock(ctx, db.RepairStockParams(columns(unbalanced)))
	if err != nil {
		return fmt.Errorf("balance the ledger: %w", err)
	}
	for _, m := range balanced {
		r.say(audit.Stock, "product %d in store %d: a movement %+d balances the ledger", m.ProductID, m.StoreID, m.Delta)
	}
	return nil
}
