package queue

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"aforro/pkg/crash"
	"aforro/pkg/order"
)

// The queues. Decisions have their own, so that confirmations, which nobody
// waits for, never hold them up.
const (
	queueDecide  = "orders"
	queueConfirm = "confirmations"
)

const (
	// maxRetry is how often a task is tried again. The orders of a task that is
	// given up are found by the sweeper.
	maxRetry = 10
	// taskTimeout bounds one try.
	taskTimeout = 30 * time.Second
)

// Client puts tasks into the queue and announces decisions. It is safe for use
// by many goroutines.
type Client struct {
	rdb     *redis.Client
	tasks   *asynq.Client
	breaker *breaker
	channel string
}

// Open prepares a client for the Redis at url; it connects on first use, so
// that a process starts while Redis is away. Close it at the end.
func Open(url string, log *slog.Logger) (*Client, error) {
	o, err := parse(url)
	if err != nil {
		return nil, err
	}
	rdb := forCalls(o)
	c := &Client{rdb: rdb, channel: channelOf(o), tasks: asynq.NewClientFromRedisClient(rdb)}
	c.breaker = newBreaker(func(ctx context.Context) error { return rdb.Ping(ctx).Err() }, log)
	return c, nil
}

// Close ends the connections.
func (c *Client) Close() error {
	c.breaker.close()
	if err := c.rdb.Close(); err != nil {
		return fmt.Errorf("close the queue's connections: %w", err)
	}
	return nil
}

// Ping reports whether Redis answers, without waiting for one that is known to
// be away.
func (c *Client) Ping(ctx context.Context) error {
	return c.breaker.do(ctx, func(ctx context.Context) error { return c.rdb.Ping(ctx).Err() })
}

// Enqueue asks a worker to decide orders, with one task for all of them. A task
// has no id of its own: one that was given up, or that a dead worker left behind,
// never keeps an order from being queued again. fault.Unavailable while Redis is
// away.
func (c *Client) Enqueue(ctx context.Context, ids ...int64) error {
	err := c.put(ctx, order.TaskDecide, queueDecide, ids)
	crash.At(crash.EnqueueTried)
	return err
}

// EnqueueConfirmation asks a worker to tell of what happened to orders, in the
// manner of Enqueue.
func (c *Client) EnqueueConfirmation(ctx context.Context, ids ...int64) error {
	err := c.put(ctx, order.TaskConfirm, queueConfirm, ids)
	crash.At(crash.DeliverWoken)
	return err
}

func (c *Client) put(ctx context.Context, kind, queue string, ids []int64) error {
	payload, err := json.Marshal(ids)
	if err != nil {
		return fmt.Errorf("write a task: %w", err)
	}
	return c.breaker.do(ctx, func(ctx context.Context) error {
		_, err := c.tasks.EnqueueContext(ctx, asynq.NewTask(kind, payload), asynq.Queue(queue),
			asynq.MaxRetry(maxRetry), asynq.Timeout(taskTimeout), asynq.Retention(0))
		return err
	})
}

// Announce tells whoever waits what has been decided. It is a best effort: those
// who wait also look into the database.
func (c *Client) Announce(ctx context.Context, decisions []order.Decision) error {
	message, err := json.Marshal(decisions)
	if err != nil {
		return fmt.Errorf("write an announcement: %w", err)
	}
	return c.breaker.do(ctx, func(ctx context.Context) error {
		return c.rdb.Publish(ctx, c.channel, message).Err()
	})
}
