package stack

import (
	"context"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"testing"
	"time"
)

func TestParseStat(t *testing.T) {
	t.Parallel()
	rest := " 1 7 7 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 991122 0 0"
	for _, c := range []struct {
		name, line string
		want       proc
		fails      bool
	}{
		{"plain", "42 (postgres) S" + rest, proc{pid: 42, parent: 1, session: 7, started: 991122}, false},
		{"a name with parentheses and spaces", "42 (a) b) (c) R" + rest, proc{pid: 42, parent: 1, session: 7, started: 991122}, false},
		{"ended", "42 (x) Z" + rest, proc{pid: 42, parent: 1, session: 7, started: 991122, dead: true}, false},
		{"cut off", "42 (x) S 1 2 3", proc{}, true},
		{"empty", "", proc{}, true},
	} {
		got, err := parseStat(42, c.line)
		if got != c.want || (err != nil) != c.fails {
			t.Errorf("%s: %+v, err %v", c.name, got, err)
		}
	}
}

// mustChild starts a shell with one child below it, in the folder.
func mustChild(tb testing.TB, dir string) (proc, <-chan struct{}) {
	tb.Helper()
	runAs := account{uid: uint32(os.Geteuid()), gid: uint32(os.Getegid())}
	cmd := execCommand(command{path: "/bin/sh", args: []string{"-c", "trap '' TERM; echo ready; sleep 1000 & wait; wait"}, dir: dir}, runAs)
	cmd.SysProcAttr.Credential = nil
	out, err := cmd.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 6)); err != nil {
		tb.Fatal(err)
	}
	done := reap(cmd)
	self, err := readProcess(cmd.Process.Pid)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := self.signal(syscall.SIGKILL); err != nil {
			tb.Error(err)
		}
		<-done
	})
	return self, done
}

func reap(cmd *exec.Cmd) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = cmd.Wait() // it is killed by the test
	}()
	return done
}

// The grace is short because the shell ignores the signal for ever.
func TestEndTreeKillsWhatDoesNotStop(t *testing.T) {
	t.Parallel()
	root, done := mustChild(t, t.TempDir())
	if err := poll(t.Context(), 5*time.Second, func() bool { all, err := tree(root); return err == nil && len(all) == 2 }); err != nil {
		t.Fatal("the child below the shell does not show up")
	}
	all, err := tree(root)
	if err != nil {
		t.Fatal(err)
	}
	if err := endTree(t.Context(), root, syscall.SIGTERM, 100*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	<-done
	if anyAlive(all) {
		t.Error("something of the tree still runs")
	}
}

func TestMentionsAndStartTime(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	root, _ := mustChild(t, dir)
	if !root.mentions(dir) || root.mentions(dir+"/other") {
		t.Error("the working folder decides whether a process is ours")
	}
	stranger := proc{pid: root.pid, started: root.started + 1}
	if stranger.alive() {
		t.Error("a process of the same id with another start time is another process")
	}
	if err := stranger.signal(syscall.SIGKILL); err != nil || !root.alive() {
		t.Errorf("a signal reached a stranger (%v)", err)
	}
	strays, err := findStrays(dir, account{uid: uint32(os.Geteuid())})
	if err != nil || slices.ContainsFunc(strays, func(p proc) bool { return p.pid == root.pid }) {
		t.Errorf("a shell in the folder is not one of our services: %v, %v", strays, err)
	}
}

func TestNamesAFolder(t *testing.T) {
	t.Parallel()
	const folder = "/data/redis"
	for line, want := range map[string]bool{
		"redis-server\x00/data/redis/data/redis.conf\x00":       true,
		"postgres\x00-D\x00/data/redis\x00":                     true,
		"redis-server\x00/data/redis-other/data/redis.conf\x00": false,
		"postgres\x00-D\x00/data/redis2\x00/data/redis\x00":     true,
		"redis-server\x00": false,
	} {
		if names(line, folder) != want {
			t.Errorf("names(%q) is %v", line, !want)
		}
	}
}

func TestRunsAs(t *testing.T) {
	t.Parallel()
	self := proc{pid: os.Getpid()}
	if uid := uint32(os.Geteuid()); !self.runsAs(account{uid: uid}) || self.runsAs(account{uid: uid + 1}) {
		t.Error("a process belongs to who runs it and to nobody else")
	}
	if (proc{pid: 1 << 30}).runsAs(account{}) {
		t.Error("what does not run belongs to nobody")
	}
}

func TestPollEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := poll(ctx, time.Hour, func() bool { return false }); err == nil {
		t.Error("it went on")
	}
}

func TestNothingIsBelowTheFirstProcess(t *testing.T) {
	t.Parallel()
	for _, pid := range []int{0, 1, -1} {
		if all, err := tree(proc{pid: pid}); err == nil {
			t.Errorf("the tree of process %d has %d members: killing it would end the machine", pid, len(all))
		}
	}
}
