package lifecycle

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"
)

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

// recorder notes the order in which parts stop.
type recorder struct {
	mu      sync.Mutex
	stopped []string
}

func (r *recorder) part(name string) Part {
	return Part{Name: name, Run: func(ctx context.Context) error {
		<-ctx.Done()
		r.mu.Lock()
		defer r.mu.Unlock()
		r.stopped = append(r.stopped, name)
		return nil
	}}
}

func TestPartsStopInOrder(t *testing.T) {
	t.Parallel()
	var r recorder
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := Group{Parts: []Part{r.part("api"), r.part("worker"), r.part("indexer")}, Log: quiet}.Run(ctx)
	if got := strings.Join(r.stopped, " "); err != nil || got != "api worker indexer" {
		t.Errorf("stopped %q, %v", got, err)
	}
}

func TestAFailedPartEndsTheGroup(t *testing.T) {
	t.Parallel()
	var r recorder
	boom := errors.New("boom")
	parts := []Part{r.part("api"), {Name: "bad", Run: func(context.Context) error { return boom }}}
	err := Group{Parts: parts, Log: quiet}.Run(t.Context())
	if !errors.Is(err, boom) || len(r.stopped) != 1 {
		t.Errorf("got %v, stopped %v", err, r.stopped)
	}
}

func TestAPartThatHangsIsNamed(t *testing.T) {
	t.Parallel()
	forever := make(chan struct{})
	t.Cleanup(func() { close(forever) })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	parts := []Part{{Name: "stuck", Run: func(context.Context) error { <-forever; return nil }}}
	err := Group{Parts: parts, Grace: time.Millisecond, Log: quiet}.Run(ctx)
	if err == nil || !strings.Contains(err.Error(), "stuck did not stop") {
		t.Errorf("got %v", err)
	}
}

func TestBackoffStaysInBounds(t *testing.T) {
	t.Parallel()
	for n := range 100 {
		d := Backoff(n, 10*time.Millisecond, time.Second)
		if d < 5*time.Millisecond || d > time.Second {
			t.Errorf("try %d waits %s", n, d)
		}
	}
}
