package order

import (
	"context"
	"time"
)

// Saver stores a new order as PENDING.
type Saver interface {
	Save(ctx context.Context, storeID int64, items []Item) (Order, error)
}

// Reader gives an order as it is now.
type Reader interface {
	Order(ctx context.Context, id int64) (Order, error)
}

// Waker asks a worker to decide an order. An error means only that no worker
// was woken: the sweeper finds the order in the database.
type Waker interface {
	Enqueue(ctx context.Context, id int64) error
}

// Signals tells of decisions as they are made, on a best effort.
type Signals interface {
	// Listen returns a channel that receives when a decision of the order is
	// announced, and a function that ends the listening.
	Listen(id int64) (<-chan struct{}, func())
	// Live reports whether announcements arrive at present.
	Live() bool
}

// Desk takes orders in: saves them, wakes a worker and waits for the decision.
type Desk struct {
	Saver   Saver
	Reader  Reader
	Waker   Waker
	Signals Signals
	// Unwoken hears of the orders for which no worker could be woken; it may be nil.
	Unwoken func(id int64, err error)
}

// Place saves an order and waits for its decision until wait is over. An order
// that is still PENDING then is returned so, without an error: it will be
// decided. An error means that nothing was saved, or, when it is
// fault.Unavailable, that it is not known.
func (d *Desk) Place(ctx context.Context, storeID int64, items []Item, wait time.Duration) (Order, error) {
	saved, err := d.Saver.Save(ctx, storeID, items)
	if err != nil {
		return Order{}, err
	}
	decided, done := d.Signals.Listen(saved.ID)
	defer done()
	// A client that went away has ordered all the same.
	if err := d.Waker.Enqueue(context.WithoutCancel(ctx), saved.ID); err != nil && d.Unwoken != nil {
		d.Unwoken(saved.ID, err)
	}
	if wait <= 0 {
		return saved, nil
	}
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	return d.await(ctx, saved, decided), nil
}

// Await returns the order when it is decided, or as it is when ctx ends. Only
// the first reading's error is returned.
func (d *Desk) Await(ctx context.Context, id int64) (Order, error) {
	decided, done := d.Signals.Listen(id)
	defer done()
	now, err := d.Reader.Order(ctx, id)
	if err != nil || now.Status.Final() {
		return now, err
	}
	return d.await(ctx, now, decided), nil
}

// How often the database is asked while waiting: seldom while announcements
// arrive (one may be lost), often while they do not.
const (
	pollLive, pollLiveMost   = 100 * time.Millisecond, 400 * time.Millisecond
	pollAlone, pollAloneMost = 10 * time.Millisecond, 100 * time.Millisecond
)

// await returns known as soon as it is decided, or as it last was when ctx ends.
func (d *Desk) await(ctx context.Context, known Order, decided <-chan struct{}) Order {
	live, alone := pollLive, pollAlone
	for !known.Status.Final() {
		pause := &alone
		most := pollAloneMost
		if d.Signals.Live() {
			pause, most = &live, pollLiveMost
		}
		if !sleep(ctx, *pause, decided) {
			return known
		}
		*pause = min(2**pause, most)
		if now, err := d.Reader.Order(ctx, known.ID); err == nil {
			known = now
		}
	}
	return known
}

// sleep waits for the pause to end or for the signal; it reports false when ctx
// ended.
func sleep(ctx context.Context, pause time.Duration, signal <-chan struct{}) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
	case <-signal:
	}
	return ctx.Err() == nil
}
