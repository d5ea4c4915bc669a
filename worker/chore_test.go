package worker

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// A chore that fails is tried again, and the outage is logged once.
func TestAChoreOutlivesAnOutage(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	c := &chore{name: "count", every: time.Millisecond, log: slog.New(slog.NewTextHandler(&log, nil))}
	ctx, cancel := context.WithCancel(t.Context())
	done := 0
	c.run(ctx, func(ctx context.Context) (bool, error) {
		done++
		if _, bounded := ctx.Deadline(); !bounded {
			t.Error("it may take for ever")
		}
		switch {
		case done == 8:
			cancel()
			return false, ctx.Err()
		case done >= 2 && done <= 5:
			return false, errors.New("away")
		}
		return false, nil
	})
	if got := log.String(); done != 8 || strings.Count(got, "level=WARN") != 1 || strings.Count(got, "level=INFO") != 1 {
		t.Errorf("done %d times: %s", done, got)
	}
}

func TestAChoreGoesOnWhileThereIsMore(t *testing.T) {
	t.Parallel()
	c := &chore{name: "count", every: time.Hour, log: slog.New(slog.DiscardHandler)}
	ctx, cancel := context.WithCancel(t.Context())
	done := 0
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		c.run(ctx, func(context.Context) (bool, error) {
			if done++; done == 5 {
				cancel()
			}
			return true, nil
		})
	}()
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Fatal("it waits although there is more to do")
	}
	if done != 5 {
		t.Errorf("done %d times", done)
	}
}
