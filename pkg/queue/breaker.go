package queue

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"aforro/pkg/fault"
	"aforro/pkg/lifecycle"
)

// How often a lost Redis is probed.
const probeFirst, probeMost = 50 * time.Millisecond, 500 * time.Millisecond

// breaker keeps callers from waiting for a Redis that is known to be away. It
// opens with the first call that fails, and closes when the probe, which only
// runs while it is open, gets an answer.
type breaker struct {
	probe func(context.Context) error
	log   *slog.Logger

	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu     sync.Mutex
	open   bool
	closed bool
}

func newBreaker(probe func(context.Context) error, log *slog.Logger) *breaker {
	b := &breaker{probe: probe, log: log}
	b.ctx, b.cancel = context.WithCancel(context.Background())
	return b
}

// do calls fn within callTimeout, or not at all while Redis is away. Errors
// are fault.Unavailable.
func (b *breaker) do(ctx context.Context, fn func(context.Context) error) error {
	if b.isOpen() {
		return away(nil)
	}
	bounded, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	err := fn(bounded)
	if err == nil {
		return nil
	}
	if ctx.Err() == nil {
		b.trip(err)
	}
	return away(err)
}

func away(cause error) error {
	f := fault.New(fault.Unavailable, "the queue is not available, try again shortly")
	if cause != nil {
		f = fault.Wrap(cause, f.Code, "%s", f.Message)
	}
	f.RetryAfter = time.Second
	return f
}

func (b *breaker) isOpen() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.open
}

func (b *breaker) trip(cause error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.open || b.closed {
		return
	}
	b.open = true
	b.log.Warn("the queue does not answer; going on without it", "error", cause)
	b.wg.Go(b.heal)
}

func (b *breaker) heal() {
	for n := 0; ; n++ {
		if lifecycle.Sleep(b.ctx, lifecycle.Backoff(n, probeFirst, probeMost)) != nil {
			return
		}
		ctx, cancel := context.WithTimeout(b.ctx, callTimeout)
		err := b.probe(ctx)
		cancel()
		if err == nil {
			break
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.open = false
	b.log.Info("the queue answers again")
}

// close ends the probe.
func (b *breaker) close() {
	b.mu.Lock()
	b.closed = true
	b.mu.Unlock()
	b.cancel()
	b.wg.Wait()
}
