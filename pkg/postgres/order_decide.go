package postgres

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"aforro/pkg/crash"
	"aforro/pkg/order"
	"aforro/pkg/postgres/db"
)

// decideOptions begins the transaction of a decision, whose commit waits for the
// disk. Decisions wait for each other's stock for milliseconds; who holds a line
// for longer, such as an operator with an open transaction, is not waited for.
var decideOptions = pgx.TxOptions{BeginQuery: "BEGIN; SET LOCAL lock_timeout = '400ms'; " + planOnce}

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
	decided, _, err = d.decideIn(ctx, ids, patient{})
	if lockTimedOut(err) {
		decided, held, err = d.decideIn(ctx, ids, impatient{})
	}
	if err != nil {
		return nil, nil, tooSlow(err, translate(err, fmt.Sprintf("decide orders %v", someOf(ids))))
	}
	crash.At(crash.DecideCommitted)
	return decided, held, nil
}

// someOf keeps a message short.
func someOf(ids []int64) []int64 { return ids[:min(len(ids), 5)] }

func (d *DB) decideIn(ctx context.Context, ids []int64, lock locker) (decided []order.Decision, held []int64, err error) {
	err = pgx.BeginTxFunc(ctx, d.pool, decideOptions, func(tx pgx.Tx) error {
		b := decideBatch{q: d.q.WithTx(tx)}
		if err := b.load(ctx, ids, lock); err != nil || len(b.cases) == 0 {
			held = b.left
			return err
		}
		held = b.left
		crash.At(crash.DecideLocked)
		decided, err = b.decide(ctx)
		crash.At(crash.DecideWritten)
		return err
	})
	return decided, held, err
}

// decideBatch is one transaction that decides several orders. Rows are locked
// in one order everywhere: orders, reservations, then stock by (store, product).
type decideBatch struct {
	q     *db.Queries
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

// load locks the orders, what they may consume, and the stock of both.
func (b *decideBatch) load(ctx context.Context, ids []int64, lock locker) error {
	rows, err := b.q.LockPending(ctx, ids)
	if err != nil {
		return fmt.Errorf("lock the orders: %w", err)
	}
	if b.cases = casesFrom(rows); len(b.cases) == 0 {
		return nil
	}
	if err := b.loadHolds(ctx, lock); err != nil {
		return err
	}
	var left []int64
	b.stock, b.cases, left, err = lock.stock(ctx, b.q, b.cases, b.holds)
	b.left = append(b.left, left...)
	return err
}

// loadHolds locks what the orders may consume, and leaves the orders whose
// reservation cannot be locked.
func (b *decideBatch) loadHolds(ctx context.Context, lock locker) error {
	var ids []int64
	for _, c := range b.cases {
		if c.head.ReservationID != 0 {
			ids = append(ids, c.head.ReservationID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	rows, busy, err := lock.holds(ctx, b.q, ids)
	if err != nil {
		return fmt.Errorf("lock the reservations: %w", err)
	}
	b.holds = holdsFrom(rows)
	b.cases = slices.DeleteFunc(b.cases, func(c orderCase) bool {
		if busy[c.head.ReservationID] {
			b.left = append(b.left, c.head.ID)
		}
		return busy[c.head.ReservationID]
	})
	return nil
}

// decide judges every case and writes what follows.
func (b *decideBatch) decide(ctx context.Context) ([]order.Decision, error) {
	b.verdicts = make([]order.Decision, len(b.cases))
	for i := range b.cases {
		b.judge(i)
	}
	if err := b.nameElsewhere(ctx); err != nil {
		return nil, err
	}
	return b.verdicts, b.write(ctx)
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
