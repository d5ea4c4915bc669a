package queue

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"aforro/pkg/fault"
)

func TestBreaker(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var away atomic.Bool
		away.Store(true)
		ask := func(ctx context.Context) error {
			if away.Load() {
				<-ctx.Done()
				return ctx.Err()
			}
			return nil
		}
		b := newBreaker(ask, slog.New(slog.DiscardHandler))
		defer b.close()
		begun := time.Now()
		if err := b.do(t.Context(), ask); !fault.Is(err, fault.Unavailable) || time.Since(begun) != callTimeout {
			t.Errorf("the first call: %v after %s", err, time.Since(begun))
		}
		begun = time.Now()
		if err := b.do(t.Context(), ask); !fault.Is(err, fault.Unavailable) || time.Since(begun) != 0 {
			t.Errorf("the second call: %v after %s", err, time.Since(begun))
		}
		away.Store(false)
		<-time.After(probeMost + callTimeout)
		if err := b.do(t.Context(), ask); err != nil {
			t.Errorf("after Redis came back: %v", err)
		}
	})
}

func TestBreakerLetsACallersOwnEndPass(t *testing.T) {
	t.Parallel()
	b := newBreaker(func(context.Context) error { return errors.New("not asked") }, slog.New(slog.DiscardHandler))
	defer b.close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.do(ctx, func(ctx context.Context) error { return ctx.Err() }); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if b.isOpen() {
		t.Error("a caller that gave up opened the breaker")
	}
}
