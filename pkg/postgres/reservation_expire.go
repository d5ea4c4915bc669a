package postgres

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"aforro/pkg/inventory"
	"aforro/pkg/postgres/db"
)

// expirePatience is how long the return of expired reservations waits for a
// stock line. Orders of a hot product hold it for milliseconds at a time; what
// is held longer, such as by an open transaction of an operator, must not keep
// the reservations of other products waiting.
const expirePatience = 250 * time.Millisecond

// ExpireReservations gives back what ACTIVE reservations hold whose time is
// over, by the database's clock, limit of them in one transaction, and says how
// many those were. Any number of workers may do so at once. Those whose stock
// somebody keeps locked are left for the next time.
func (d *DB) ExpireReservations(ctx context.Context, limit int) (ended int, err error) {
	var from expiredPage
	for {
		page, err := d.expire(ctx, from, limit, waitForLines)
		if lockTimedOut(err) {
			page, err = d.expire(ctx, from, limit, takeFreeLines)
		}
		ended += page.ended
		if err != nil || page.found < limit {
			return ended, translate(err, "return expired reservations")
		}
		from = page
	}
}

// expiredPage is a part of the list of expired reservations.
type expiredPage struct {
	found, ended int
	// The last one's place in the list.
	lastAt time.Time
	lastID int64
}

// lockLines locks what reservations hold and returns those of which it could
// lock all.
type lockLines func(ctx context.Context, q *db.Queries, ids []int64) ([]int64, error)

// expire ends the reservations of the next page in one transaction.
func (d *DB) expire(ctx context.Context, from expiredPage, limit int, lock lockLines) (page expiredPage, err error) {
	err = d.inTx(ctx, func(_ pgx.Tx, q *db.Queries) error {
		if err := q.SetLockTimeout(ctx, strconv.FormatInt(expirePatience.Milliseconds(), 10)); err != nil {
			return err
		}
		rows, err := q.LockExpired(ctx, db.LockExpiredParams{AfterAt: from.lastAt, AfterID: from.lastID, Most: int32(limit)})
		if err != nil || len(rows) == 0 {
			return err
		}
		ids := make([]int64, len(rows))
		for i, r := range rows {
			ids[i], page.lastAt, page.lastID = r.ID, r.ExpiresAt, r.ID
		}
		page.found = len(rows)
		if ids, err = lock(ctx, q, ids); err != nil {
			return fmt.Errorf("lock stock lines: %w", err)
		}
		ended, err := q.EndReservations(ctx, db.EndReservationsParams{Ids: ids, Status: string(inventory.Expired)})
		page.ended = int(ended)
		return err
	})
	if err != nil {
		return expiredPage{}, err
	}
	return page, nil
}

// waitForLines waits for each line, for a while.
func waitForLines(ctx context.Context, q *db.Queries, ids []int64) ([]int64, error) {
	return ids, q.LockHeldLines(ctx, ids)
}

// takeFreeLines leaves out the reservations that hold a line which somebody
// else has locked.
func takeFreeLines(ctx context.Context, q *db.Queries, ids []int64) ([]int64, error) {
	lines, err := q.LockFreeLines(ctx, ids)
	if err != nil {
		return nil, err
	}
	p := db.ListFreeParams{Ids: ids, StoreIds: make([]int64, len(lines)), ProductIds: make([]int64, len(lines))}
	for i, l := range lines {
		p.StoreIds[i], p.ProductIds[i] = l.StoreID, l.ProductID
	}
	return q.ListFree(ctx, p)
}
