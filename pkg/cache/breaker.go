package cache

import (
	"sync/atomic"
	"time"
)

// cooldown is how long Redis is left alone after a failure.
const cooldown = time.Second

// breaker decides whether Redis is asked at all. Closed: always. Open: never,
// until the cooldown has passed; then one caller probes while the rest go on
// without. Its zero value is closed.
type breaker struct {
	// until is when the next probe may go, in Unix nanoseconds; 0 is closed.
	until atomic.Int64
}

// allow reports whether the caller may ask. A caller that may must report.
func (b *breaker) allow(now time.Time) bool {
	until := b.until.Load()
	if until == 0 {
		return true
	}
	return now.UnixNano() >= until && b.until.CompareAndSwap(until, now.Add(cooldown).UnixNano())
}

// failed opens the breaker; it reports whether it was closed before.
func (b *breaker) failed(now time.Time) bool {
	return b.until.Swap(now.Add(cooldown).UnixNano()) == 0
}

// worked closes the breaker; it reports whether it was open before.
func (b *breaker) worked() bool {
	return b.until.Load() != 0 && b.until.Swap(0) != 0
}
