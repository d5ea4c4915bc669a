package order

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"aforro/pkg/fault"
)

// Result is what became of one item of a batch.
type Result[Out any] struct {
	Out Out
	Err error
}

// Batcher runs calls that arrive together as one, so that one round trip and
// one flush to disk serve many. A batch closes when it is full or when nothing
// more is waiting: a lone call is never delayed for company. One batch runs at a
// time. Its fields are set before the first call.
type Batcher[In, Out any] struct {
	// Run does the work: one result for each item, in their order. An error is
	// about the batch as a whole, and leaves nothing done.
	Run func(ctx context.Context, batch []In) ([]Result[Out], error)
	// Most is how much one batch has at most; 0 means 200. An item counts as one,
	// or as Weigh says, and goes alone when it is more than that.
	Most  int
	Weigh func(In) int
	// Timeout bounds one run of a batch, whoever waits for it, and how long an item
	// may wait for its batch: what comes later is refused, and not done; 0 means 10 s.
	Timeout time.Duration

	mu      sync.Mutex
	waiting []*call[In, Out]
	flying  bool
}

// maxWaiting is how many calls may wait before more are sent away.
const maxWaiting = 20_000

// call is one item that somebody waits for.
type call[In, Out any] struct {
	in     In
	since  time.Time
	result Result[Out]
	done   chan struct{}
}

// Do runs one item in a batch. When ctx ends first, its error is returned and
// the item is done all the same.
func (b *Batcher[In, Out]) Do(ctx context.Context, in In) (Out, error) {
	r := b.DoAll(ctx, []In{in})[0]
	return r.Out, r.Err
}

// DoAll runs several items, each with its own result, in their order.
func (b *Batcher[In, Out]) DoAll(ctx context.Context, in []In) []Result[Out] {
	calls, err := b.enter(in)
	results := make([]Result[Out], len(in))
	for i := range in {
		if err != nil {
			results[i].Err = err
			continue
		}
		select {
		case <-calls[i].done:
			results[i] = calls[i].result
		case <-ctx.Done():
			results[i].Err = fmt.Errorf("wait for a batch: %w", ctx.Err())
		}
	}
	return results
}

// Waiting is how many items no batch has taken yet.
func (b *Batcher[In, Out]) Waiting() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.waiting)
}

// enter queues the items and sees to it that somebody takes them.
func (b *Batcher[In, Out]) enter(in []In) ([]*call[In, Out], error) {
	calls := make([]*call[In, Out], len(in))
	now := time.Now()
	for i := range in {
		calls[i] = &call[In, Out]{in: in[i], since: now, done: make(chan struct{})}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.waiting) > maxWaiting {
		return nil, tooMany()
	}
	b.waiting = append(b.waiting, calls...)
	if !b.flying {
		b.flying = true
		go b.fly()
	}
	return calls, nil
}

// Where batches follow each other and have company, the next one gathers for a
// moment: those who were answered by the last come again just then, and each
// batch costs the same, large or small. A call that finds nobody at work, or
// comes alone, is not kept waiting.
const company, gather = 4, 500 * time.Microsecond

// fly runs batches until nothing waits.
func (b *Batcher[In, Out]) fly() {
	for last := 0; ; {
		if last > company {
			time.Sleep(gather)
		}
		batch := b.take()
		if batch == nil {
			return
		}
		last = len(batch)
		b.run(batch)
	}
}

// take takes the next batch; nil when nothing waits.
func (b *Batcher[In, Out]) take() []*call[In, Out] {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.refuseLate()
	n := b.fill()
	if n == 0 {
		b.waiting = nil
		b.flying = false
		return nil
	}
	batch := b.waiting[:n:n]
	b.waiting = b.waiting[n:]
	return batch
}

// refuseLate ends the waiting of those who came too long ago: they may not be
// there any more, and must not be served behind their back.
func (b *Batcher[In, Out]) refuseLate() {
	late := time.Now().Add(-b.timeout())
	for len(b.waiting) > 0 && b.waiting[0].since.Before(late) {
		b.waiting[0].result.Err = tooMany()
		close(b.waiting[0].done)
		b.waiting = b.waiting[1:]
	}
}

func tooMany() error {
	f := fault.New(fault.Unavailable, "too many orders at once, try again shortly")
	f.RetryAfter = time.Second
	return f
}

// fill is how many of those that wait make a full batch.
func (b *Batcher[In, Out]) fill() int {
	most, weight := b.Most, 0
	if most <= 0 {
		most = 200
	}
	for n, c := range b.waiting {
		w := 1
		if b.Weigh != nil {
			w = b.Weigh(c.in)
		}
		if weight += w; weight > most && n > 0 {
			return n
		}
	}
	return len(b.waiting)
}

func (b *Batcher[In, Out]) timeout() time.Duration {
	if b.Timeout > 0 {
		return b.Timeout
	}
	return 10 * time.Second
}

// run runs one batch. When it fails for a reason that may lie in an item, or in
// there being so many, each half is tried on its own, so that an item fails alone.
func (b *Batcher[In, Out]) run(batch []*call[In, Out]) {
	results, err := b.once(batch)
	switch {
	case err == nil:
		for i, c := range batch {
			c.result = results[i]
			close(c.done)
		}
	case len(batch) > 1 && !transient(err):
		b.run(batch[:len(batch)/2])
		b.run(batch[len(batch)/2:])
	default:
		for _, c := range batch {
			c.result.Err = err
			close(c.done)
		}
	}
}

// transient reports whether an error says nothing about the items.
func transient(err error) bool {
	if errors.Is(err, ErrTooSlow) {
		return false
	}
	return fault.Is(err, fault.Unavailable) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
}

// once runs the batch once. A panic is an error like any other: it must not
// take the other orders' process away.
func (b *Batcher[In, Out]) once(batch []*call[In, Out]) (results []Result[Out], err error) {
	ctx, cancel := context.WithTimeout(context.Background(), b.timeout())
	defer cancel()
	defer func() {
		if what := recover(); what != nil {
			err = fmt.Errorf("a batch panicked: %v", what)
		}
	}()
	in := make([]In, len(batch))
	for i, c := range batch {
		in[i] = c.in
	}
	results, err = b.Run(ctx, in)
	if err == nil && len(results) != len(in) {
		err = fmt.Errorf("a batch of %d has %d results", len(in), len(results))
	}
	return results, err
}
