//go:build integration

package cache_test

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"aforro/pkg/cache"
	"aforro/pkg/testkit"
)

func mustOpen(tb testing.TB, redisURL string) *cache.Cache {
	tb.Helper()
	c, err := cache.Open(redisURL, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := c.Close(); err != nil {
			tb.Error(err)
		}
	})
	return c
}

func TestWhatIsSetIsGot(t *testing.T) {
	t.Parallel()
	c := mustOpen(t, testkit.Redis(t))
	ctx := t.Context()
	if _, _, found := c.Get(ctx, "k"); found {
		t.Error("found what was never set")
	}
	var value []byte
	var age time.Duration
	testkit.Eventually(t, 10*time.Second, "a value is kept", func() (found bool) {
		c.Set("k", []byte("v"), time.Minute)
		value, age, found = c.Get(ctx, "k")
		return found
	})
	if string(value) != "v" || age > 10*time.Second {
		t.Errorf("got %q, %s", value, age)
	}
	c.Set("big", bytes.Repeat([]byte("x"), cache.MaxValue+1), time.Minute)
	c.Set("never", []byte("v"), 0)
	c.Set("forever", []byte("v"), cache.MaxTTL+1)
	for n := range 200 {
		c.Set(strconv.Itoa(n), []byte("v"), time.Minute)
	}
	// They are stored in the order in which they came.
	testkit.Eventually(t, 10*time.Second, "the last value is kept", func() bool {
		_, _, found := c.Get(ctx, "199")
		return found
	})
	for _, key := range []string{"big", "never", "forever"} {
		if _, _, found := c.Get(ctx, key); found {
			t.Errorf("%s was kept", key)
		}
	}
}

func TestAnAddressIsLimited(t *testing.T) {
	t.Parallel()
	c := mustOpen(t, testkit.Redis(t))
	for i := range 5 {
		if ok, _ := c.Allow(t.Context(), "192.0.2.1", 5); !ok {
			t.Errorf("request %d of 5 was refused", i+1)
		}
	}
	if ok, wait := c.Allow(t.Context(), "192.0.2.1", 5); ok || wait <= 0 {
		t.Errorf("the sixth: %t, wait %s", ok, wait)
	}
	if ok, _ := c.Allow(t.Context(), "192.0.2.2", 5); !ok {
		t.Error("another address was refused")
	}
}

// What a search pays while Redis is away: three operations, the first of which
// may wait, in at most 50 ms together. The best of some first meetings counts:
// a machine that runs other tests adds delays of its own.
func TestRedisAwayCostsLittle(t *testing.T) {
	t.Parallel()
	for name, addr := range map[string]string{"refused": closedPort(t), "silent": silentPort(t)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first, later := time.Minute, time.Minute
			for range 5 {
				c := mustOpen(t, "redis://"+addr)
				first = min(first, timed(func() { once(t.Context(), t, c) }))
				later = min(later, timed(func() { once(t.Context(), t, c) }))
			}
			if first > 50*time.Millisecond || later > 5*time.Millisecond {
				t.Errorf("the first took %s, one after it %s", first, later)
			}
		})
	}
}

func timed(do func()) time.Duration {
	begun := time.Now()
	do()
	return time.Since(begun)
}

func once(ctx context.Context, tb testing.TB, c *cache.Cache) {
	tb.Helper()
	if ok, _ := c.Allow(ctx, "192.0.2.1", 1); !ok {
		tb.Error("refused while Redis is away")
	}
	if _, _, found := c.Get(ctx, "k"); found {
		tb.Error("found while Redis is away")
	}
	c.Set("k", []byte("v"), time.Minute)
}

func TestRedisComesBack(t *testing.T) {
	t.Parallel()
	target, err := url.Parse(testkit.Redis(t))
	if err != nil {
		t.Fatal(err)
	}
	proxy := testkit.NewProxy(t, target.Host)
	target.Host = proxy.Addr
	c := mustOpen(t, target.String())
	stored := func() bool {
		c.Set("k", []byte("v"), time.Minute)
		_, _, found := c.Get(t.Context(), "k")
		return found
	}
	testkit.Eventually(t, 10*time.Second, "a value is kept", stored)
	proxy.Cut()
	if stored() {
		t.Error("a value was kept without Redis")
	}
	proxy.Heal()
	testkit.Eventually(t, 10*time.Second, "a value is kept again", stored)
}

func closedPort(tb testing.TB) string {
	tb.Helper()
	l := mustListen(tb)
	addr := l.Addr().String()
	if err := l.Close(); err != nil {
		tb.Fatal(err)
	}
	return addr
}

// silentPort takes connections (the kernel does) and never answers.
func silentPort(tb testing.TB) string {
	tb.Helper()
	l := mustListen(tb)
	tb.Cleanup(func() {
		if err := l.Close(); err != nil {
			tb.Error(err)
		}
	})
	return l.Addr().String()
}

func mustListen(tb testing.TB) net.Listener {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	return l
}
