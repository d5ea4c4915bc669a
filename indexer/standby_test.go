//go:build integration

package indexer_test

import (
	"os"
	"path/filepath"
	"testing"

	"aforro/pkg/postgres"
	"aforro/pkg/stack"
	"aforro/pkg/testkit"
)

// serviceDir is a folder for services of the test's own: their user must reach
// it, which it does not under t.TempDir.
func serviceDir(tb testing.TB) string {
	tb.Helper()
	dir, err := os.MkdirTemp("", "aforro-indexer-")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			tb.Error(err)
		}
	})
	if err := os.Chmod(dir, 0o755); err != nil {
		tb.Fatal(err)
	}
	return dir
}

// ownPostgres is a server of the test's own.
func ownPostgres(tb testing.TB) (url string) {
	tb.Helper()
	dir := serviceDir(tb)
	service, err := stack.StartPostgres(tb.Context(), stack.ServiceOptions{Dir: filepath.Join(dir, "postgres"), Out: tb.Output()})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := service.Kill(); err != nil {
			tb.Error(err)
		}
	})
	if err := postgres.Migrate(tb.Context(), service.URL()); err != nil {
		tb.Fatal(err)
	}
	return service.URL()
}

// Trap 1 with nothing in between: a synchronous standby that never answers
// holds the commit between its flush (it is streamed) and its visibility.
func TestCommitHeldByAStandby(t *testing.T) {
	t.Parallel()
	s := newShopAt(t, ownPostgres(t)).stock(10)
	s.started()
	admin := testkit.Conn(t, s.url)
	must := func(sql string) {
		t.Helper()
		if _, err := admin.Exec(t.Context(), sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	must("SET synchronous_commit = local")
	must("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
	must("SELECT pg_reload_conf()")
	done := make(chan error, 1)
	testkit.Eventually(t, patience, "the setting is in force", func() bool {
		var name string
		err := testkit.Conn(t, s.url).QueryRow(t.Context(), "SHOW synchronous_standby_names").Scan(&name)
		return err == nil && name == "nobody"
	})
	go func() {
		_, err := s.conn.Exec(t.Context(), "UPDATE products SET title = 'Held' WHERE id = 1")
		done <- err
	}()
	testkit.Eventually(t, patience, "the commit is streamed before it is visible", func() bool { return s.metric("aforro_indexer_invisible_total") > 3 })
	var title string
	if err := admin.QueryRow(t.Context(), "SELECT title FROM products WHERE id = 1").Scan(&title); err != nil || title == "Held" {
		t.Errorf("the database says %q, %v", title, err)
	}
	if d, _ := s.stored(1); string(d.Source) != s.project(1) {
		t.Errorf("the index says %s", d.Source)
	}
	must("ALTER SYSTEM RESET synchronous_standby_names")
	must("SELECT pg_reload_conf()")
	if err := <-done; err != nil {
		t.Error(err)
	}
	s.arrives(1)
	s.mustEqual()
}
