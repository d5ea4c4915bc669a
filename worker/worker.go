package worker

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"aforro/pkg/order"
)

// Orders is what the worker needs of the database.
type Orders interface {
	order.Decisions
	// PendingOrders lists PENDING orders that were saved at least olderThan ago,
	// by id, from the first above afterID.
	PendingOrders(ctx context.Context, olderThan time.Duration, afterID int64, limit int) ([]order.Waiting, error)
}

// Queue is what the worker needs of the queue. Every call fails at once while
// the queue is known to be away.
type Queue interface {
	Announce(ctx context.Context, decisions []order.Decision) error
	EnqueueConfirmation(ctx context.Context, ids ...int64) error
}

// Server runs handlers, by kind of task, until ctx ends; then it finishes or
// hands back what it holds and returns nil.
type Server interface {
	Serve(ctx context.Context, handlers map[string]func(ctx context.Context, ids []int64) error) error
}

// Options are what a worker is made of. Orders, Holds, Queue, Server, Log and
// Metrics are needed; a zero duration means the default.
type Options struct {
	Orders  Orders
	Holds   Holds
	Queue   Queue
	Server  Server
	Log     *slog.Logger
	Metrics prometheus.Registerer

	// SweepEvery is how often lost orders are looked for; default 1 s.
	SweepEvery time.Duration
	// RedriveAfter is how old a PENDING order is before the sweeper decides it,
	// whatever became of its task; default 1 s.
	RedriveAfter time.Duration
	// ExpireEvery is how often reservations whose time is over are given back;
	// default 1 s.
	ExpireEvery time.Duration
	// ForgetEvery is how often old idempotency keys are forgotten; default 1 h.
	ForgetEvery time.Duration

	// Deliver says how customers and other systems are told; without an Outbox
	// nobody is.
	Deliver DelivererOptions

	// Books are audited every AuditEvery; 0 is never.
	Books      Books
	AuditEvery time.Duration
}

func (o Options) withDefaults() Options {
	set := func(d *time.Duration, to time.Duration) {
		if *d <= 0 {
			*d = to
		}
	}
	set(&o.SweepEvery, time.Second)
	set(&o.RedriveAfter, time.Second)
	set(&o.ExpireEvery, time.Second)
	set(&o.ForgetEvery, time.Hour)
	return o
}

// Worker decides orders. Make one with New.
type Worker struct {
	server    Server
	decider   *order.Decider
	sweeper   *sweeper
	expirer   *expirer
	deliverer *deliverer // nil without an outbox
	auditor   *auditor
}

// New returns a worker that is ready to run.
func New(o Options) *Worker {
	o = o.withDefaults()
	m := newMetrics(o.Metrics)
	f := &follow{queue: o.Queue, metrics: m}
	d := order.NewDecider(o.Orders, f.decided)
	w := &Worker{server: o.Server, decider: d, expirer: newExpirer(o, m), auditor: newAuditor(o),
		sweeper: &sweeper{Options: o, decider: d, metrics: m}}
	if o.Deliver.Outbox != nil {
		w.deliverer = newDeliverer(o.Deliver, o.Log, newDeliveryMetrics(o.Metrics))
	}
	return w
}

// handlers are what the worker does with tasks, by kind.
func (w *Worker) handlers() map[string]func(ctx context.Context, ids []int64) error {
	all := map[string]func(ctx context.Context, ids []int64) error{order.TaskDecide: w.decide}
	if w.deliverer != nil {
		all[order.TaskConfirm] = w.deliverer.wake
	}
	return all
}

// Run takes tasks, sweeps, delivers, ends what has a time, and audits, until
// ctx ends; then it stops all of that and returns nil. Only tasks want the queue.
func (w *Worker) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var g errgroup.Group
	g.Go(func() error {
		defer cancel()
		return w.server.Serve(ctx, w.handlers())
	})
	for _, part := range []func(context.Context){w.sweeper.run, w.expirer.expireAll, w.expirer.forgetAll, w.auditor.run} {
		g.Go(func() error {
			part(ctx)
			return nil
		})
	}
	if w.deliverer != nil {
		g.Go(func() error { return w.deliverer.run(ctx) })
	}
	return g.Wait()
}
