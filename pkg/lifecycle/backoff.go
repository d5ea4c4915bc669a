package lifecycle

import (
	"context"
	"math/rand/v2"
	"time"
)

// Backoff is how long to wait before the n-th try (from 0): it doubles from
// first up to most, and half of it is random, so that many do not knock at
// once.
func Backoff(n int, first, most time.Duration) time.Duration {
	d := most
	if n < 30 && first<<n < most {
		d = first << n
	}
	return d/2 + rand.N(d/2+1)
}

// Sleep waits for d or until ctx ends, whose error it returns then.
func Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
