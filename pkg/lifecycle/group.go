package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// Part is one thing that runs as long as the process does.
type Part struct {
	Name string
	// Run blocks until ctx ends, then puts everything away and returns nil. An
	// error ends the whole group.
	Run func(ctx context.Context) error
}

// Group runs parts together. They are stopped one after the other, the first
// part first, so list those that take work in before those that carry it out.
type Group struct {
	Parts []Part
	// Grace bounds the stop of each part; 0 means 15 s.
	Grace time.Duration
	Log   *slog.Logger
}

type running struct {
	Part
	cancel context.CancelFunc
	done   chan struct{}
	err    error
}

// Run starts every part and returns when all have stopped: after ctx ended
// (nil), or after one part failed (its error).
func (g Group) Run(ctx context.Context) error {
	failed := make(chan struct{})
	var once sync.Once
	parts := make([]*running, 0, len(g.Parts))
	for _, p := range g.Parts {
		parts = append(parts, start(ctx, p, func() { once.Do(func() { close(failed) }) }))
	}
	select {
	case <-ctx.Done():
	case <-failed:
	}
	var errs []error
	for _, r := range parts {
		errs = append(errs, g.stop(r))
	}
	return errors.Join(errs...)
}

func start(ctx context.Context, p Part, onEnd func()) *running {
	// A part outlives ctx: it is stopped in its turn, not all at once.
	own, cancel := context.WithCancel(context.WithoutCancel(ctx))
	r := &running{Part: p, cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(r.done)
		r.err = p.Run(own)
		if own.Err() == nil {
			onEnd()
		}
	}()
	return r
}

func (g Group) stop(r *running) error {
	grace := g.Grace
	if grace <= 0 {
		grace = 15 * time.Second
	}
	begun := time.Now()
	r.cancel()
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-r.done:
	case <-timer.C:
		return fmt.Errorf("%s did not stop within %s", r.Name, grace)
	}
	if r.err != nil && !errors.Is(r.err, context.Canceled) {
		return fmt.Errorf("%s: %w", r.Name, r.err)
	}
	g.Log.Debug("stopped", "part", r.Name, "took", time.Since(begun))
	return nil
}
