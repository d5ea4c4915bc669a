//go:build integration

package postgres_test

import (
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"aforro/pkg/fault"
	"aforro/pkg/postgres"
	"aforro/pkg/testkit"
)

// mustColumn reads one column of text.
func mustColumn(t *testing.T, conn *pgx.Conn, sql string) []string {
	t.Helper()
	rows, err := conn.Query(t.Context(), sql)
	if err != nil {
		t.Fatal(err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return list
}

const listRelations = `SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname NOT LIKE 'goose%' ORDER BY 1`

// mustApplied counts the steps that are applied.
func mustApplied(t *testing.T, url string) (applied, all int) {
	t.Helper()
	steps, err := postgres.MigrationStatus(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range steps {
		if s.Applied != !s.AppliedAt.IsZero() {
			t.Errorf("step %+v", s)
		}
		if s.Applied {
			applied++
		}
	}
	return applied, len(steps)
}

func TestMigrationsGoUpDownAndUp(t *testing.T) {
	t.Parallel()
	url := testkit.Postgres(t)
	conn := testkit.Conn(t, url)
	before := mustColumn(t, conn, listRelations)
	if err := postgres.MigrateDown(t.Context(), url, 0); err != nil {
		t.Fatal(err)
	}
	if left := mustColumn(t, conn, listRelations); len(left) != 0 {
		t.Errorf("left after going down: %v", left)
	}
	if left := mustColumn(t, conn, `SELECT proname::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace`); len(left) != 0 {
		t.Errorf("functions left after going down: %v", left)
	}
	if applied, all := mustApplied(t, url); applied != 0 || all == 0 {
		t.Errorf("%d of %d steps are applied", applied, all)
	}
	if err := testkit.Open(t, url).Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if after := mustColumn(t, conn, listRelations); !slices.Equal(after, before) {
		t.Errorf("up again gives %v, want %v", after, before)
	}
	if applied, all := mustApplied(t, url); applied != all {
		t.Errorf("%d of %d steps are applied", applied, all)
	}
}

// envMigrate makes this test program migrate the database of that URL and end.
const envMigrate = "AFORRO_TEST_MIGRATE_URL"

func TestProcessesThatMigrateTogetherMigrateOnce(t *testing.T) {
	t.Parallel()
	if url := os.Getenv(envMigrate); url != "" {
		if err := postgres.Migrate(t.Context(), url); err != nil {
			t.Fatal(err)
		}
		return
	}
	url := testkit.Postgres(t)
	if err := postgres.MigrateDown(t.Context(), url, 0); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error)
	for range 3 {
		child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
		child.Env = append(os.Environ(), envMigrate+"="+url)
		go func() {
			out, err := child.CombinedOutput()
			if err != nil {
				err = errors.Join(err, errors.New(string(out)))
			}
			ended <- err
		}()
	}
	for range 3 {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	if applied, all := mustApplied(t, url); applied != all {
		t.Errorf("%d of %d steps are applied", applied, all)
	}
}

func TestBadURLIsNotRepeated(t *testing.T) {
	t.Parallel()
	err := postgres.Migrate(t.Context(), "postgres://me:secret@host:port/x")
	if err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("the error is %v", err)
	}
}

func TestPublicationNamesWhatDocumentsAreMadeOf(t *testing.T) {
	t.Parallel()
	conn := testkit.Conn(t, testkit.Postgres(t))
	got := mustColumn(t, conn, `SELECT tablename::text FROM pg_publication_tables WHERE pubname = 'aforro' ORDER BY 1`)
	if want := []string{"categories", "inventory", "products", "stores"}; !slices.Equal(got, want) {
		t.Errorf("the publication has %v, want %v", got, want)
	}
	truncates := mustColumn(t, conn, `SELECT pubtruncate::text FROM pg_publication WHERE pubname = 'aforro' AND pubinsert AND pubupdate AND pubdelete`)
	if !slices.Equal(truncates, []string{"true"}) {
		t.Error("the publication leaves out a kind of change")
	}
}

func TestReadyWantsTheSchema(t *testing.T) {
	t.Parallel()
	url := testkit.Postgres(t)
	if err := testkit.Open(t, url).Ready(t.Context()); err != nil {
		t.Errorf("a current schema is not ready: %v", err)
	}
	if err := postgres.MigrateDown(t.Context(), url, 0); err != nil {
		t.Fatal(err)
	}
	err := testkit.Open(t, url).Ready(t.Context())
	if !fault.Is(err, fault.Unavailable) || !strings.Contains(fault.MessageOf(err), "aforro migrate") {
		t.Errorf("an empty schema says %v", err)
	}
}
