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
	// DecidePending decides those of the orders that are PENDING and returns them.
	DecidePending(ctx context.Context, ids ...int64) ([]order.Order, error)
	Order(ctx context.Context, id int64) (order.Order, error)
	PendingOrders(ctx context.Context, olderThan time.Duration, afterID int64, limit int) ([]order.Waiting, error)
	UnannouncedEvents(ctx context.Context, olderThan time.Duration, afterID int64, limit int) ([]order.Waiting, error)
	MarkAnnounced(ctx context.Context, id int64) error
}

// Queue is what the worker needs of the queue. Every call fails at once while
// the queue is known to be away.
type Queue interface {
	Ping(ctx context.Context) error
	Enqueue(ctx context.Context, id int64) error
	EnqueueConfirmation(ctx context.Context, id int64) error
	Working(ctx context.Context, id int64) (bool, error)
	Announce(ctx context.Context, ids ...int64) error
}

// Server runs handlers, by kind of task, until ctx ends; then it finishes or
// hands back what it holds and returns nil.
type Server interface {
	Serve(ctx context.Context, handlers map[string]func(ctx context.Context, id int64) error) error
}

// Options are what a worker is made of. Orders, Queue, Server, Log and Metrics
// are needed; a zero duration means the default.
type Options struct {
	Orders  Orders
	Queue   Queue
	Server  Server
	Log     *slog.Logger
	Metrics prometheus.Registerer

	// Concurrency is how many orders the sweeper works on at once; 0 means 8.
	Concurrency int
	// SweepEvery is how often lost orders are looked for; default 1 s.
	SweepEvery time.Duration
	// RedriveAfter is how old a PENDING order is before it can count as lost;
	// default 1 s. It does not matter while the queue is away.
	RedriveAfter time.Duration
	// DecideAfter is how old a PENDING order is before the sweeper decides it
	// whatever the queue says; default 10 s. It covers tasks that a killed worker
	// left behind as active.
	DecideAfter time.Duration
	// ConfirmAfter is how old a decision is before its confirmation can count as
	// lost; default 5 s. At DecideAfter more it is sent whatever the queue says.
	ConfirmAfter time.Duration

	// Deliver says how customers and other systems are told; without an Outbox
	// nobody is.
	Deliver DelivererOptions
}

func (o Options) withDefaults() Options {
	set := func(d *time.Duration, to time.Duration) {
		if *d <= 0 {
			*d = to
		}
	}
	set(&o.SweepEvery, time.Second)
	set(&o.RedriveAfter, time.Second)
	set(&o.DecideAfter, 10*time.Second)
	set(&o.ConfirmAfter, 5*time.Second)
	if o.Concurrency <= 0 {
		o.Concurrency = 8
	}
	return o
}

// Worker decides orders. Make one with New.
type Worker struct {
	server    Server
	decider   *decider
	confirmer *confirmer
	sweeper   *sweeper
	deliverer *deliverer // nil without an outbox
}

// New returns a worker that is ready to run.
func New(o Options) *Worker {
	o = o.withDefaults()
	m := newMetrics(o.Metrics)
	d := &decider{orders: o.Orders, queue: o.Queue, metrics: m}
	c := &confirmer{orders: o.Orders, log: o.Log, metrics: m}
	w := &Worker{server: o.Server, decider: d, confirmer: c,
		sweeper: &sweeper{Options: o, decide: d.decide, confirm: c.confirm, metrics: m}}
	if o.Deliver.Outbox != nil {
		w.deliverer = newDeliverer(o.Deliver, o.Log, newDeliveryMetrics(o.Metrics))
	}
	return w
}

// confirm handles order:confirmation.
func (w *Worker) confirm(ctx context.Context, id int64) error {
	if w.deliverer != nil {
		if err := w.deliverer.wake(ctx, []int64{id}); err != nil {
			return err
		}
	}
	return w.confirmer.confirm(ctx, id)
}

// Run takes tasks and sweeps until ctx ends, then stops both and returns nil.
// It runs, sweeping, while the queue is away.
func (w *Worker) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var g errgroup.Group
	g.Go(func() error {
		defer cancel()
		return w.server.Serve(ctx, map[string]func(context.Context, int64) error{
			order.TaskDecide:  w.decider.decide,
			order.TaskConfirm: w.confirm,
		})
	})
	g.Go(func() error {
		w.sweeper.run(ctx)
		return nil
	})
	if w.deliverer != nil {
		g.Go(func() error { return w.deliverer.run(ctx) })
	}
	return g.Wait()
}
