package cache

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// mostSets is how many values wait to be stored at most, and mostBatch how many
	// are stored at once.
	mostSets, mostBatch = 512, 64
	// mostBatchBytes ends a batch early: it has no longer than other operations.
	mostBatchBytes = 1 << 20
	// gather is the least time between two batches: many values cost little more than
	// one.
	gather = 5 * time.Millisecond
)

// set is a value on its way to Redis.
type set struct {
	key   string
	value []byte
	ttl   time.Duration
}

// write stores what comes, in batches, until the cache is closed.
func (c *Cache) write() {
	defer close(c.stopped)
	pause := time.NewTimer(0)
	defer pause.Stop()
	for {
		select {
		case <-c.stop:
			return
		case <-pause.C:
		}
		select {
		case <-c.stop:
			return
		case first := <-c.sets:
			c.store(first)
		}
		pause.Reset(gather)
	}
}

// store stores a value and others that wait.
func (c *Cache) store(first set) {
	c.try(context.Background(), "set", func(ctx context.Context) error {
		_, err := c.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
			p.Set(ctx, first.key, first.value, first.ttl)
			for n, bytes := 1, len(first.value); n < mostBatch && bytes < mostBatchBytes; n++ {
				select {
				case s := <-c.sets:
					p.Set(ctx, s.key, s.value, s.ttl)
					bytes += len(s.value)
				default:
					return nil
				}
			}
			return nil
		})
		return err
	})
}
