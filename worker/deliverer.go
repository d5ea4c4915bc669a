package worker

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"aforro/pkg/crash"
	"aforro/pkg/lifecycle"
	"aforro/pkg/notify"
)

// Outbox is what the deliverer needs of the database.
type Outbox interface {
	// TakeDeliveries takes what is due, as far as there is room, for the time of
	// the lease.
	TakeDeliveries(ctx context.Context, room notify.Room, lease time.Duration) ([]notify.Delivery, error)
	RecordDeliveries(ctx context.Context, outcomes []notify.Outcome) error
	// ParkOverdue parks what is due of an endpoint and a day old.
	ParkOverdue(ctx context.Context, endpointID int64, reason string) (int64, error)
	Backlog(ctx context.Context) (notify.Backlog, error)
	PurgeDeliveries(ctx context.Context, delivered, parked time.Duration) (int64, error)
}

// Mailer sends one e-mail, within a bounded time.
type Mailer interface {
	Send(ctx context.Context, m notify.Mail) notify.Result
}

// DelivererOptions are what a deliverer is made of. Outbox and Webhooks are
// needed; a zero duration means the default.
type DelivererOptions struct {
	Outbox   Outbox
	Webhooks notify.Sender
	// Mail is nil when e-mail is not configured: what is due then is parked.
	Mail Mailer

	// Every is how often due deliveries are looked for when nobody wakes the
	// deliverer; default 1 s.
	Every time.Duration
	// Lease is how long a delivery is this process's; default 30 s. It must be
	// longer than a sender may take.
	Lease time.Duration
	// Grace is how long a stop waits for what is being sent; default 5 s.
	Grace time.Duration
}

func (o DelivererOptions) withDefaults() DelivererOptions {
	for d, to := range map[*time.Duration]time.Duration{&o.Every: time.Second, &o.Lease: 30 * time.Second, &o.Grace: 5 * time.Second} {
		if *d <= 0 {
			*d = to
		}
	}
	return o
}

// How long deliveries are kept, and how often old ones are dropped.
const (
	keepDelivered = 7 * 24 * time.Hour
	keepParked    = 30 * 24 * time.Hour
	purgeEvery    = 10 * time.Minute
	reportEvery   = 10 * time.Second
)

// deliverer sends what the outbox holds: woken by order:confirmation, and by a
// tick that finds everything due, so that a task that was lost loses nothing.
// Each receiver has a lane of its own (lanes), so that a slow one holds up
// nobody else.
type deliverer struct {
	DelivererOptions
	log     *slog.Logger
	metrics *deliveryMetrics
	lanes   *lanes
	woken   chan struct{}
	done    chan attempt
	sending sync.WaitGroup
	failing bool
}

// attempt is a delivery that was tried.
type attempt struct {
	notify.Delivery
	result notify.Result
}

func newDeliverer(o DelivererOptions, log *slog.Logger, m *deliveryMetrics) *deliverer {
	return &deliverer{DelivererOptions: o.withDefaults(), log: log, metrics: m, lanes: newLanes(),
		woken: make(chan struct{}, 1), done: make(chan attempt)}
}

// wake makes the deliverer look at once for what is due. The ids say for whom it
// was called; whatever is due goes, the oldest first. It is the handler of
// order:confirmation, and never fails: the outbox has what there is to do.
func (d *deliverer) wake(context.Context, []int64) error {
	d.poke()
	return nil
}

func (d *deliverer) poke() {
	select {
	case d.woken <- struct{}{}:
	default: // it will look anyway
	}
}

// run delivers until ctx ends. Then it takes nothing more and waits, for Grace,
// for what is being sent; what is not done by then comes back when its lease
// ends.
func (d *deliverer) run(ctx context.Context) error {
	sending, abandon := context.WithCancel(context.WithoutCancel(ctx))
	defer abandon()
	recorded := make(chan struct{})
	go func() {
		defer close(recorded)
		d.record(sending)
	}()
	var keeping sync.WaitGroup
	keeping.Go(func() { d.keep(ctx) })
	d.loop(ctx, sending)
	timer := time.AfterFunc(d.Grace, abandon)
	defer timer.Stop()
	d.sending.Wait()
	close(d.done)
	<-recorded
	keeping.Wait()
	return nil
}

func (d *deliverer) loop(ctx, sending context.Context) {
	tick := time.NewTicker(d.Every)
	defer tick.Stop()
	for ctx.Err() == nil {
		d.report(ctx, d.start(ctx, sending))
		select {
		case <-ctx.Done():
		case <-tick.C:
		case <-d.woken:
		}
	}
}

// report keeps an outage of the database from being logged every time.
func (d *deliverer) report(ctx context.Context, err error) {
	switch {
	case ctx.Err() != nil:
	case err != nil && !d.failing:
		d.log.Warn("taking due deliveries failed", "error", err)
	case err == nil && d.failing:
		d.log.Info("taking due deliveries again")
	}
	d.failing = err != nil
}

// takePatience bounds one look for what is due: a database that hangs must not
// end the delivering.
const takePatience = 10 * time.Second

// start takes what is due, as far as there is room, and begins to send it.
func (d *deliverer) start(ctx, sending context.Context) error {
	taking, cancel := context.WithTimeout(ctx, takePatience)
	defer cancel()
	taken, err := d.Outbox.TakeDeliveries(taking, d.lanes.room(), d.Lease)
	if err != nil {
		return err
	}
	for _, t := range taken {
		crash.At(crash.DeliverTaken)
		d.lanes.enter(t.Lane())
		d.sending.Go(func() {
			result := d.send(sending, t)
			crash.At(crash.DeliverSent)
			if sending.Err() != nil && !result.Delivered {
				return // abandoned: its lease ends by itself
			}
			d.done <- attempt{t, result}
		})
	}
	return nil
}

func (d *deliverer) send(ctx context.Context, t notify.Delivery) notify.Result {
	switch {
	case t.Broken != "":
		return notify.Failed(t.Broken)
	case t.Message.Type() == "":
		return notify.Refused(0, "nobody is told of this state")
	case t.Target == nil && d.Mail == nil:
		return notify.Refused(0, "e-mail is not configured")
	case t.Target == nil:
		return d.Mail.Send(ctx, t.Message.Mail())
	}
	body, err := t.Message.Payload()
	if err != nil {
		return notify.Failed("the payload cannot be written")
	}
	return d.Webhooks.Send(ctx, *t.Target, t.Message.ID(), body)
}

// recordMost is how many attempts are recorded in one transaction.
const recordMost = 256

// record writes down what became of attempts, all that are done at a time
// together, until the last is.
func (d *deliverer) record(ctx context.Context) {
	for first := range d.done {
		batch := d.gather(first)
		outcomes := make([]notify.Outcome, len(batch))
		for i, a := range batch {
			outcomes[i] = notify.Judge(a.Delivery, a.result, rand.Float64())
		}
		d.write(ctx, outcomes)
		for i, a := range batch {
			d.metrics.attempted(a.Kind(), outcomes[i].State)
			d.settle(ctx, a, outcomes[i])
		}
		d.poke() // there is room again, and a next message of an order may be due
	}
}

func (d *deliverer) gather(first attempt) []attempt {
	batch := []attempt{first}
	for len(batch) < recordMost {
		select {
		case a, more := <-d.done:
			if !more {
				return batch
			}
			batch = append(batch, a)
		default:
			return batch
		}
	}
	return batch
}

// write records outcomes. While the database is away it tries again for a
// while, since a delivery that is not recorded is repeated.
func (d *deliverer) write(ctx context.Context, outcomes []notify.Outcome) {
	var err error
	for n := range 6 {
		if err = d.writeOnce(ctx, outcomes); err == nil {
			return
		}
		if lifecycle.Sleep(ctx, lifecycle.Backoff(n, 100*time.Millisecond, 2*time.Second)) != nil {
			break
		}
	}
	d.log.Warn("what became of deliveries was not recorded; they will be repeated", "deliveries", len(outcomes), "error", err)
}

// writeTimeout bounds one attempt to record, which a stop does not cut off.
const writeTimeout = 5 * time.Second

func (d *deliverer) writeOnce(ctx context.Context, outcomes []notify.Outcome) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTimeout)
	defer cancel()
	return d.Outbox.RecordDeliveries(ctx, outcomes)
}

// settle frees the lane and says what has to be known of an outcome.
func (d *deliverer) settle(ctx context.Context, a attempt, o notify.Outcome) {
	failures := d.lanes.leave(a.Lane(), a.result)
	if o.State != notify.Parked {
		return
	}
	d.log.Warn("a delivery is parked", "kind", a.Kind(), "endpoint", a.Lane(), "message", a.Message.ID(), "error", o.Error)
	if a.Target != nil && notify.Expired(a.Delivery, o) && failures >= hopeless {
		d.parkOverdue(ctx, a.Lane(), o.Error)
	}
}

// hopeless is how many attempts must have failed in a row before what has been
// waiting for a day behind them is given up with them.
const hopeless = 10

func (d *deliverer) parkOverdue(ctx context.Context, endpoint int64, reason string) {
	n, err := d.Outbox.ParkOverdue(ctx, endpoint, reason)
	if err != nil {
		d.log.Warn("parking what an endpoint never took failed", "endpoint", endpoint, "error", err)
		return
	}
	d.log.Warn("deliveries of a day ago are parked with it", "endpoint", endpoint, "deliveries", n)
}
