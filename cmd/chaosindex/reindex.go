package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"aforro/cmd/internal/trial"
	"aforro/pkg/lifecycle"
)

// betweenReindexes is how long nobody builds an index anew.
const betweenReindexes = 5 * time.Second

// reindexes are the reindexes that follow one another through the whole run.
type reindexes struct {
	done, failed, killed int

	mu      sync.Mutex
	running *os.Process
	shot    bool
	held    bool
}

// repeat runs one reindex after the other until ctx ends. Under faults they may fail.
func (r *reindexes) repeat(ctx context.Context, g *trial.Ground) {
	for lifecycle.Sleep(ctx, betweenReindexes) == nil {
		if r.isHeld() {
			continue
		}
		err := r.once(ctx, g)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			r.done++
		case r.wasShot():
			r.killed++
		default:
			r.failed++
		}
	}
}

func (r *reindexes) once(ctx context.Context, g *trial.Ground) error {
	log, err := os.OpenFile(filepath.Join(g.Logs, "reindex.log"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return fmt.Errorf("open the log of the reindexes: %w", err)
	}
	cmd := exec.CommandContext(ctx, g.Binary, "reindex")
	cmd.Env, cmd.Stdout, cmd.Stderr = trial.Environment(g.Direct), log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	_, saidWhen := fmt.Fprintf(log, "--- %.1f s\n", g.Since().Seconds())
	if err := errors.Join(saidWhen, cmd.Start(), log.Close()); err != nil {
		return err
	}
	r.set(cmd.Process, false)
	err = cmd.Wait()
	r.set(nil, r.wasShot())
	return err
}

func (r *reindexes) set(p *os.Process, shot bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.running, r.shot = p, shot
}

func (r *reindexes) wasShot() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.shot
}

// shoot kills the one that runs and reports whether there was one.
func (r *reindexes) shoot() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.running == nil || r.running.Kill() != nil {
		return false
	}
	r.shot = true
	return true
}

// hold kills the one that runs and lets no other begin, until it lets them.
func (r *reindexes) hold(held bool) {
	r.mu.Lock()
	r.held = held
	r.mu.Unlock()
	if held {
		r.shoot()
	}
}

func (r *reindexes) isHeld() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.held
}

// verdict fails a run in which no reindex got to its end between the faults.
func (r *reindexes) verdict() trial.Verdict {
	const what = "reindexes succeeded under constant writes"
	if r.done == 0 {
		return trial.Check(what, fmt.Sprintf("none did, %d failed; see reindex.log", r.failed))
	}
	return trial.Check(what)
}
