package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// roles are the product's running processes.
type roles struct {
	addr string // of the API
	cmds []*exec.Cmd
	// programs are those whose processor time is of interest: the roles, Redis
	// and ourselves.
	programs []program
}

// start runs an API and a worker, as they run in production, and returns when
// both can work. They are started for each load and stopped after it, so that
// what they do while they wait does not slow the reference.
func (m *market) start(ctx context.Context) (*roles, error) {
	r := &roles{}
	var err error
	if r.addr, err = freeAddr(); err != nil {
		return nil, err
	}
	// Not /readyz: it waits for a search index, which no order needs.
	if err = m.run(ctx, r, "api", "http://"+r.addr+"/healthz", "--http-addr", r.addr, "--token-secret", strings.Repeat("s", 32)); err == nil {
		err = m.runProbed(ctx, r, "worker")
	}
	if err != nil {
		return nil, errors.Join(err, r.stop())
	}
	r.programs = append(r.programs, program{name: "redis", pid: m.services.Redis.Pid()}, program{name: "generator", pid: os.Getpid(), alone: true})
	return r, nil
}

// runProbed runs a role that answers probes and waits until it is ready.
func (m *market) runProbed(ctx context.Context, r *roles, role string, args ...string) error {
	addr, err := freeAddr()
	if err != nil {
		return err
	}
	return m.run(ctx, r, role, "http://"+addr+"/readyz", append(args, "--probe-addr", addr)...)
}

func (m *market) run(ctx context.Context, r *roles, role, readyURL string, args ...string) error {
	cmd := exec.CommandContext(ctx, m.binary, append([]string{role, "--log-level", "warn", "--postgres-url", m.url, "--redis-url", m.redisURL,
		"--elasticsearch-url", m.services.ElasticsearchURL, "--index-prefix", "market", "--slot", "market"}, args...)...)
	cmd.Stderr = os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 20 * time.Second
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start the %s: %w", role, err)
	}
	r.cmds = append(r.cmds, cmd)
	r.programs = append(r.programs, program{name: role, pid: cmd.Process.Pid})
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	return awaitOK(ctx, readyURL)
}

// stop ends all in good order; one that has failed meanwhile is an error.
func (r *roles) stop() error {
	var failed []error
	for _, cmd := range r.cmds {
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
			failed = append(failed, err)
		}
	}
	for _, cmd := range r.cmds {
		if err := cmd.Wait(); err != nil {
			failed = append(failed, fmt.Errorf("aforro %s: %w", cmd.Args[1], err))
		}
	}
	return errors.Join(failed...)
}
