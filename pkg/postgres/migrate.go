package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"aforro/migrations"
)

// A second process that migrates waits for the first: it asks for the advisory
// lock each second, for this many seconds at most.
const migrationLockSeconds = 300

// Migration is one step of the schema and whether this database has it.
type Migration struct {
	Version int64
	// File is the name of the step's file, such as "00001_catalogue.sql".
	File    string
	Applied bool
	// AppliedAt is zero when the step is not applied.
	AppliedAt time.Time
}

// Migrate brings the database of url to the newest schema: each step in its own
// transaction, all of them under a session advisory lock, so that processes
// that start together migrate once. On a current schema it does nothing.
func Migrate(ctx context.Context, url string) error {
	return withProvider(url, func(p *goose.Provider) error {
		_, err := p.Up(ctx)
		return translate(err, "migrate the schema up")
	})
}

// MigrateDown takes back every step above version, the newest first; version 0
// leaves no table of ours. What those tables hold is lost.
func MigrateDown(ctx context.Context, url string, version int64) error {
	return withProvider(url, func(p *goose.Provider) error {
		_, err := p.DownTo(ctx, version)
		return translate(err, fmt.Sprintf("migrate the schema down to version %d", version))
	})
}

// MigrationStatus lists every step known to this program, oldest first.
func MigrationStatus(ctx context.Context, url string) (steps []Migration, err error) {
	err = withProvider(url, func(p *goose.Provider) error {
		found, err := p.Status(ctx)
		for _, s := range found {
			steps = append(steps, Migration{
				Version:   s.Source.Version,
				File:      s.Source.Path,
				Applied:   s.State == goose.StateApplied,
				AppliedAt: s.AppliedAt,
			})
		}
		return translate(err, "read the state of the schema")
	})
	return steps, err
}

// Migrate is the function Migrate on this database.
func (d *DB) Migrate(ctx context.Context) error { return Migrate(ctx, d.url) }

// withProvider gives fn goose on a connection of its own and closes it after.
func withProvider(url string, fn func(*goose.Provider) error) (err error) {
	db, err := openSQL(url)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, migrationLockSeconds))
	if err != nil {
		return fmt.Errorf("prepare the migration lock: %w", err)
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, db, migrations.FS, goose.WithSessionLocker(locker))
	if err != nil {
		return fmt.Errorf("read the migrations: %w", err)
	}
	return fn(provider)
}

// openSQL opens url for database/sql, which goose wants. It understands the
// pool's parameters too, as Open does.
func openSQL(url string) (*sql.DB, error) {
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, errBadURL
	}
	cfg.ConnConfig.ConnectTimeout = connectTimeout
	return stdlib.OpenDB(*cfg.ConnConfig), nil
}

// errBadURL hides the driver's text, which may repeat a password.
var errBadURL = errors.New("read the PostgreSQL URL: it is not a valid connection string")
