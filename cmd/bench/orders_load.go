package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"aforro/pkg/lifecycle"
)

// pace says how long orders are measured: so many rounds, each with a warm-up
// that does not count.
type pace struct {
	rounds       int
	warm, length time.Duration
}

// answers are what one load's clients were told. The rate and the latencies
// (of all answers, sorted) are of the measured time; the counts are of
// everything that was sent.
type answers struct {
	result
	confirmed, accepted, rejected int64
	// late counts the orders of an open loop that no connection was free for at
	// their time.
	late int64
}

// add counts the other's answers too.
func (a *answers) add(b answers) {
	a.confirmed += b.confirmed
	a.accepted += b.accepted
	a.rejected += b.rejected
	a.late += b.late
	a.failed += b.failed
	if a.firstFail == "" {
		a.firstFail = b.firstFail
	}
}

// count takes in one answer. latency is negative outside of the measured time.
func (a *answers) count(what answer, err error, latency time.Duration) {
	switch {
	case err != nil:
		if a.failed++; a.firstFail == "" {
			a.firstFail = err.Error()
		}
		return
	case what == confirmed:
		a.confirmed++
		if latency >= 0 {
			a.perSecond++ // divided in the end
		}
	case what == rejected:
		a.rejected++
	case what == accepted:
		a.accepted++
	}
	if latency >= 0 {
		a.latencies = append(a.latencies, latency)
	}
}

// sender is one connection of a load: it sends until it is told no more.
type sender func(ctx context.Context, c *client, next draw, own *answers)

// together runs as many senders at once and adds up what they were told.
func together(ctx context.Context, connections int, length time.Duration, addr string, draws func(stream uint64) draw, send sender) (answers, error) {
	var all answers
	var mu sync.Mutex
	var wg sync.WaitGroup
	var closed []error
	seed := rand.Uint64() // keys must be new; what is ordered is drawn by draws
	for i := range connections {
		wg.Go(func() {
			var own answers
			c := newClient(addr, seed, uint64(i))
			send(ctx, c, draws(uint64(i)), &own)
			err := c.close()
			mu.Lock()
			defer mu.Unlock()
			closed = append(closed, err)
			all.add(own)
			all.perSecond += own.perSecond / length.Seconds()
			all.latencies = append(all.latencies, own.latencies...)
		})
	}
	wg.Wait()
	slices.Sort(all.latencies)
	return all, errors.Join(append(closed, ctx.Err())...)
}

// closedLoop keeps all connections busy: each sends its next order when the one
// before is answered, and none is left without an answer in the end.
func closedLoop(ctx context.Context, addr string, connections int, p pace, draws func(stream uint64) draw) (answers, error) {
	from := time.Now().Add(p.warm)
	until := from.Add(p.length)
	return together(ctx, connections, p.length, addr, draws, func(ctx context.Context, c *client, next draw, own *answers) {
		for sent := time.Now(); sent.Before(until) && ctx.Err() == nil; {
			what, err := c.place(ctx, next())
			now := time.Now()
			latency := now.Sub(sent)
			if now.Before(from) || now.After(until) {
				latency = -1
			}
			own.count(what, err, latency)
			if err != nil {
				return // one failure fails the run
			}
			sent = now
		}
	})
}

// openLoop sends each order at its time, whatever became of the ones before:
// schedule holds the times from the beginning on, ascending. A latency counts
// from the scheduled time, so that an order that has to wait for its sending is
// as late as its client would find it.
func openLoop(ctx context.Context, addr string, connections int, p pace, schedule []time.Duration, draws func(stream uint64) draw) (answers, error) {
	var taken atomic.Int64
	begun := time.Now()
	return together(ctx, connections, p.length, addr, draws, func(ctx context.Context, c *client, next draw, own *answers) {
		for ctx.Err() == nil {
			i := taken.Add(1) - 1
			if i >= int64(len(schedule)) {
				return
			}
			due := begun.Add(schedule[i])
			if wait := time.Until(due); wait <= 0 {
				own.late++
			} else if lifecycle.Sleep(ctx, wait) != nil {
				return
			}
			what, err := c.place(ctx, next())
			latency := time.Since(due)
			if schedule[i] < p.warm {
				latency = -1
			}
			own.count(what, err, latency)
			if err != nil {
				return
			}
		}
	})
}

// poisson is a schedule of independent clients, so many a second on average.
func poisson(perSecond float64, length time.Duration, seed uint64) []time.Duration {
	rng := rand.New(rand.NewPCG(seed, 0))
	var schedule []time.Duration
	for at := 0.0; ; {
		at += rng.ExpFloat64() / perSecond
		if at >= length.Seconds() {
			return schedule
		}
		schedule = append(schedule, time.Duration(at*float64(time.Second)))
	}
}

// steady is a schedule of even steps, the first order after one.
func steady(perSecond float64, length time.Duration) []time.Duration {
	schedule := make([]time.Duration, int(perSecond*length.Seconds()))
	for i := range schedule {
		schedule[i] = time.Duration(float64(i+1) / perSecond * float64(time.Second))
	}
	return schedule
}
