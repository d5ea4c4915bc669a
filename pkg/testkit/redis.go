package testkit

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"testing"

	"github.com/redis/go-redis/v9"
)

// Redis returns the URL of an empty Redis database of the test's own: asynq
// has no key prefix, so tests are kept apart by database number.
func Redis(tb testing.TB) string {
	tb.Helper()
	server := mustEnv(tb, EnvRedis)
	shared := RedisClient(tb, server)
	ctx := tb.Context()
	limits, err := shared.ConfigGet(ctx, "databases").Result()
	if err != nil {
		tb.Fatalf("ask Redis for its databases: %v", err)
	}
	most, err := strconv.ParseInt(limits["databases"], 10, 64)
	if err != nil || most < 2 {
		tb.Fatalf("Redis has %q databases; tests need several", limits["databases"])
	}
	n, err := shared.Incr(ctx, "aforro:test:databases").Result()
	if err != nil {
		tb.Fatalf("take a Redis database: %v", err)
	}
	u, err := url.Parse(server)
	if err != nil {
		tb.Fatalf("%s is not a URL: %v", EnvRedis, err)
	}
	u.Path = fmt.Sprintf("/%d", 1+n%(most-1))
	own := RedisClient(tb, u.String())
	if err := own.FlushDB(ctx).Err(); err != nil {
		tb.Fatalf("empty a Redis database: %v", err)
	}
	return u.String()
}

// RedisClient connects a test to Redis to look and to meddle with.
func RedisClient(tb testing.TB, redisURL string) *redis.Client {
	tb.Helper()
	opts, err := redis.ParseURL(redisURL)
	if err != nil {
		tb.Fatalf("read the Redis URL: %v", err)
	}
	c := redis.NewClient(opts)
	tb.Cleanup(func() {
		if err := c.Close(); err != nil {
			tb.Logf("close a Redis client: %v", err)
		}
	})
	if err := c.Ping(context.Background()).Err(); err != nil {
		tb.Fatalf("reach Redis: %v", err)
	}
	return c
}
