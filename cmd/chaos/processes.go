package main

import (
	"context"
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

// process is one role that runs as a process of its own, and is started again
// with the same settings.
type process struct {
	name, role string
	binary     string
	env        []string
	log        string
	found      *findings

	mu   sync.Mutex
	cmd  *exec.Cmd
	done chan struct{}
	// wanted: its end was asked for.
	wanted bool
}

// start starts it, if it does not run.
func (p *process) start() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd != nil {
		return nil
	}
	log, err := os.OpenFile(p.log, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return fmt.Errorf("open the log of %s: %w", p.name, err)
	}
	cmd := exec.Command(p.binary, p.role)
	cmd.Env, cmd.Stdout, cmd.Stderr = p.env, log, log
	// A group of its own: Ctrl-C reaches only us, who then stop it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := errors.Join(cmd.Start(), log.Close()); err != nil {
		return fmt.Errorf("start %s: %w", p.name, err)
	}
	p.cmd, p.done, p.wanted = cmd, make(chan struct{}), false
	go p.watch(cmd, p.done)
	return nil
}

// watch notes an end that nobody asked for.
func (p *process) watch(cmd *exec.Cmd, done chan struct{}) {
	err := cmd.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.wanted {
		p.found.add(foundProcess, "%s ended by itself (%v); the end of its log (%s):\n%s", p.name, err, p.log, tail(p.log))
	}
	p.cmd = nil
	close(done)
}

// end signals it and waits for its end. Whether that was clean counts only when
// it was asked politely.
func (p *process) end(sig syscall.Signal) error {
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
		return fmt.Errorf("signal %s: %w", p.name, err)
	}
	timer := time.NewTimer(stopPatience)
	defer timer.Stop()
	select {
	case <-done:
		if code := cmd.ProcessState.ExitCode(); code != 0 && sig == syscall.SIGTERM {
			p.found.add(foundProcess, "%s was asked to stop and ended with code %d:\n%s", p.name, code, tail(p.log))
		}
		return nil
	case <-timer.C:
		p.found.add(foundProcess, "%s still ran %s after %v", p.name, stopPatience, sig)
		return cmd.Process.Kill()
	}
}

// tail is the end of a log.
func tail(path string) string {
	content, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	return string(content[max(0, len(content)-800):])
}

// revive starts what ended by itself.
func (g *ground) revive(ctx context.Context) error {
	var failed error
	for _, p := range g.processes {
		if ctx.Err() == nil {
			failed = errors.Join(failed, p.start())
		}
	}
	return failed
}
