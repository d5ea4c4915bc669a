package main

import (
	"fmt"
	"math/rand/v2"
	"time"

	"aforro/cmd/internal/trial"
)

// What a fault does to its target.
type act int

const (
	kill   act = iota // kill -9 a process or a service, start it again after the hold
	empty             // empty Redis
	poison            // put a toxic on a link for the hold
)

// fault is one thing that goes wrong.
type fault struct {
	act    act
	kind   string
	target string
	hold   time.Duration
	toxic  trial.Toxic
}

func (f fault) String() string {
	hold := f.hold.Round(100 * time.Millisecond)
	switch f.act {
	case empty:
		return "empty " + f.target
	case poison:
		return fmt.Sprintf("%s on %s for %s", f.toxic, f.target, hold)
	}
	return fmt.Sprintf("kill -9 %s, down for %s", f.target, hold)
}

// round is one or two faults that begin together.
type round struct {
	at     time.Duration
	faults []fault
}

// kind is one kind of fault: whom it may hit, and for how long.
type kind struct {
	name    string
	act     act
	targets []string
	hold    [2]time.Duration
	toxic   func(*rand.Rand) trial.Toxic
}

var (
	down     = [2]time.Duration{200 * time.Millisecond, 2 * time.Second}
	disturb  = [2]time.Duration{500 * time.Millisecond, 4 * time.Second}
	allLinks = []string{"api-postgres", "api-redis", "worker-postgres", "worker-redis", "indexer-postgres", "indexer-elasticsearch"}
)

var kinds = []kind{
	{"kill api", kill, []string{"api-1", "api-2"}, down, nil},
	{"kill worker", kill, []string{"worker-1", "worker-2"}, down, nil},
	{"kill indexer", kill, []string{"indexer"}, down, nil},
	{"kill redis", kill, []string{"redis"}, down, nil},
	{"kill postgres", kill, []string{"postgres"}, down, nil},
	{"empty redis", empty, []string{"redis"}, [2]time.Duration{}, nil},
	{"latency", poison, allLinks, disturb, func(r *rand.Rand) trial.Toxic {
		ms := between(r, 50, 500)
		return trial.Toxic{Type: "latency", Stream: either(r), Attributes: map[string]int{"latency": ms, "jitter": ms / 4}}
	}},
	// The first bytes of an answer end the connection: whatever it was, it was done.
	{"reset", poison, allLinks, disturb, func(*rand.Rand) trial.Toxic {
		return trial.Toxic{Type: "reset_peer", Stream: "downstream", Attributes: map[string]int{"timeout": 0}}
	}},
	{"bandwidth", poison, allLinks, disturb, func(r *rand.Rand) trial.Toxic {
		return trial.Toxic{Type: "bandwidth", Stream: either(r), Attributes: map[string]int{"rate": between(r, 1, 20)}}
	}},
	// Nothing passes any more, and the connections end with it.
	{"hang", poison, allLinks, disturb, func(r *rand.Rand) trial.Toxic {
		return trial.Toxic{Type: "timeout", Stream: either(r), Attributes: map[string]int{"timeout": 0}}
	}},
}

func between(r *rand.Rand, low, high int) int { return low + r.IntN(high-low+1) }

func either(r *rand.Rand) string { return []string{"upstream", "downstream"}[r.IntN(2)] }

// plan draws the faults of a run: rounds of one or two, one to five seconds
// apart, each kind once before any comes again.
func plan(seed uint64, duration time.Duration) (rounds []round) {
	rng := rand.New(rand.NewPCG(seed, 0))
	var deck []int
	for at := pause(rng); at < duration; at += pause(rng) {
		r := round{at: at}
		for range 1 + rng.IntN(2) {
			if len(deck) == 0 {
				deck = rng.Perm(len(kinds))
			}
			if len(r.faults) == 1 && kinds[deck[0]].name == r.faults[0].kind {
				continue // a new deck begins with what the last one ended with: not twice at once
			}
			r.faults = append(r.faults, kinds[deck[0]].draw(rng))
			deck = deck[1:]
		}
		rounds = append(rounds, r)
	}
	return rounds
}

func pause(rng *rand.Rand) time.Duration {
	return time.Second + time.Duration(rng.Int64N(int64(4*time.Second)))
}

func (k kind) draw(rng *rand.Rand) fault {
	f := fault{act: k.act, kind: k.name, target: k.targets[rng.IntN(len(k.targets))]}
	if span := k.hold[1] - k.hold[0]; span > 0 {
		f.hold = k.hold[0] + time.Duration(rng.Int64N(int64(span)))
	}
	if k.toxic != nil {
		f.toxic = k.toxic(rng)
	}
	return f
}
