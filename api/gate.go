package api

import (
	"context"
	"sync/atomic"
	"time"

	"aforro/pkg/fault"
)

const (
	// searchSlots is how many searches one process has under way at the engine;
	// more would only queue there.
	searchSlots = 64
	// searchQueue is how many may wait for a slot before callers are sent away.
	searchQueue = 512
	// searchTimeout bounds a search, waiting included, so that callers hear of
	// an absent engine within 2 s.
	searchTimeout = 1800 * time.Millisecond
)

// gate lets so many in at once and keeps so many waiting.
type gate struct {
	slots   chan struct{}
	waiting atomic.Int64
	most    int64
}

func newGate(slots, queue int) *gate {
	return &gate{slots: make(chan struct{}, slots), most: int64(queue)}
}

// enter takes a slot, which leave gives back. It returns fault.Unavailable when
// too many wait already or ctx ends first.
func (g *gate) enter(ctx context.Context) error {
	select {
	case g.slots <- struct{}{}:
		return nil
	default:
	}
	if g.waiting.Add(1) > g.most {
		g.waiting.Add(-1)
		return busy(nil)
	}
	defer g.waiting.Add(-1)
	select {
	case g.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return busy(ctx.Err())
	}
}

func (g *gate) leave() { <-g.slots }

// gated runs what asks the engine within the gate and the time that a search has.
func gated[T any](ctx context.Context, g *gate, ask func(ctx context.Context) (T, error)) (answer T, err error) {
	ctx, cancel := context.WithTimeout(ctx, searchTimeout)
	defer cancel()
	if err := g.enter(ctx); err != nil {
		return answer, err
	}
	defer g.leave()
	return ask(ctx)
}

func busy(cause error) error {
	f := fault.Wrap(cause, fault.Unavailable, "too many searches at once, try again shortly")
	f.RetryAfter = time.Second
	return f
}
