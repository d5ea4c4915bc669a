package queue

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"aforro/pkg/order"
)

// The queues. Decisions have their own, so that confirmations, which nobody
// waits for, never hold them up.
const (
	queueDecide  = "orders"
	queueConfirm = "confirmations"
)

const (
	// maxRetry is how often a task is tried again. An order whose task is given
	// up is found by the sweeper.
	maxRetry = 10
	// taskTimeout bounds one try.
	taskTimeout = 30 * time.Second
)

// kind is how tasks of one kind are queued.
type kind struct{ name, queue, prefix string }

var (
	decideKind  = kind{order.TaskDecide, queueDecide, "order:"}
	confirmKind = kind{order.TaskConfirm, queueConfirm, "confirmation:"}
)

func (k kind) taskID(id int64) string { return k.prefix + strconv.FormatInt(id, 10) }

// Client puts tasks into the queue and announces decisions. It is safe for use
// by many goroutines.
type Client struct {
	rdb       *redis.Client
	tasks     *asynq.Client
	inspector *asynq.Inspector
	breaker   *breaker
	channel   string
}

// Open prepares a client for the Redis at url; it connects on first use, so
// that a process starts while Redis is away. Close it at the end.
func Open(url string, log *slog.Logger) (*Client, error) {
	o, err := parse(url)
	if err != nil {
		return nil, err
	}
	rdb := forCalls(o)
	c := &Client{rdb: rdb, channel: channelOf(o),
		tasks: asynq.NewClientFromRedisClient(rdb), inspector: asynq.NewInspectorFromRedisClient(rdb)}
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

// Enqueue asks a worker to decide an order. An order that is queued already is
// queued once; what is left of an earlier task that was given up is removed.
// fault.Unavailable while Redis is away.
func (c *Client) Enqueue(ctx context.Context, id int64) error { return c.enqueue(ctx, decideKind, id) }

// EnqueueConfirmation asks a worker to tell of an order's decision, in the
// manner of Enqueue.
func (c *Client) EnqueueConfirmation(ctx context.Context, id int64) error {
	return c.enqueue(ctx, confirmKind, id)
}

func (c *Client) enqueue(ctx context.Context, k kind, id int64) error {
	taken, err := c.put(ctx, k, id)
	if err != nil || !taken {
		return err
	}
	working, err := c.working(ctx, k, id)
	if err != nil || working {
		return err
	}
	_, err = c.put(ctx, k, id)
	return err
}

// put enqueues once and reports whether the task id was taken.
func (c *Client) put(ctx context.Context, k kind, id int64) (taken bool, err error) {
	task := asynq.NewTask(k.name, []byte(strconv.FormatInt(id, 10)))
	err = c.breaker.do(ctx, func(ctx context.Context) error {
		_, err := c.tasks.EnqueueContext(ctx, task, asynq.Queue(k.queue), asynq.TaskID(k.taskID(id)),
			asynq.MaxRetry(maxRetry), asynq.Timeout(taskTimeout), asynq.Retention(0))
		if taken = errors.Is(err, asynq.ErrTaskIDConflict); taken {
			return nil
		}
		return err
	})
	return taken, err
}

// Working reports whether a task to decide the order is queued, waiting for a
// retry, or being worked on as far as Redis knows. A task that was given up or
// completed is removed, so that it does not block the next.
func (c *Client) Working(ctx context.Context, id int64) (bool, error) {
	return c.working(ctx, decideKind, id)
}

func (c *Client) working(ctx context.Context, k kind, id int64) (working bool, err error) {
	err = c.breaker.do(ctx, func(ctx context.Context) error {
		info, err := c.taskInfo(ctx, k, id)
		switch {
		case errors.Is(err, asynq.ErrTaskNotFound):
			return nil
		case err != nil:
			return err
		case info.State == asynq.TaskStateArchived, info.State == asynq.TaskStateCompleted:
			return c.remove(k, id)
		}
		working = true
		return nil
	})
	return working, err
}

// taskInfo asks for a task. asynq tells of a queue's name once in a process's
// life and then refuses to look into a queue that it does not find in its list;
// a Redis that was emptied has no list any more, so it is told again.
func (c *Client) taskInfo(ctx context.Context, k kind, id int64) (*asynq.TaskInfo, error) {
	info, err := c.inspector.GetTaskInfo(k.queue, k.taskID(id))
	if !errors.Is(err, asynq.ErrQueueNotFound) {
		return info, err
	}
	if err := c.rdb.SAdd(ctx, "asynq:queues", k.queue).Err(); err != nil {
		return nil, fmt.Errorf("tell asynq of queue %s: %w", k.queue, err)
	}
	return c.inspector.GetTaskInfo(k.queue, k.taskID(id))
}

func (c *Client) remove(k kind, id int64) error {
	err := c.inspector.DeleteTask(k.queue, k.taskID(id))
	if errors.Is(err, asynq.ErrTaskNotFound) {
		return nil
	}
	return err
}

// Announce tells whoever waits that the orders have been decided. It is a best
// effort: those who wait also look into the database.
func (c *Client) Announce(ctx context.Context, ids ...int64) error {
	text := make([]string, len(ids))
	for i, id := range ids {
		text[i] = strconv.FormatInt(id, 10)
	}
	return c.breaker.do(ctx, func(ctx context.Context) error {
		return c.rdb.Publish(ctx, c.channel, strings.Join(text, ",")).Err()
	})
}
