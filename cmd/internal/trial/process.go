package trial

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// stopPatience bounds a stop in good order.
const stopPatience = 20 * time.Second

// FoundProcess is the kind of what processes do that they should not: one ended
// by itself, or not cleanly.
const FoundProcess = "process"

// Process is one command that runs as a process of its own, and is started again
// with the same settings.
type Process struct {
	Name, Binary string
	Args, Env    []string
	// Log is the file that it writes to, over all its runs.
	Log   string
	Found *Findings

	mu   sync.Mutex
	cmd  *exec.Cmd
	done chan struct{}
	// wanted: its end was asked for.
	wanted bool
}

// Start starts it, if it does not run.
func (p *Process) Start() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd != nil {
		return nil
	}
	log, err := os.OpenFile(p.Log, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return fmt.Errorf("open the log of %s: %w", p.Name, err)
	}
	cmd := exec.Command(p.Binary, p.Args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = p.Env, log, log
	// A group of its own: Ctrl-C reaches only us, who then stop it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := errors.Join(cmd.Start(), log.Close()); err != nil {
		return fmt.Errorf("start %s: %w", p.Name, err)
	}
	p.cmd, p.done, p.wanted = cmd, make(chan struct{}), false
	go p.watch(cmd, p.done)
	return nil
}

// watch notes an end that nobody asked for.
func (p *Process) watch(cmd *exec.Cmd, done chan struct{}) {
	err := cmd.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.wanted {
		p.Found.Add(FoundProcess, "%s ended by itself (%v); the end of its log (%s):\n%s", p.Name, err, p.Log, Tail(p.Log))
	}
	p.cmd = nil
	close(done)
}

// End signals it and waits for its end. Whether that was clean counts only when
// it was asked politely.
func (p *Process) End(sig syscall.Signal) error {
	p.mu.Lock()
	cmd, done := p.cmd, p.done
	if cmd == nil {
		p.mu.Unlock()
		return nil
	}
	p.wanted = true
	err := cmd.Process.Signal(sig)
	p.mu.Unlock()
	if err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("signal %s: %w", p.Name, err)
	}
	timer := time.NewTimer(stopPatience)
	defer timer.Stop()
	select {
	case <-done:
		if code := cmd.ProcessState.ExitCode(); code != 0 && sig == syscall.SIGTERM {
			p.Found.Add(FoundProcess, "%s was asked to stop and ended with code %d:\n%s", p.Name, code, Tail(p.Log))
		}
		return nil
	case <-timer.C:
		p.Found.Add(FoundProcess, "%s still ran %s after %v", p.Name, stopPatience, sig)
		return cmd.Process.Kill()
	}
}

// Tail is the end of a log.
func Tail(path string) string {
	content, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	return string(content[max(0, len(content)-800):])
}
