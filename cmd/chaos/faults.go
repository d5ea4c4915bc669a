package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"aforro/pkg/lifecycle"
	"aforro/pkg/stack"
)

// conduct carries out the plan. A round that is due while the one before still
// works waits for it, so that there are never more than two faults at once, and is
// left out when that is past the end. What fails to be done is chaos's own
// failure, not the product's.
func (g *ground) conduct(ctx context.Context, rounds []round, duration time.Duration) error {
	for _, r := range rounds {
		if err := lifecycle.Sleep(ctx, r.at-g.Since()); err != nil {
			return err
		}
		if g.Since() >= duration {
			return nil
		}
		var both errgroup.Group
		for _, f := range r.faults {
			g.Say("%s", f)
			g.caused = append(g.caused, f)
			both.Go(func() error { return g.inflict(ctx, f) })
		}
		if err := both.Wait(); err != nil {
			return fmt.Errorf("cause faults: %w", err)
		}
	}
	return nil
}

func (g *ground) inflict(ctx context.Context, f fault) error {
	wait := func(ctx context.Context) error { return lifecycle.Sleep(ctx, f.hold) }
	switch f.act {
	case empty:
		return g.emptyRedis(ctx)
	case poison:
		return g.Links.Poison(ctx, f.target, f.toxic, wait)
	}
	for _, p := range g.Processes {
		if p.Name == f.target {
			return errors.Join(p.End(syscall.SIGKILL), wait(ctx), p.Start())
		}
	}
	service := map[string]*stack.Service{"redis": g.Redis, "postgres": g.Postgres}[f.target]
	if err := errors.Join(service.Kill(), wait(ctx)); err != nil {
		return err
	}
	begun := time.Now()
	if err := service.Start(ctx); err != nil {
		return err
	}
	g.Say("%s answers again, %.1f s after its start", f.target, time.Since(begun).Seconds())
	return nil
}

// emptyRedis forgets everything; a Redis that is down just now has nothing to
// forget it with.
func (g *ground) emptyRedis(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, "redis-cli", "-u", g.Redis.URL(), "--no-auth-warning", "FLUSHALL")
	if out, err := cmd.CombinedOutput(); err != nil {
		g.Say("Redis was not emptied: %s", strings.Join(strings.Fields(string(out)), " "))
	}
	return ctx.Err()
}
