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
		if err := lifecycle.Sleep(ctx, r.at-g.since()); err != nil {
			return err
		}
		if g.since() >= duration {
			return nil
		}
		var both errgroup.Group
		for _, f := range r.faults {
			g.say("%s", f)
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
		return g.links.poison(ctx, f.target, f.toxic, wait)
	}
	for _, p := range g.processes {
		if p.name == f.target {
			return errors.Join(p.end(syscall.SIGKILL), wait(ctx), p.start())
		}
	}
	service := map[string]*stack.Service{"redis": g.redis, "postgres": g.postgres}[f.target]
	if err := errors.Join(service.Kill(), wait(ctx)); err != nil {
		return err
	}
	begun := time.Now()
	if err := service.Start(ctx); err != nil {
		return err
	}
	g.say("%s answers again, %.1f s after its start", f.target, time.Since(begun).Seconds())
	return nil
}

// emptyRedis forgets everything; a Redis that is down just now has nothing to
// forget it with.
func (g *ground) emptyRedis(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, "redis-cli", "-u", g.redis.URL(), "--no-auth-warning", "FLUSHALL")
	if out, err := cmd.CombinedOutput(); err != nil {
		g.say("Redis was not emptied: %s", strings.Join(strings.Fields(string(out)), " "))
	}
	return ctx.Err()
}
