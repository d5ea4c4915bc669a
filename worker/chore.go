package worker

import (
	"context"
	"log/slog"
	"time"
)

const (
	// choreTime bounds one go at a chore, so that a connection that has fallen
	// silent does not keep it from ever being done again.
	choreTime = 15 * time.Second
	// choreRetry is how soon a chore that failed is tried again, at the latest.
	choreRetry = 30 * time.Second
)

// chore is something that the database has to be asked to do at once and then
// again and again.
type chore struct {
	name  string
	every time.Duration
	log   *slog.Logger
	// failing keeps an outage of the database from being logged every time.
	failing bool
}

// run does it every so often until ctx ends; while there is more to do, without
// a pause.
func (c *chore) run(ctx context.Context, do func(context.Context) (more bool, err error)) {
	for ctx.Err() == nil {
		more, err := c.once(ctx, do)
		c.report(ctx, err)
		pause := c.every
		switch {
		case err != nil:
			pause = min(pause, choreRetry)
		case more:
			pause = 0
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

func (c *chore) once(ctx context.Context, do func(context.Context) (bool, error)) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, choreTime)
	defer cancel()
	return do(ctx)
}

func (c *chore) report(ctx context.Context, err error) {
	switch {
	case ctx.Err() != nil:
		return
	case err != nil && !c.failing:
		c.log.Warn("a chore failed and will be tried again", "chore", c.name, "error", err)
	case err == nil && c.failing:
		c.log.Info("a chore is done again", "chore", c.name)
	}
	c.failing = err != nil
}
