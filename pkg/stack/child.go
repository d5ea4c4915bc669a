package stack

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
)

// command is one program with all that it is given; nothing of our own environment leaks into it.
type command struct {
	path string
	args []string
	env  []string
	dir  string
}

// child is a running service process that we started and will wait for.
type child struct {
	proc proc
	done chan struct{} // closed when it has ended and been waited for
}

// launch starts the command as the account, in a session of its own, writing to the log file (appended).
func launch(cmd command, runAs account, logPath string) (*child, error) {
	log, err := os.OpenFile(logPath, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the log %s: %w", logPath, err)
	}
	process := execCommand(cmd, runAs)
	process.Stdout, process.Stderr = log, log
	startErr := process.Start()
	if err := errors.Join(startErr, log.Close()); err != nil {
		return nil, fmt.Errorf("starting %s: %w", cmd.path, err)
	}
	c := &child{done: make(chan struct{})}
	c.proc, err = readProcess(process.Process.Pid)
	go func() {
		defer close(c.done)
		_ = process.Wait() // how it ended is in its log; that it ended is all we need
	}()
	return c, err
}

// execCommand prepares the command without starting it.
func execCommand(cmd command, runAs account) *exec.Cmd {
	process := exec.Command(cmd.path, cmd.args...)
	process.Env = append([]string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8"}, cmd.env...)
	process.Dir = cmd.dir
	process.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Credential: runAs.credential()}
	return process
}

// runOnce runs the command to its end, giving it stdin, and returns what it printed.
func runOnce(cmd command, runAs account, stdin string) (string, error) {
	process := execCommand(cmd, runAs)
	process.Stdin = strings.NewReader(stdin)
	out, err := process.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("running %s: %w: %s", cmd.path, err, lastLines(string(out), 8))
	}
	return string(out), nil
}

func (c *child) running() bool {
	select {
	case <-c.done:
		return false
	default:
		return true
	}
}
