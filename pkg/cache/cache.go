package cache

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/go-redis/redis_rate/v10"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

const (
	// opTimeout bounds one operation, connecting included.
	opTimeout = 30 * time.Millisecond
	// poolSize bounds the connections of one process.
	poolSize = 32
	// prefix keeps our keys apart from those of others in the same database.
	prefix = "aforro:cache:"
	// MaxValue is the largest value kept, in bytes.
	MaxValue = 512 << 10
	// MaxTTL is the longest that a value is kept.
	MaxTTL = 24 * time.Hour
)

// Cache is one Redis database used as a cache and as a counter of requests.
type Cache struct {
	rdb     *redis.Client
	limiter *redis_rate.Limiter
	breaker breaker
	room    *room
	log     *slog.Logger
	asked   *prometheus.CounterVec
	// sets wait to be stored by the writer, which is told by stop and says by stopped.
	sets          chan set
	stop, stopped chan struct{}
}

// Open prepares a client; it connects on first use, so Redis may be away.
// Close it at the end.
func Open(url string, log *slog.Logger, metrics prometheus.Registerer) (*Cache, error) {
	opts, err := redis.ParseURL(url)
	if err != nil {
		return nil, errors.New("read the URL of the cache's Redis: it is not valid")
	}
	opts.MaxRetries = -1
	opts.DialTimeout, opts.ReadTimeout, opts.WriteTimeout, opts.PoolTimeout = opTimeout, opTimeout, opTimeout, opTimeout
	opts.DialerRetries = 1
	opts.ContextTimeoutEnabled = true
	opts.PoolSize = poolSize
	opts.DisableIdentity = true
	opts.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	c := &Cache{rdb: redis.NewClient(opts), room: newRoom(maxKept), log: log}
	c.limiter = redis_rate.NewLimiter(c.rdb)
	c.asked = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "aforro_cache_operations_total",
		Help: "Operations on the cache by outcome; skipped: Redis is being left alone after a failure; full: this process keeps as much as it may.",
	}, []string{"operation", "outcome"})
	if err := metrics.Register(c.asked); err != nil {
		return nil, fmt.Errorf("register the cache's metrics: %w", err)
	}
	c.sets, c.stop, c.stopped = make(chan set, mostSets), make(chan struct{}), make(chan struct{})
	go c.write()
	return c, nil
}

// Close ends every connection. What was not stored yet is not.
func (c *Cache) Close() error {
	close(c.stop)
	<-c.stopped
	if err := c.rdb.Close(); err != nil {
		return fmt.Errorf("close the cache: %w", err)
	}
	return nil
}

// stampSize is the length of what stands before a value: when it was stored,
// in Unix milliseconds.
const stampSize = 8

// Get returns the value stored under key and how long ago that was. It reports
// false when there is none and when Redis is away.
func (c *Cache) Get(ctx context.Context, key string) (value []byte, age time.Duration, found bool) {
	var raw []byte
	got := c.try(ctx, "get", func(ctx context.Context) (err error) {
		raw, err = c.rdb.Get(ctx, prefix+key).Bytes()
		return err
	})
	if !got || len(raw) < stampSize {
		return nil, 0, false
	}
	stored := time.UnixMilli(int64(binary.BigEndian.Uint64(raw)))
	return raw[stampSize:], max(0, time.Since(stored)), true
}

// Set stores a value for ttl, in a moment: nobody waits for it. A value over
// MaxValue is not kept, nor is one whose ttl is not between a millisecond and MaxTTL,
// nor one for which this process has no room left.
func (c *Cache) Set(key string, value []byte, ttl time.Duration) {
	if len(value) > MaxValue || ttl < time.Millisecond || ttl > MaxTTL {
		return
	}
	if !c.room.take(time.Now(), int64(len(value)), ttl) {
		c.asked.WithLabelValues("set", "full").Inc()
		return
	}
	raw := make([]byte, stampSize, stampSize+len(value))
	binary.BigEndian.PutUint64(raw, uint64(time.Now().UnixMilli()))
	select {
	case c.sets <- set{prefix + key, append(raw, value...), ttl}:
	default:
		c.asked.WithLabelValues("set", "full").Inc()
	}
}

// try runs one bounded operation through the breaker and reports whether it
// gave something. Its outcome is counted; what is wrong with Redis is logged
// when it begins and when it ends. redis.Nil is an answer, though an empty one.
func (c *Cache) try(ctx context.Context, operation string, do func(context.Context) error) bool {
	if !c.breaker.allow(time.Now()) {
		c.asked.WithLabelValues(operation, "skipped").Inc()
		return false
	}
	bounded, cancel := context.WithTimeout(ctx, opTimeout)
	defer cancel()
	err := do(bounded)
	switch {
	case err == nil || errors.Is(err, redis.Nil):
		c.asked.WithLabelValues(operation, outcome(err)).Inc()
		if c.breaker.worked() {
			c.log.Info("the cache is back")
		}
	case ctx.Err() != nil:
		// The caller has gone; that says nothing about Redis.
		c.asked.WithLabelValues(operation, "abandoned").Inc()
	default:
		c.asked.WithLabelValues(operation, "failed").Inc()
		if c.breaker.failed(time.Now()) {
			c.log.Warn("the cache is away, going on without", "operation", operation, "error", err)
		}
	}
	return err == nil
}

func outcome(err error) string {
	if err != nil {
		return "missing"
	}
	return "done"
}
