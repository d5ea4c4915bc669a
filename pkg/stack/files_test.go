package stack

import (
	"os"
	"path/filepath"
	"testing"
)

func mustWrite(tb testing.TB, path, content string) {
	tb.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		tb.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		tb.Fatal(err)
	}
}

func mustRead(tb testing.TB, path string) string {
	tb.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	return string(content)
}

func TestSecretsAreMadeOnceAndClosed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, err := LoadSecrets(dir)
	if err != nil {
		t.Fatal(err)
	}
	again, err := LoadSecrets(dir)
	if err != nil || again != first {
		t.Fatalf("second look: %v, err %v; want what the first one made", again, err)
	}
	if len(first.StaffKey) < 16 || len(first.TokenSecret) < 32 {
		t.Errorf("secrets are too short: %d and %d", len(first.StaffKey), len(first.TokenSecret))
	}
	info, err := os.Stat(filepath.Join(dir, secretsFile))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, err %v; want 0600", info.Mode().Perm(), err)
	}
}

func TestPasswordIsKept(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), passwordFile)
	first, err := loadPassword(path)
	if err != nil || first == "" {
		t.Fatalf("password %q, err %v", first, err)
	}
	if again, err := loadPassword(path); err != nil || again != first {
		t.Errorf("second look: %q, err %v; want %q", again, err, first)
	}
}

func TestBrokenStateIsAnErrorNotAStranger(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	mustWrite(t, filepath.Join(dir, stateFile), "{broken")
	if _, err := stopLeftover(t.Context(), dir, redisTraits); err == nil {
		t.Error("a broken state file was taken for an empty one")
	}
}

func TestDeleteDataKeepsWhatIsNotOurs(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	mustWrite(t, filepath.Join(dir, postgresName, "data", "PG_VERSION"), "15")
	mustWrite(t, filepath.Join(dir, "letters.txt"), "dear")
	if err := deleteData(dir); err != nil {
		t.Fatal(err)
	}
	if exists(dir, postgresName) || !exists(dir, "letters.txt") {
		t.Error("want our folder gone and the stranger's file there")
	}
}

func TestProjectRoot(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	mustWrite(t, filepath.Join(dir, "ours", "go.mod"), "module aforro\n\ngo 1.26\n")
	mustWrite(t, filepath.Join(dir, "theirs", "go.mod"), "module aforrotools\n")
	for _, c := range []struct {
		from, root string
		found      bool
	}{
		{"ours", "ours", true}, {"ours/pkg/deep", "ours", true}, {"theirs", "", false},
	} {
		root, found := projectRoot(filepath.Join(dir, c.from))
		if found != c.found || found && root != filepath.Join(dir, c.root) {
			t.Errorf("from %s: %q, %t", c.from, root, found)
		}
	}
}
