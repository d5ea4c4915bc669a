//go:build integration

package stack

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// mustReachable is a folder that the service user can reach, which t.TempDir is not when we are root.
func mustReachable(tb testing.TB) string {
	tb.Helper()
	dir, err := os.MkdirTemp("", "aforro-stack-")
	if err != nil {
		tb.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			tb.Error(err)
		}
	})
	return dir
}

// mustSQL runs one statement through psql and returns what it answers.
func mustSQL(tb testing.TB, url, statement string) string {
	tb.Helper()
	out, err := exec.CommandContext(tb.Context(), "psql", "-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", statement, url).CombinedOutput()
	if err != nil {
		tb.Fatalf("%s: %v: %s", statement, err, out)
	}
	return strings.TrimSpace(string(out))
}

func mustStopAtEnd(tb testing.TB, s *Service) {
	tb.Cleanup(func() {
		if err := s.Kill(); err != nil {
			tb.Error(err)
		}
	})
}

func TestPostgresKeepsItsDataThroughAKill(t *testing.T) {
	t.Parallel()
	s, err := StartPostgres(t.Context(), ServiceOptions{Dir: filepath.Join(mustReachable(t), "pg")})
	if err != nil {
		t.Fatal(err)
	}
	mustStopAtEnd(t, s)
	if got := mustSQL(t, s.URL(), "SHOW wal_level"); got != "logical" {
		t.Errorf("wal_level is %s", got)
	}
	mustSQL(t, s.URL(), "CREATE TABLE kept AS SELECT 42 AS n")
	url, pid := s.URL(), s.Pid()
	if err := s.Kill(); err != nil || pid == 0 || s.Pid() != 0 {
		t.Fatalf("killed %d, now %d: %v", pid, s.Pid(), err)
	}
	if err := s.Start(t.Context()); err != nil || s.Pid() == pid || s.Pid() == 0 {
		t.Fatalf("started anew as %d: %v", s.Pid(), err)
	}
	if got := mustSQL(t, url, "SELECT n FROM kept"); got != "42" || s.URL() != url {
		t.Errorf("after the kill: %q at %s, want 42 at the same address", got, s.URL())
	}
	if err := s.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	mustSQL(t, url, "SELECT n FROM kept")
}

func TestPostgresWantsThePassword(t *testing.T) {
	t.Parallel()
	s, err := StartPostgres(t.Context(), ServiceOptions{Dir: mustReachable(t), Volatile: true})
	if err != nil {
		t.Fatal(err)
	}
	mustStopAtEnd(t, s)
	wrong := strings.Replace(s.URL(), s.inst.password, "wrong", 1)
	if out, err := exec.CommandContext(t.Context(), "psql", "-X", "-c", "SELECT 1", wrong).CombinedOutput(); err == nil {
		t.Errorf("a wrong password was let in: %s", out)
	}
}

func TestALeftoverIsStoppedByTheNextStart(t *testing.T) {
	t.Parallel()
	dir := mustReachable(t)
	killed, err := StartRedis(t.Context(), ServiceOptions{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	mustStopAtEnd(t, killed)
	leftover := killed.child.proc
	// As after a kill -9 of ourselves: nobody stops the child, its state file stays.
	var out strings.Builder
	next, err := StartRedis(t.Context(), ServiceOptions{Dir: dir, Out: &out})
	if err != nil {
		t.Fatal(err)
	}
	mustStopAtEnd(t, next)
	if leftover.alive() || next.Port() != killed.Port() || !strings.Contains(out.String(), "killed run") {
		t.Errorf("leftover alive: %t, ports %d and %d, said:\n%s", leftover.alive(), killed.Port(), next.Port(), out.String())
	}
}

func TestFailedTellsOfAnEndNobodyAskedFor(t *testing.T) {
	t.Parallel()
	s, err := StartRedis(t.Context(), ServiceOptions{Dir: mustReachable(t)})
	if err != nil {
		t.Fatal(err)
	}
	mustStopAtEnd(t, s)
	failed := s.Failed()
	if err := killTree(s.child.proc, nil); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-failed:
		if !errors.Is(err, ErrStopped) {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Error("nothing was reported")
	}
}

func TestAStoppedServiceLeavesNoProcess(t *testing.T) {
	t.Parallel()
	s, err := StartRedis(t.Context(), ServiceOptions{Dir: mustReachable(t)})
	if err != nil {
		t.Fatal(err)
	}
	running := s.child.proc
	if err := s.Stop(t.Context()); err != nil || running.alive() {
		t.Errorf("stop: %v, alive %t", err, running.alive())
	}
	if err := s.Stop(t.Context()); err != nil {
		t.Errorf("a second stop: %v", err)
	}
	if err := s.Pause(); err == nil {
		t.Error("a stopped service cannot be paused")
	}
}
