package stack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// proc is one running process as the kernel shows it. Pid and start time (clock ticks since boot) together name a
// process for good: a pid alone is given out again.
type proc struct {
	pid, parent int
	session     int // the process that opened the session it belongs to
	started     uint64
	dead        bool // ended, and only waiting for its parent to notice
}

// readProcess reads /proc; a process that is not there is an error that matches os.ErrNotExist.
func readProcess(pid int) (proc, error) {
	content, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if errors.Is(err, syscall.ESRCH) { // it ended between opening and reading
		err = os.ErrNotExist
	}
	if err != nil {
		return proc{}, fmt.Errorf("looking at process %d: %w", pid, err)
	}
	return parseStat(pid, string(content))
}

// parseStat reads a line of /proc/PID/stat. The second field is the program's name in parentheses and may hold
// anything, spaces and parentheses too, so fields are counted from the last one.
func parseStat(pid int, line string) (proc, error) {
	_, rest, ok := cutLast(line, ") ")
	fields := strings.Fields(rest)
	if !ok || len(fields) < 20 {
		return proc{}, fmt.Errorf("looking at process %d: its stat line is not understood", pid)
	}
	parent, parentErr := strconv.Atoi(fields[1])
	session, sessionErr := strconv.Atoi(fields[3])
	started, startErr := strconv.ParseUint(fields[19], 10, 64)
	if err := errors.Join(parentErr, sessionErr, startErr); err != nil {
		return proc{}, fmt.Errorf("looking at process %d: %w", pid, err)
	}
	return proc{pid: pid, parent: parent, session: session, started: started, dead: fields[0] == "Z" || fields[0] == "X"}, nil
}

func cutLast(s, sep string) (before, after string, found bool) {
	if at := strings.LastIndex(s, sep); at >= 0 {
		return s[:at], s[at+len(sep):], true
	}
	return s, "", false
}

// alive tells whether this very process still runs.
func (p proc) alive() bool {
	now, err := readProcess(p.pid)
	return err == nil && now.started == p.started && !now.dead
}

// signal reaches this very process or nothing.
func (p proc) signal(sig syscall.Signal) error {
	if !p.alive() {
		return nil
	}
	if err := syscall.Kill(p.pid, sig); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("sending %v to process %d: %w", sig, p.pid, err)
	}
	return nil
}

// mentions tells whether the process was started with, or works in, the folder or one below it.
func (p proc) mentions(folder string) bool {
	dir := filepath.Join("/proc", strconv.Itoa(p.pid))
	if line, err := os.ReadFile(filepath.Join(dir, "cmdline")); err == nil && names(string(line), folder) {
		return true
	}
	cwd, err := os.Readlink(filepath.Join(dir, "cwd"))
	return err == nil && (cwd == folder || strings.HasPrefix(cwd, folder+string(filepath.Separator)))
}

// names tells whether a command line, its arguments ended by NUL, names the folder or something in it: "/data/redis"
// is not named by "/data/redis-other/redis.conf". PostgreSQL ends what it writes over its own with a space.
func names(line, folder string) bool {
	for {
		_, rest, found := strings.Cut(line, folder)
		if !found {
			return false
		}
		if rest == "" || strings.ContainsRune("/\x00 ", rune(rest[0])) {
			return true
		}
		line = rest
	}
}

// runsAs tells whether the process is one of the account's.
func (p proc) runsAs(who account) bool {
	content, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(p.pid), "status"))
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(content)) {
		if ids, ok := strings.CutPrefix(line, "Uid:"); ok {
			fields := strings.Fields(ids) // real, effective, saved, file system
			return len(fields) > 1 && fields[1] == strconv.FormatUint(uint64(who.uid), 10)
		}
	}
	return false
}

// program is the file name of what the process runs, empty if it cannot be read.
func (p proc) program() string {
	path, err := os.Readlink(filepath.Join("/proc", strconv.Itoa(p.pid), "exe"))
	if err != nil {
		return ""
	}
	return filepath.Base(strings.TrimSuffix(path, " (deleted)"))
}

// processes lists everything that runs now.
func processes() ([]proc, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, fmt.Errorf("listing processes: %w", err)
	}
	var all []proc
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		if found, err := readProcess(pid); err == nil && !found.dead {
			all = append(all, found)
		}
	}
	return all, nil
}

// tree lists the process and everything below it, parents first. Every service has a session of its own, so a child
// whose parent has just been killed is found too.
func tree(root proc) ([]proc, error) {
	if root.pid <= 1 {
		return nil, fmt.Errorf("process %d is none of ours", root.pid) // everything is below it
	}
	all, err := processes()
	if err != nil {
		return nil, err
	}
	found := []proc{root}
	for i := 0; i < len(found); i++ {
		for _, p := range all {
			below := p.parent == found[i].pid || i == 0 && p.session == root.pid && p.started >= root.started
			if below && !slices.ContainsFunc(found, func(f proc) bool { return f.pid == p.pid }) {
				found = append(found, p)
			}
		}
	}
	return found, nil
}

// pollEvery is how often a condition outside of this process is looked at.
const pollEvery = 20 * time.Millisecond

// poll waits until done holds, at most for patience.
func poll(ctx context.Context, patience time.Duration, done func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	ticker := time.NewTicker(pollEvery)
	defer ticker.Stop()
	for !done() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
	return nil
}

// anyAlive tells whether one of them still runs.
func anyAlive(all []proc) bool {
	for _, p := range all {
		if p.alive() {
			return true
		}
	}
	return false
}
