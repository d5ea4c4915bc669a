package stack

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

const (
	stateFile    = "state.json"
	passwordFile = "password"
	logFile      = "log"
)

// instance is one service's folder and what is fixed for as long as it runs: whom it runs as, port and password.
type instance struct {
	dir      string
	port     int
	password string
	runAs    account
	settings map[string]string
	volatile bool
}

// state is what the next run needs to know of this one.
type state struct {
	Pid     int    `json:"pid"`
	Started uint64 `json:"started"` // the kernel's start time of Pid
	Port    int    `json:"port"`
}

// openInstance makes the folder and reads or makes its password. The port is not chosen yet.
func openInstance(ctx context.Context, opts ServiceOptions) (*instance, error) {
	dir, err := filepath.Abs(opts.Dir)
	if err != nil {
		return nil, fmt.Errorf("finding the folder %s: %w", opts.Dir, err)
	}
	runAs, err := serviceAccount(ctx)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("making the folder %s: %w", dir, err)
	}
	if !runAs.reaches(dir) {
		return nil, fmt.Errorf("the service user cannot reach %s: name another folder with AFORRO_DATA_DIR", dir)
	}
	password, err := loadPassword(filepath.Join(dir, passwordFile))
	if err != nil {
		return nil, err
	}
	return &instance{dir: dir, password: password, runAs: runAs, settings: opts.Settings, volatile: opts.Volatile}, nil
}

func (i *instance) path(parts ...string) string {
	return filepath.Join(append([]string{i.dir}, parts...)...)
}

func (i *instance) loadState() (state, error) {
	var last state
	_, err := readJSON(i.path(stateFile), &last)
	return last, err
}

func (i *instance) saveState(running proc) error {
	return writeJSON(i.path(stateFile), state{Pid: running.pid, Started: running.started, Port: i.port}, 0o600)
}

// logTail is the end of the service's log, for messages.
func (i *instance) logTail() string {
	content, err := os.ReadFile(i.path(logFile))
	if err != nil {
		return "(its log cannot be read)"
	}
	return lastLines(string(content), 8)
}

func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
