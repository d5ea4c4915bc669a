package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"aforro/pkg/lifecycle"
	"aforro/pkg/order"
)

// quietTime is how long the channel may be silent before Redis is asked
// whether it is still there.
const quietTime = 2 * time.Second

// Decisions hears announcements and wakes those who wait for an order. One for
// a process is enough.
type Decisions struct {
	rdb     *redis.Options
	channel string
	log     *slog.Logger
	live    atomic.Bool

	mu      sync.Mutex
	waiting map[int64][]chan order.Decision
}

// NewDecisions prepares to listen at the Redis of url; Run listens.
func NewDecisions(url string, log *slog.Logger) (*Decisions, error) {
	o, err := parse(url)
	if err != nil {
		return nil, err
	}
	return &Decisions{rdb: o, channel: channelOf(o), log: log, waiting: map[int64][]chan order.Decision{}}, nil
}

// Listen returns a channel that receives the order's decision when it is
// announced, and a function that ends the listening.
func (d *Decisions) Listen(id int64) (<-chan order.Decision, func()) {
	ch := make(chan order.Decision, 1)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.waiting[id] = append(d.waiting[id], ch)
	return ch, func() { d.forget(id, ch) }
}

func (d *Decisions) forget(id int64, ch chan order.Decision) {
	d.mu.Lock()
	defer d.mu.Unlock()
	left := slices.DeleteFunc(d.waiting[id], func(c chan order.Decision) bool { return c == ch })
	if len(left) == 0 {
		delete(d.waiting, id)
		return
	}
	d.waiting[id] = left
}

// Live reports whether announcements arrive at present.
func (d *Decisions) Live() bool { return d.live.Load() }

// Run listens until ctx ends and then returns nil. It waits for a Redis that
// is away.
func (d *Decisions) Run(ctx context.Context) error {
	rdb := forServer(d.rdb)
	defer closeLogged(rdb, d.log)
	for n := 0; ctx.Err() == nil; n++ {
		err := d.session(ctx, rdb)
		if ctx.Err() != nil {
			break
		}
		if d.live.Swap(false) {
			d.log.Warn("announcements of decisions do not arrive; looking into the database instead", "error", err)
			n = 0
		}
		if lifecycle.Sleep(ctx, lifecycle.Backoff(n, probeFirst, probeMost)) != nil {
			break
		}
	}
	d.live.Store(false)
	return nil
}

// session listens on one connection until it fails.
func (d *Decisions) session(ctx context.Context, rdb *redis.Client) error {
	sub := rdb.Subscribe(ctx, d.channel)
	var once sync.Once
	end := func() { once.Do(func() { d.end(sub) }) }
	defer end()
	// A receive does not end with ctx; closing the subscription ends it.
	defer context.AfterFunc(ctx, end)()
	asked := false
	for {
		msg, err := sub.ReceiveTimeout(ctx, quietTime)
		switch {
		case err == nil:
			asked = false
			d.hear(msg)
		case !asked && timedOut(err):
			asked = true
			if err := sub.Ping(ctx); err != nil {
				return fmt.Errorf("ask whether Redis is there: %w", err)
			}
		default:
			return fmt.Errorf("receive announcements: %w", err)
		}
	}
}

func (d *Decisions) end(sub *redis.PubSub) {
	if err := sub.Close(); err != nil {
		d.log.Warn("end a subscription", "error", err)
	}
}

func timedOut(err error) bool {
	var netErr net.Error
	return errors.As(err, &netErr) && netErr.Timeout()
}

func (d *Decisions) hear(msg any) {
	switch m := msg.(type) {
	case *redis.Subscription:
		d.live.Store(true)
	case *redis.Message:
		var decisions []order.Decision
		if err := json.Unmarshal([]byte(m.Payload), &decisions); err != nil {
			d.log.Warn("an announcement cannot be read; looking into the database instead", "error", err)
			return
		}
		d.Tell(decisions)
	}
}

// Tell announces decisions to those who wait in this process.
func (d *Decisions) Tell(decisions []order.Decision) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, decision := range decisions {
		for _, ch := range d.waiting[decision.ID] {
			select {
			case ch <- decision:
			default: // it was told already
			}
		}
	}
}
