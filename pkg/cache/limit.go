package cache

import (
	"context"
	"time"

	"github.com/go-redis/redis_rate/v10"
)

// Allow counts one request of who against perMinute, and reports false and how
// long to wait when that is exceeded. A full minute's worth may come at once.
// While Redis is away everybody is let in.
func (c *Cache) Allow(ctx context.Context, who string, perMinute int) (allowed bool, wait time.Duration) {
	var result *redis_rate.Result
	counted := c.try(ctx, "limit", func(ctx context.Context) (err error) {
		result, err = c.limiter.Allow(ctx, "aforro:"+who, redis_rate.PerMinute(perMinute))
		return err
	})
	if !counted || result.Allowed > 0 {
		return true, 0
	}
	return false, result.RetryAfter
}
