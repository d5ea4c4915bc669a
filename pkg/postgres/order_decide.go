package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"aforro/pkg/crash"
	"aforro/pkg/order"
	"aforro/pkg/postgres/db"
)

// decideSettings: decisions wait for each other's stock for milliseconds; who
// holds a line for longer, such as an operator with an open transaction, is not
// waited for.
const decideSettings = "set_config('lock_timeout', '400ms', true), " + planOnce

// DecidePending decides those of the orders that are PENDING and that nobody
// else is deciding, and returns what was decided, by id: status, stock, ledger,
// event and confirmations are one transaction. Each is judged on its own, by id:
// what one takes, the next does not find. Deciding again, or at once from many
// places, decides once.
//
// held are orders that were left PENDING since somebody else holds a stock line
// of theirs. An error means that this call
// decided nothing, or, when a commit's answer was lost, that it is not known;
// calling again settles both.
func (d *DB) DecidePending(ctx context.Context, ids []int64) (decided []order.Decision, held []int64, err error) {
	decided, _, err = d.decideIn(ctx, ids, true)
	if lockTimedOut(err) {
		decided, held, err = d.decideIn(ctx, ids, false)
	}
	if err != nil {
		return nil, nil, tooSlow(err, translate(err, fmt.Sprintf("decide orders %v", someOf(ids))))
	}
	crash.At(crash.DecideCommitted)
	return decided, held, nil
}

// someOf keeps a message short.
func someOf(ids []int64) []int64 { return ids[:min(len(ids), 5)] }

// decideIn decides in one transaction of three round trips: lock, write, commit.
// A patient one waits for rows that others have locked, another one leaves the
// orders that want them.
func (d *DB) decideIn(ctx context.Context, ids []int64, patient bool) (decided []order.Decision, held []int64, err error) {
	var b decideBatch
	err = d.run(ctx, pipeline{settings: decideSettings,
		first: func(first *pgx.Batch) {
			first.Queue(db.LockPending, ids)
			if patient {
				first.Queue(db.LockReservations, ids)
				first.Queue(db.LockStock, ids)
			}
		},
		read: func(r pgx.BatchResults) error { return b.read(r, patient) },
		then: func(tx *pgxpool.Conn, q *db.Queries) (err error) {
			if !patient {
				err = b.lockFree(ctx, q)
			}
			if err != nil || len(b.cases) == 0 {
				return err
			}
			crash.At(crash.DecideLocked)
			decided, err = b.decide(ctx, tx, q)
			crash.At(crash.DecideWritten)
			return err
		},
	})
	return decided, b.left, err
}

// decideBatch is one transaction that decides several orders. Rows are locked
// in one order everywhere: orders, reservations, then stock by (store, product).
type decideBatch struct {
	cases []orderCase
	holds map[int64]hold
	stock map[stockKey]*stockLine
	// left are orders whose stock could not be locked.
	left []int64
	// verdicts are what was decided of each case.
	verdicts []order.Decision
	// moves are the parts of the ledger: store, product, delta, order.
	moves [][4]int64
	// consumed are the reservations that CONFIRMED orders used up.
	consumed []int64
}

// read takes what the first statements locked.
func (b *decideBatch) read(r pgx.BatchResults, patient bool) error {
	rows, err := rowsOf[db.LockPendingRow](r)
	if err != nil {
		return fmt.Errorf("lock the orders: %w", err)
	}
	b.cases = casesFrom(rows)
	if !patient {
		return nil
	}
	holds, err := rowsOf[db.LockReservationsRow](r)
	if err != nil {
		return fmt.Errorf("lock the reservations: %w", err)
	}
	b.holds = holdsFrom(holds)
	stock, err := rowsOf[db.Inventory](r)
	if err != nil {
		return fmt.Errorf("lock stock: %w", err)
	}
	b.stock = linesFrom(stock)
	return nil
}

// decide judges every case and writes what follows.
func (b *decideBatch) decide(ctx context.Context, tx *pgxpool.Conn, q *db.Queries) ([]order.Decision, error) {
	b.verdicts = make([]order.Decision, len(b.cases))
	for i := range b.cases {
		b.judge(i)
	}
	if err := b.nameElsewhere(ctx, q); err != nil {
		return nil, err
	}
	return b.verdicts, b.write(ctx, tx)
}

// judge decides one order against what the earlier ones left, and takes what it
// sold, and what it held, out of the stock.
func (b *decideBatch) judge(i int) {
	c := &b.cases[i]
	own, ok := b.holds[c.head.ReservationID]
	if !ok || own.store != c.head.StoreID {
		own = hold{}
	}
	status, reasons := order.Decide(c.demand, b.sellable(c, own))
	total, _ := order.Total(c.items)
	b.verdicts[i] = order.Decision{ID: c.head.ID, CreatedAt: c.head.CreatedAt, Status: status, Total: total, Reasons: reasons}
	if status != order.Confirmed {
		return
	}
	for _, line := range c.demand {
		b.stock[stockKey{c.head.StoreID, line.ProductID}].taken += line.Quantity
		b.moves = append(b.moves, [4]int64{c.head.StoreID, line.ProductID, -line.Quantity, c.head.ID})
	}
	if own.products == nil {
		return
	}
	for product, quantity := range own.products {
		if line := b.stock[stockKey{own.store, product}]; line != nil {
			line.freed += quantity
		}
	}
	b.consumed = append(b.consumed, c.head.ReservationID)
	delete(b.holds, c.head.ReservationID) // once
}

// sellable is what the order's store has of its products for it: all that is
// not held for others. A product that was deactivated since the order was saved
// counts as not carried.
func (b *decideBatch) sellable(c *orderCase, own hold) map[int64]int64 {
	have := make(map[int64]int64, len(c.demand))
	for _, want := range c.demand {
		line := b.stock[stockKey{c.head.StoreID, want.ProductID}]
		if line != nil && !c.inactive[want.ProductID] {
			have[want.ProductID] = line.available(own.products[want.ProductID])
		}
	}
	return have
}
