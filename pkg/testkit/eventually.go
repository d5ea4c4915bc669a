package testkit

import (
	"testing"
	"time"
)

// Eventually asks ok every few milliseconds until it says true, and fails the
// test with what was awaited when it does not within the time.
func Eventually(tb testing.TB, within time.Duration, what string, ok func() bool) {
	tb.Helper()
	deadline := time.NewTimer(within)
	defer deadline.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		if ok() {
			return
		}
		select {
		case <-deadline.C:
			tb.Fatalf("not within %s: %s", within, what)
		case <-tick.C:
		}
	}
}
