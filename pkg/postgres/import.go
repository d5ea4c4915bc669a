package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"aforro/pkg/importer"
)

const (
	// importLock is the advisory lock of imports: one at a time, so that two never
	// wait for each other's rows. The second waits for the first.
	importLock = 0x61666f72726f // "aforro"
	// importAttempts is how often a chunk is tried that lost a deadlock.
	importAttempts = 5
	// closeTime bounds the good-bye to the server.
	closeTime = 5 * time.Second
)

// withImport lends fn a connection of its own with the staging tables of setup.
// They are temporary, so that COPY into them writes no WAL, and go with the
// connection, as the lock does.
func (d *DB) withImport(ctx context.Context, setup string, fn func(*pgx.Conn) error) error {
	pooled, err := d.pool.Acquire(ctx)
	if err != nil {
		return translate(err, "connect for an import")
	}
	conn := pooled.Hijack()
	defer leaveImport(ctx, conn)
	if _, err := conn.Exec(ctx, "SET statement_timeout = 0"); err != nil {
		return translate(err, "prepare an import")
	}
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock($1)", importLock); err != nil {
		return translate(err, "wait for another import")
	}
	if _, err := conn.Exec(ctx, setup); err != nil {
		return translate(err, "make the staging tables")
	}
	return fn(conn)
}

// leaveImport ends the connection also when ctx has ended.
func leaveImport(ctx context.Context, conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTime)
	defer cancel()
	if err := conn.Close(ctx); err != nil {
		slog.WarnContext(ctx, "close a PostgreSQL connection", "error", err)
	}
}

// landRows writes rows in one transaction. When the server refuses the data,
// it halves them until the guilty row stands alone, and refuses that one.
func landRows[T any](ctx context.Context, conn *pgx.Conn, rows []T,
	write func(context.Context, pgx.Tx, []T) (importer.Outcome, error), refuse func(T) importer.Refusal) (importer.Outcome, error) {
	o, err := inImportTx(ctx, conn, func(tx pgx.Tx) (importer.Outcome, error) { return write(ctx, tx, rows) })
	switch {
	case !badData(err):
		return o, translate(err, "import a chunk")
	case len(rows) == 1:
		return importer.Outcome{Refused: []importer.Refusal{refuse(rows[0])}}, nil
	}
	half := len(rows) / 2
	if o, err = landRows(ctx, conn, rows[:half], write, refuse); err != nil {
		return o, err
	}
	rest, err := landRows(ctx, conn, rows[half:], write, refuse)
	return joined(o, rest), err
}

func joined(a, b importer.Outcome) importer.Outcome {
	return importer.Outcome{
		New: a.New + b.New, Changed: a.Changed + b.Changed, Same: a.Same + b.Same, Replaced: a.Replaced + b.Replaced,
		Refused: append(a.Refused, b.Refused...),
	}
}

// inImportTx runs fn in one transaction, again when it lost a deadlock.
func inImportTx(ctx context.Context, conn *pgx.Conn, fn func(pgx.Tx) (importer.Outcome, error)) (o importer.Outcome, err error) {
	for range importAttempts {
		err = pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) (err error) {
			o, err = fn(tx)
			return err
		})
		var pgErr *pgconn.PgError
		if !errors.As(err, &pgErr) || pgErr.Code != "40P01" && pgErr.Code != "40001" {
			break
		}
	}
	if err != nil {
		return importer.Outcome{}, err
	}
	return o, nil
}

// badData reports whether the server took offence at what was sent: class 22
// (data exception), 23 (a constraint) or 54 (beyond a limit).
func badData(err error) bool {
	var pgErr *pgconn.PgError
	return errors.As(err, &pgErr) && (pgErr.Code[:2] == "22" || pgErr.Code[:2] == "23" || pgErr.Code[:2] == "54")
}

func refusedByDatabase(line int64, row string) importer.Refusal {
	return importer.Refusal{Line: line, Reason: "the database does not accept this row", Row: row}
}

// raiseSequence moves the sequence behind table.id to id, never backwards.
func raiseSequence(ctx context.Context, tx pgx.Tx, table string, id int64) error {
	sequence := pgx.Identifier{table + "_id_seq"}
	_, err := tx.Exec(ctx, fmt.Sprintf(
		"SELECT setval('%[1]s', $1::bigint) FROM %[1]s WHERE last_value < $1::bigint", sequence.Sanitize()), id)
	return err
}
