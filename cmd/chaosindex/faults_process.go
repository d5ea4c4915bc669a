package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"syscall"
	"time"

	"aforro/cmd/internal/trial"
	"aforro/pkg/lifecycle"
	"aforro/pkg/stack"
)

const (
	// takeoverBar is how soon another indexer is to follow the changes.
	takeoverBar = 5 * time.Second
	// followPatience bounds the wait for any indexer to follow.
	followPatience = 60 * time.Second
	followPoll     = 100 * time.Millisecond
)

// killIndexer kills the one that follows; the other is to take over.
func (g *ground) killIndexer(ctx context.Context, _ *rand.Rand) (string, error) {
	killed, took, err := g.shootFollower(ctx)
	if err != nil {
		return "", err
	}
	if took > takeoverBar {
		g.Found.Add(foundTakeover, "%.1f s after %s was killed", took.Seconds(), killed)
	}
	return fmt.Sprintf("%s was killed; the other followed after %.1f s", killed, took.Seconds()), g.Revive(ctx)
}

// shootFollower kills the indexer that follows and says how long it took until
// another did.
func (g *ground) shootFollower(ctx context.Context) (killed string, took time.Duration, err error) {
	follows := trial.Until(ctx, followPatience, followPoll, func(ctx context.Context) bool {
		killed, _ = g.follower(ctx)
		return killed != ""
	})
	if !follows {
		return "", 0, fmt.Errorf("nobody follows the changes since %s", followPatience)
	}
	for _, p := range g.Processes {
		if p.Name != killed {
			continue
		}
		if err := p.End(syscall.SIGKILL); err != nil {
			return killed, 0, err
		}
	}
	begun := time.Now()
	trial.Until(ctx, followPatience, followPoll, func(ctx context.Context) bool {
		name, _ := g.follower(ctx)
		return name != "" && name != killed
	})
	return killed, time.Since(begun), ctx.Err()
}

// killReindex kills the reindex that runs, a while after it began.
func (g *ground) killReindex(ctx context.Context, rng *rand.Rand) (string, error) {
	shot := trial.Until(ctx, followPatience, 50*time.Millisecond, func(ctx context.Context) bool {
		return lifecycle.Sleep(ctx, between(rng, 100*time.Millisecond, time.Second)) == nil && g.reindexes.shoot()
	})
	if !shot {
		return "", fmt.Errorf("no reindex ran within %s", followPatience)
	}
	return "", ctx.Err()
}

func (g *ground) restartElasticsearch(ctx context.Context, rng *rand.Rand) (string, error) {
	return restart(ctx, rng, g.Engine)
}

func (g *ground) restartPostgres(ctx context.Context, rng *rand.Rand) (string, error) {
	return restart(ctx, rng, g.Postgres)
}

func restart(ctx context.Context, rng *rand.Rand, s *stack.Service) (string, error) {
	if err := s.Kill(); err != nil {
		return "", err
	}
	hold := between(rng, 200*time.Millisecond, 3*time.Second)
	if err := lifecycle.Sleep(ctx, hold); err != nil {
		return "", err
	}
	begun := time.Now()
	err := s.Start(ctx)
	return fmt.Sprintf("down for %.1f s, answers %.1f s after its start", hold.Seconds(), time.Since(begun).Seconds()), err
}

func between(rng *rand.Rand, low, high time.Duration) time.Duration {
	return low + time.Duration(rng.Int64N(int64(high-low)))
}
