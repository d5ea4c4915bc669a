package postgres

import (
	"context"
	"errors"
	"io/fs"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"aforro/migrations"
	"aforro/pkg/fault"
)

// undefinedTable is the SQLSTATE of a table that is not there.
const undefinedTable = "42P01"

// Ready reports nil when PostgreSQL answers and its schema is as new as this
// program's, else what is waited for, in words for an operator.
func (d *DB) Ready(ctx context.Context) error {
	if err := d.Ping(ctx); err != nil {
		return fault.Wrap(err, fault.Unavailable, "PostgreSQL does not answer")
	}
	if d.current.Load() {
		return nil
	}
	wanted, err := newestStep()
	if err != nil {
		return err
	}
	have, err := d.schemaStep(ctx)
	switch {
	case err != nil:
		return translate(err, "read the state of the schema")
	case have < wanted:
		return fault.New(fault.Unavailable, "the schema is at step %d of %d: run 'aforro migrate'", have, wanted)
	}
	d.current.Store(true)
	return nil
}

// schemaStep is the newest step that the database has; 0 for an empty one.
func (d *DB) schemaStep(ctx context.Context) (step int64, err error) {
	err = d.pool.QueryRow(ctx, "SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied").Scan(&step)
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) && pgErr.Code == undefinedTable {
		return 0, nil
	}
	return step, err
}

// newestStep is the number of the last migration that this program carries.
func newestStep() (newest int64, err error) {
	files, err := fs.Glob(migrations.FS, "*.sql")
	for _, name := range files {
		digits, _, _ := strings.Cut(name, "_")
		step, err := strconv.ParseInt(digits, 10, 64)
		if err != nil {
			return 0, err
		}
		newest = max(newest, step)
	}
	return newest, err
}
