package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"syscall"
	"time"

	"aforro/cmd/internal/trial"
)

func run(ctx context.Context, o options) (err error) {
	fmt.Printf("seed %d: make chaos-index SEED=%d DURATION=%s does it again\n", o.seed, o.seed, o.duration)
	chosen, err := choose(o.only)
	if err != nil {
		return err
	}
	on, err := trial.New(ctx, "chaos-index", false)
	g := &ground{Ground: on}
	if on != nil {
		defer func() { err = errors.Join(err, on.Close(context.WithoutCancel(ctx))) }()
	}
	if err != nil {
		return err
	}
	if err := g.open(ctx); err != nil {
		return err
	}
	healings, err := g.trouble(ctx, o, chosen)
	if err != nil {
		return err
	}
	return g.conclude(ctx, o, healings)
}

// trouble causes faults while writers write and the index is built anew all the
// time, and watches each heal.
func (g *ground) trouble(ctx context.Context, o options, chosen []fault) ([]healing, error) {
	ctx, cancel := context.WithCancel(ctx)
	var others sync.WaitGroup
	defer others.Wait()
	defer cancel()
	g.Begun = time.Now()
	for n := range writerCount {
		others.Go(func() { g.write(ctx, o.seed, n) })
	}
	others.Go(func() { g.reindexes.repeat(ctx, g.Ground) })
	rng := rand.New(rand.NewPCG(o.seed, 0))
	var healings []healing
	for n := 0; n < len(chosen) || g.Since() < o.duration; n++ {
		f := chosen[n%len(chosen)]
		if n >= len(chosen) {
			f = chosen[rng.IntN(len(chosen))]
		}
		h, err := g.cause(ctx, f, rng)
		if err != nil {
			return healings, err
		}
		if healings = append(healings, h); h.found != "" {
			return healings, nil // what did not heal would be found after every other fault as well
		}
	}
	return healings, nil
}

// cause causes a fault and waits until it has healed. What fails to be done is
// this program's own failure, not the product's.
func (g *ground) cause(ctx context.Context, f fault, rng *rand.Rand) (healing, error) {
	g.Say("%s", f.name)
	if f.alone {
		g.reindexes.hold(true)
		defer g.reindexes.hold(false)
	}
	note, err := f.do(g, ctx, rng)
	if err != nil {
		return healing{}, fmt.Errorf("cause the fault %q: %w", f.name, err)
	}
	if note != "" {
		g.Say("  %s", note)
	}
	h, err := g.heal(ctx, f)
	if err == nil {
		g.Say("  %s", h)
	}
	return h, err
}

// conclude builds the index anew in peace, checks it, stops the processes, and
// prints.
func (g *ground) conclude(ctx context.Context, o options, healings []healing) error {
	g.Say("no more faults, no more changes")
	verdicts := []trial.Verdict{
		healed(healings),
		g.wrote(),
		g.Seen(foundTakeover, fmt.Sprintf("another indexer followed within %s of a kill", takeoverBar)),
		g.Seen(foundRefused, "a refused document held nobody up, was in quarantine, and was searchable once mended"),
		g.reindexes.verdict(),
	}
	if verdicts[0].OK() { // else these would only wait for what does not come
		verdicts = append(verdicts, g.lastReindex(ctx), g.lastVerify(ctx), g.quarantined(ctx))
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, p := range g.Processes {
		if err := p.End(syscall.SIGTERM); err != nil {
			return err
		}
	}
	verdicts = append(verdicts, g.Seen(trial.FoundProcess, "no indexer ended by itself, and all stopped when asked to"))
	off := trial.Announce(verdicts)
	printTable(o, healings)
	fmt.Printf("\nchanges        %d statements by %d writers, %d failed or cut off with their connection\n", g.written.Load(), writerCount, g.unwritten.Load())
	fmt.Printf("reindexes      %d done, %d failed under faults, %d killed\n", g.reindexes.done, g.reindexes.failed, g.reindexes.killed)
	if off > 0 {
		return fmt.Errorf("%d of %d checks are off; the logs are in %s", off, len(verdicts), g.Logs)
	}
	fmt.Println("clean")
	return nil
}
