package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"aforro/pkg/postgres/db"
)

// planOnce is for statements that carry lists: of those the planner can learn
// nothing that changes the plan, so it plans once, and never for the small tables
// that it may find then.
const planOnce = "set_config('plan_cache_mode', 'force_generic_plan', true), set_config('enable_seqscan', 'off', true)"

// pipeline is a transaction whose beginning and first statements are one round
// trip: orders wait for orders, and each round trip that is saved shortens the
// time for which stock is locked.
type pipeline struct {
	// settings is a list of set_config calls, local to the transaction.
	settings string
	// first queues the first statements, and read takes their results, in order.
	first func(b *pgx.Batch)
	read  func(r pgx.BatchResults) error
	// then does the rest; it may be nil.
	then func(tx *pgxpool.Conn, q *db.Queries) error
}

// run commits when all of it returned nil, else rolls back. The error of the
// commit is the error of the call.
func (d *DB) run(ctx context.Context, p pipeline) error {
	conn, err := d.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	// A connection that is still in a transaction then is thrown away.
	defer conn.Release()
	if err = begin(ctx, conn, p); err == nil && p.then != nil {
		err = p.then(conn, db.New(conn))
	}
	if err != nil {
		return errors.Join(err, rollback(ctx, conn))
	}
	tag, err := conn.Exec(ctx, "COMMIT")
	if err == nil && tag.String() != "COMMIT" {
		err = pgx.ErrTxCommitRollback
	}
	return err
}

func begin(ctx context.Context, conn *pgxpool.Conn, p pipeline) error {
	var b pgx.Batch
	b.Queue("BEGIN")
	b.Queue("SELECT " + p.settings)
	p.first(&b)
	return together(ctx, conn, &b, func(r pgx.BatchResults) error {
		for range 2 {
			if _, err := r.Exec(); err != nil {
				return fmt.Errorf("begin: %w", err)
			}
		}
		return p.read(r)
	})
}

// together sends statements in one round trip and reads their results.
func together(ctx context.Context, conn *pgxpool.Conn, b *pgx.Batch, read func(r pgx.BatchResults) error) error {
	r := conn.SendBatch(ctx, b)
	if err := read(r); err != nil {
		// What follows a failed statement fails too, and says less.
		if closing := r.Close(); closing != nil && conn.Conn().IsClosed() {
			return errors.Join(err, closing)
		}
		return err
	}
	return r.Close()
}

// rollback ends the transaction also when nobody waits for it any more. A
// connection that cannot be used ends it by itself.
func rollback(ctx context.Context, conn *pgxpool.Conn) error {
	if conn.Conn().IsClosed() {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	_, err := conn.Exec(ctx, "ROLLBACK")
	if err != nil {
		return fmt.Errorf("roll back: %w", err)
	}
	return nil
}

// rowsOf reads one result of a pipeline.
func rowsOf[T any](r pgx.BatchResults) ([]T, error) {
	rows, err := r.Query()
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[T])
}
