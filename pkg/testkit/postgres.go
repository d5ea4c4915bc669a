package testkit

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/url"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"aforro/migrations"
	"aforro/pkg/postgres"
)

// cleanupTime bounds what a test's end may take.
const cleanupTime = 30 * time.Second

// DB returns a migrated, empty database of the test's own, closed and dropped
// at its end.
func DB(tb testing.TB) *postgres.DB {
	tb.Helper()
	return Open(tb, Postgres(tb))
}

// Open opens a database for the time of a test.
func Open(tb testing.TB, dbURL string) *postgres.DB {
	tb.Helper()
	d, err := postgres.Open(tb.Context(), dbURL, postgres.Options{ApplicationName: "aforro-test"})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(d.Close)
	return d
}

// Postgres returns the URL of a migrated, empty database of the test's own. It
// is dropped at the test's end with its replication slots.
func Postgres(tb testing.TB) string {
	tb.Helper()
	server := mustEnv(tb, EnvPostgres)
	template := mustTemplate(tb, server)
	name := Unique(tb)
	exec(tb, tb.Context(), server, "CREATE DATABASE "+name+" TEMPLATE "+template)
	tb.Cleanup(func() { dropDatabase(tb, server, name) })
	return withDatabase(tb, server, name)
}

// Conn opens a plain connection for a test to look and to meddle with.
func Conn(tb testing.TB, dbURL string) *pgx.Conn {
	tb.Helper()
	conn, err := pgx.Connect(tb.Context(), dbURL)
	if err != nil {
		tb.Fatalf("connect to PostgreSQL: %v", err)
	}
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), cleanupTime)
		defer cancel()
		if err := conn.Close(ctx); err != nil {
			tb.Logf("close a connection: %v", err)
		}
	})
	return conn
}

// mustTemplate migrates the template database once for each state of the
// migrations; tests in other processes wait for it on an advisory lock.
func mustTemplate(tb testing.TB, server string) string {
	tb.Helper()
	name := "aforro_template_" + migrationsHash(tb)
	conn := Conn(tb, server)
	ctx := tb.Context()
	must := func(sql string, args ...any) {
		if _, err := conn.Exec(ctx, sql, args...); err != nil {
			tb.Fatalf("%s: %v", sql, err)
		}
	}
	must("SELECT pg_advisory_lock(hashtext($1))", name)
	defer must("SELECT pg_advisory_unlock(hashtext($1))", name)
	var ready bool
	if err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1 AND datistemplate)", name).Scan(&ready); err != nil {
		tb.Fatal(err)
	}
	if !ready {
		must("DROP DATABASE IF EXISTS " + name)
		must("CREATE DATABASE " + name)
		if err := postgres.Migrate(ctx, withDatabase(tb, server, name)); err != nil {
			tb.Fatalf("migrate the template: %v", err)
		}
		must("ALTER DATABASE " + name + " IS_TEMPLATE true")
	}
	return name
}

func migrationsHash(tb testing.TB) string {
	tb.Helper()
	h := sha256.New()
	err := fs.WalkDir(migrations.FS, ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		body, err := migrations.FS.ReadFile(path)
		if err == nil {
			_, err = fmt.Fprintf(h, "%s\n%s\n", path, body)
		}
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
	return hex.EncodeToString(h.Sum(nil))[:12]
}

func withDatabase(tb testing.TB, server, name string) string {
	tb.Helper()
	u, err := url.Parse(server)
	if err != nil {
		tb.Fatalf("%s is not a URL: %v", EnvPostgres, err)
	}
	u.Path = "/" + name
	return u.String()
}

func exec(tb testing.TB, ctx context.Context, dbURL, sql string) {
	tb.Helper()
	conn, err := pgx.Connect(ctx, dbURL)
	if err != nil {
		tb.Fatalf("connect to PostgreSQL: %v", err)
	}
	if _, err := conn.Exec(ctx, sql); err != nil {
		tb.Errorf("%s: %v", sql, err)
	}
	if err := conn.Close(ctx); err != nil {
		tb.Logf("close a connection: %v", err)
	}
}

// dropDatabase ends whoever still uses the database, a walsender included,
// since a slot in use cannot be dropped and a database with slots neither.
func dropDatabase(tb testing.TB, server, name string) {
	ctx, cancel := context.WithTimeout(context.Background(), cleanupTime)
	defer cancel()
	exec(tb, ctx, server, fmt.Sprintf(`DO $$
		BEGIN
			FOR attempt IN 1..100 LOOP
				PERFORM pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE database = '%[1]s' AND active;
				PERFORM pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = '%[1]s' AND NOT active;
				EXIT WHEN NOT EXISTS (SELECT FROM pg_replication_slots WHERE database = '%[1]s');
				PERFORM pg_sleep(0.05);
			END LOOP;
		END $$`, name))
	exec(tb, ctx, server, "DROP DATABASE "+name+" WITH (FORCE)")
}
