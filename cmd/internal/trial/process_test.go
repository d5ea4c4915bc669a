package trial

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// mustProcess is a shell script as a process.
func mustProcess(t *testing.T, script string) (*Process, *Findings) {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "script")
	if err := os.WriteFile(path, []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	found := &Findings{}
	p := &Process{Name: "it", Args: []string{path}, Binary: "/bin/sh", Log: filepath.Join(dir, "log"), Found: found}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	return p, found
}

func (p *Process) ended() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.done
}

func TestAnEndThatNobodyAskedForIsFound(t *testing.T) {
	t.Parallel()
	p, found := mustProcess(t, "exit 0")
	<-p.ended()
	if n := found.Of(FoundProcess).Count; n != 1 {
		t.Errorf("%d findings", n)
	}
	if err := p.Start(); err != nil {
		t.Errorf("a second start: %v", err)
	}
	<-p.ended()
}

func TestEnds(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		script string
		signal syscall.Signal
		found  int
	}{
		"a clean stop":        {"trap 'kill $!; exit 0' TERM; echo ready; sleep 60 & wait", syscall.SIGTERM, 0},
		"a stop that was not": {"trap 'kill $!; exit 3' TERM; echo ready; sleep 60 & wait", syscall.SIGTERM, 1},
		"a kill":              {"echo ready; exec sleep 60", syscall.SIGKILL, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, found := mustProcess(t, c.script)
			for Tail(p.Log) != "ready\n" {
				if err := t.Context().Err(); err != nil {
					t.Fatal(err)
				}
			}
			if err := p.End(c.signal); err != nil {
				t.Error(err)
			}
			if got := found.Of(FoundProcess); got.Count != c.found {
				t.Errorf("found %v", got.Examples)
			}
			if err := p.End(c.signal); err != nil {
				t.Errorf("a second end: %v", err)
			}
		})
	}
}
