package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"syscall"
	"time"

	"aforro/cmd/internal/trial"
	"aforro/pkg/lifecycle"
)

const (
	// finishPatience bounds what clients have begun, once everything is healed.
	finishPatience = 30 * time.Second
	// decidePatience bounds the decisions that are left then.
	decidePatience = 30 * time.Second
	deliverEvery   = time.Second
)

func run(ctx context.Context, o options) (err error) {
	fmt.Printf("seed %d: make chaos SEED=%d DURATION=%s does it again\n", o.seed, o.seed, o.duration)
	on, err := trial.New(ctx, "chaos", true)
	g := &ground{Ground: on}
	if on != nil {
		defer func() { err = errors.Join(err, g.Close(context.WithoutCancel(ctx))) }()
	}
	if err != nil {
		return err
	}
	all, err := g.open(ctx)
	if err != nil {
		return err
	}
	entries, err := g.trouble(ctx, o, all)
	if err != nil {
		return err
	}
	return g.conclude(ctx, o, entries)
}

// trouble places orders and causes faults, then heals everything and lets clients
// finish what they have begun.
func (g *ground) trouble(ctx context.Context, o options, all goods) ([]*entry, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	g.Begun = time.Now()
	placing, enough := context.WithTimeout(ctx, o.duration)
	defer enough()
	crowd := sendCrowd(ctx, placing, o.clients, o.seed, g.apis, all, &g.Found)
	defer crowd.gone.Wait()
	defer cancel()
	deliveries := make(chan struct{})
	go func() { defer close(deliveries); g.deliverUntil(placing, all, o.seed) }()
	if err := g.conduct(ctx, plan(o.seed, o.duration), o.duration); err != nil {
		return nil, err
	}
	<-placing.Done()
	<-deliveries
	if err := g.Revive(ctx); err != nil {
		return nil, err
	}
	g.Say("healed; clients finish what they have begun")
	finished := make(chan struct{})
	go func() { crowd.gone.Wait(); close(finished) }()
	timer := time.NewTimer(finishPatience)
	defer timer.Stop()
	select {
	case <-finished:
	case <-timer.C:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	cancel()
	<-finished
	return crowd.entries(), nil
}

// deliverUntil brings stock until ctx ends. A delivery that fails because
// PostgreSQL is down does not come.
func (g *ground) deliverUntil(ctx context.Context, all goods, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 1<<32))
	for lifecycle.Sleep(ctx, deliverEvery) == nil {
		if err := g.deliver(ctx, all, rng); err != nil {
			g.undelivered++
		} else {
			g.deliveries++
		}
	}
}

// conclude waits for quiet, checks everything, stops the processes, and prints.
func (g *ground) conclude(ctx context.Context, o options, entries []*entry) error {
	left := g.awaitDecided(ctx, decidePatience)
	g.Say("quiet; %d orders are PENDING", left)
	f, err := g.gather(ctx)
	if err != nil {
		return err
	}
	verdicts := judge(entries, f)
	verdicts = append(verdicts, g.audit(ctx), g.verify(ctx))
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, p := range g.Processes {
		if err := p.End(syscall.SIGTERM); err != nil {
			return err
		}
	}
	t := count(entries, f, g.caused)
	verdicts = append(verdicts,
		g.Seen(foundLate, "every order was acknowledged and decided in time"),
		g.Seen(foundChange, "no client was told something else later"),
		g.Seen(foundFailure, "no request was answered with anything but success, 429 or 503"),
		g.Seen(trial.FoundProcess, "no process ended by itself, and all stopped when asked to"),
		t.trial())
	off := trial.Announce(verdicts)
	t.print(o.seed, o.duration)
	fmt.Printf("deliveries     %d, %d did not get through\n", g.deliveries, g.undelivered)
	if off > 0 {
		return fmt.Errorf("%d of %d checks are off; the logs are in %s", off, len(verdicts), g.Logs)
	}
	fmt.Println("clean")
	return nil
}
