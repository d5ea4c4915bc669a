package order

import (
	"context"
	"time"

	"aforro/pkg/fault"
)

// Saver stores new orders as PENDING, many at once. A saved order need not be
// on disk yet: its decision's commit covers it, or Confirm does.
type Saver interface {
	// SaveOrders returns what became of each draft. An error is about all of them.
	SaveOrders(ctx context.Context, drafts []Draft) ([]Saved, error)
	// Confirm waits until the orders that were saved before are on disk, and
	// returns fault.Unavailable for each that a crash of the database undid.
	Confirm(ctx context.Context, orders []Order) ([]error, error)
}

// Reader gives an order as it is now.
type Reader interface {
	Order(ctx context.Context, id int64) (Order, error)
}

// Waker asks a worker to decide orders. An error means only that no worker was
// woken.
type Waker interface {
	Enqueue(ctx context.Context, ids ...int64) error
}

// Signals tells of decisions as they are made, on a best effort.
type Signals interface {
	// Listen returns a channel that receives the order's decision when it is
	// announced, and a function that ends the listening.
	Listen(id int64) (<-chan Decision, func())
	// Tell announces decisions within this process.
	Tell(decisions []Decision)
	// Live reports whether announcements of others arrive at present.
	Live() bool
}

// Desk takes orders in: saves them, wakes a worker and waits for the decision.
// Make one with NewDesk.
type Desk struct {
	parts    Parts
	saves    Batcher[Draft, placed]
	confirms Batcher[Order, struct{}]
}

// Parts is what a desk works with.
type Parts struct {
	Saver   Saver
	Reader  Reader
	Waker   Waker
	Signals Signals
	// Decider decides here when no worker can be woken.
	Decider *Decider
	// Unwoken hears of it when no worker could be woken; it may be nil.
	Unwoken func(orders int, err error)
}

// placed is a saved order with where its decision will be heard of.
type placed struct {
	Saved
	decided <-chan Decision
	done    func()
}

// NewDesk returns a desk that is ready to take orders in.
func NewDesk(p Parts) *Desk {
	d := &Desk{parts: p}
	d.saves.Run, d.confirms.Run = d.save, d.confirm
	d.saves.Timeout, d.confirms.Timeout = saveTimeout, readPatience
	d.saves.Most, d.saves.Weigh = saveLines, func(draft Draft) int { return max(1, len(draft.Items)) }
	return d
}

const (
	// saveLines is how many lines are saved at once.
	saveLines = 1000
	// saveTimeout bounds one saving, and the wait for it to begin. savePatience
	// bounds both together: past that it is not known.
	saveTimeout, savePatience = 5 * time.Second, 7 * time.Second
	// readPatience bounds one reading, and one wait for the disk, that a client
	// may have stopped waiting for.
	readPatience = 4 * time.Second
)

// save stores a batch, and then wakes one worker for all of it. Whoever waits
// for one of the orders listens before anybody can decide it.
func (d *Desk) save(ctx context.Context, drafts []Draft) ([]Result[placed], error) {
	saved, err := d.parts.Saver.SaveOrders(ctx, drafts)
	if err != nil {
		return nil, err
	}
	results := make([]Result[placed], len(saved))
	var ids []int64
	for i, s := range saved {
		results[i].Err = s.Err
		if s.Err != nil {
			continue
		}
		p := placed{Saved: s}
		p.decided, p.done = d.parts.Signals.Listen(s.Order.ID)
		results[i].Out = p
		if !s.Replayed {
			ids = append(ids, s.Order.ID)
		}
	}
	if len(ids) > 0 {
		d.wake(ctx, ids)
	}
	return results, nil
}

// wake asks a worker, or decides here while none can be asked. Those who wait
// are not kept from it by a decision that takes its time.
func (d *Desk) wake(ctx context.Context, ids []int64) {
	err := d.parts.Waker.Enqueue(ctx, ids...)
	if err == nil {
		return
	}
	if d.parts.Unwoken != nil {
		d.parts.Unwoken(len(ids), err)
	}
	go func() {
		// What fails here stays PENDING, and the sweeper has it.
		decided, _ := d.parts.Decider.Decide(context.WithoutCancel(ctx), ids)
		d.parts.Signals.Tell(decided)
	}()
}

// Place saves an order and waits for its decision until wait is over. An order
// that is still PENDING then is returned so, without an error: it is on disk and
// will be decided. A draft whose key was used before gives the earlier order as
// it is now. An error means that nothing was saved, or, when it is
// fault.Unavailable, that it is not known: the same key then settles it.
func (d *Desk) Place(ctx context.Context, draft Draft, wait time.Duration) (o Order, replayed bool, err error) {
	// A client that goes away has ordered all the same.
	kept := context.WithoutCancel(ctx)
	saving, cancel := context.WithTimeout(kept, savePatience)
	defer cancel()
	p, err := d.saves.Do(saving, draft)
	if err != nil {
		return Order{}, false, err
	}
	defer p.done()
	if o = p.Order; p.Replayed {
		if o, err = d.again(kept, o); err != nil || o.Status.Final() {
			return o, true, err
		}
	}
	if wait > 0 {
		waiting, cancel := context.WithTimeout(ctx, wait)
		defer cancel()
		if o, err = d.await(waiting, o, p.decided); err != nil || o.Status.Final() {
			return o, p.Replayed, err
		}
	}
	flushing, cancel := context.WithTimeout(kept, readPatience)
	defer cancel()
	_, err = d.confirms.Do(flushing, o)
	return o, p.Replayed, err
}

// again reads the order of an earlier request.
func (d *Desk) again(ctx context.Context, earlier Order) (Order, error) {
	ctx, cancel := context.WithTimeout(ctx, readPatience)
	defer cancel()
	now, err := d.parts.Reader.Order(ctx, earlier.ID)
	if fault.Is(err, fault.NotFound) || (err == nil && !now.Same(earlier.ID, earlier.CreatedAt)) {
		return Order{}, Lost()
	}
	return now, err
}

func (d *Desk) confirm(ctx context.Context, orders []Order) ([]Result[struct{}], error) {
	lost, err := d.parts.Saver.Confirm(ctx, orders)
	if err != nil {
		return nil, err
	}
	results := make([]Result[struct{}], len(orders))
	for i := range results {
		results[i].Err = lost[i]
	}
	return results, nil
}

// Await returns the order when it is decided, or as it is when ctx ends.
func (d *Desk) Await(ctx context.Context, id int64) (Order, error) {
	decided, done := d.parts.Signals.Listen(id)
	defer done()
	now, err := d.parts.Reader.Order(ctx, id)
	if err != nil || now.Status.Final() {
		return now, err
	}
	if _, err := d.await(ctx, now, decided); err != nil {
		return now, err
	}
	// The announcement tells only what changed; the page shows all of it.
	return d.again(context.WithoutCancel(ctx), now)
}

// How often the database is asked while waiting: seldom while announcements
// arrive (one may be lost), often while they do not.
const (
	pollLive, pollLiveMost   = 100 * time.Millisecond, 400 * time.Millisecond
	pollAlone, pollAloneMost = 10 * time.Millisecond, 100 * time.Millisecond
)

// await returns known as soon as it is decided, or as it last was when ctx ends.
// It returns an error when the order is not there any more.
func (d *Desk) await(ctx context.Context, known Order, decided <-chan Decision) (Order, error) {
	live, alone := pollLive, pollAlone
	for {
		pause, most := &alone, pollAloneMost
		if d.parts.Signals.Live() {
			pause, most = &live, pollLiveMost
		}
		decision, ok := sleep(ctx, *pause, decided)
		switch {
		case ctx.Err() != nil && decision == nil:
			return known, nil
		case ok && !known.Same(decision.ID, decision.CreatedAt):
			return known, Lost()
		case ok:
			return known.with(*decision), nil
		}
		*pause = min(2**pause, most)
		now, err := d.parts.Reader.Order(ctx, known.ID)
		switch {
		case fault.Is(err, fault.NotFound), err == nil && !now.Same(known.ID, known.CreatedAt):
			return known, Lost()
		case err == nil && now.Status.Final():
			return now, nil
		}
	}
}

// Lost is the error for an order that was saved and that a crash of the
// database undid before it was acknowledged: nobody was told of it.
func Lost() error {
	f := fault.New(fault.Unavailable, "the order was not saved: the database was interrupted; send it again")
	f.RetryAfter = time.Second
	return f
}

// sleep waits for the pause to end or for the decision.
func sleep(ctx context.Context, pause time.Duration, decided <-chan Decision) (*Decision, bool) {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case d := <-decided:
		return &d, true
	}
	return nil, false
}
