package cache

import (
	"testing"
	"time"
)

func TestBreakerLetsOneProbeThrough(t *testing.T) {
	t.Parallel()
	var b breaker
	now := time.Unix(1000, 0)
	for range 2 {
		if !b.allow(now) {
			t.Fatal("a closed breaker stops callers")
		}
	}
	if !b.failed(now) || b.failed(now) {
		t.Error("only the first failure opens it")
	}
	if b.allow(now.Add(cooldown / 2)) {
		t.Error("an open breaker lets a caller through")
	}
	later := now.Add(cooldown)
	if !b.allow(later) || b.allow(later) {
		t.Error("after the cooldown exactly one caller probes")
	}
	if !b.worked() || b.worked() {
		t.Error("only the first success closes it")
	}
	for range 2 {
		if !b.allow(later) {
			t.Error("it does not close again")
		}
	}
}
