package order_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"aforro/pkg/fault"
	"aforro/pkg/order"
)

type double = order.Batcher[int, int]

func doubled(in []int) []order.Result[int] {
	out := make([]order.Result[int], len(in))
	for i, n := range in {
		out[i].Out = 2 * n
	}
	return out
}

func TestABatchServesThoseThatWait(t *testing.T) {
	t.Parallel()
	begun, proceed := make(chan struct{}), make(chan struct{})
	var sizes []int
	b := &double{Most: 8, Run: func(_ context.Context, in []int) ([]order.Result[int], error) {
		sizes = append(sizes, len(in))
		if len(sizes) == 1 {
			close(begun)
			<-proceed
		}
		return doubled(in), nil
	}}
	first := make(chan int)
	go func() {
		n, err := b.Do(context.Background(), 1)
		if err != nil {
			t.Error(err)
		}
		first <- n
	}()
	<-begun // the lone first one was not kept waiting
	rest := make(chan []order.Result[int])
	go func() { rest <- b.DoAll(context.Background(), []int{2, 3, 4, 5, 6, 7, 8, 9, 10, 11}) }()
	// All ten wait before the first batch ends: what waits is then taken at once.
	for b.Waiting() < 10 {
		runtime.Gosched()
	}
	close(proceed)
	if n := <-first; n != 2 {
		t.Errorf("the first got %d", n)
	}
	for i, r := range <-rest {
		if r.Err != nil || r.Out != 2*(i+2) {
			t.Errorf("item %d got %+v", i, r)
		}
	}
	if fmt.Sprint(sizes) != "[1 8 2]" {
		t.Errorf("batches of %v", sizes)
	}
}

func TestAPoisonedItemFailsAlone(t *testing.T) {
	t.Parallel()
	poison := errors.New("poison")
	for _, how := range []string{"error", "panic", "count"} {
		b := &double{Run: func(_ context.Context, in []int) ([]order.Result[int], error) {
			for _, n := range in {
				switch {
				case n == 13 && how == "panic":
					panic(poison)
				case n == 13 && how == "count":
					return nil, nil
				case n == 13:
					return nil, poison
				}
			}
			return doubled(in), nil
		}}
		in := make([]int, 40)
		for i := range in {
			in[i] = i
		}
		for i, r := range b.DoAll(context.Background(), in) {
			if (r.Err != nil) != (i == 13) || (i != 13 && r.Out != 2*i) {
				t.Errorf("%s: item %d got %+v", how, i, r)
			}
		}
	}
}

// TestAnOutageIsNotTriedItemByItem: what is not about the items fails them all
// at once.
func TestAnOutageIsNotTriedItemByItem(t *testing.T) {
	t.Parallel()
	var runs atomic.Int32
	gate := make(chan struct{})
	b := &double{Run: func(context.Context, []int) ([]order.Result[int], error) {
		runs.Add(1)
		<-gate
		return nil, fault.New(fault.Unavailable, "away")
	}}
	close(gate)
	for _, r := range b.DoAll(context.Background(), make([]int, 100)) {
		if !fault.Is(r.Err, fault.Unavailable) {
			t.Errorf("got %v", r.Err)
		}
	}
	if n := runs.Load(); n != 1 {
		t.Errorf("%d runs", n)
	}
}

func TestAFullQueueSendsAway(t *testing.T) {
	t.Parallel()
	gate := make(chan struct{})
	b := &double{Run: func(_ context.Context, in []int) ([]order.Result[int], error) {
		<-gate
		return doubled(in), nil
	}}
	ctx, cancel := context.WithCancel(context.Background())
	cancel() // nobody waits for the results
	for range 3 {
		b.DoAll(ctx, make([]int, 10_000))
	}
	if _, err := b.Do(context.Background(), 1); !fault.Is(err, fault.Unavailable) {
		t.Errorf("got %v", err)
	}
	close(gate)
}

func TestAWaitThatEndsLeavesTheItemToTheBatch(t *testing.T) {
	t.Parallel()
	gate, ran := make(chan struct{}), make(chan struct{})
	b := &double{Run: func(_ context.Context, in []int) ([]order.Result[int], error) {
		<-gate
		close(ran)
		return doubled(in), nil
	}}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := b.Do(ctx, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	close(gate)
	<-ran
}

func TestBatchesOfManyCallers(t *testing.T) {
	t.Parallel()
	var seen atomic.Int64
	b := &double{Most: 7, Run: func(_ context.Context, in []int) ([]order.Result[int], error) {
		seen.Add(int64(len(in)))
		return doubled(in), nil
	}}
	var wg sync.WaitGroup
	for i := range 500 {
		wg.Go(func() {
			if n, err := b.Do(context.Background(), i); err != nil || n != 2*i {
				t.Errorf("%d got %d, %v", i, n, err)
			}
		})
	}
	wg.Wait()
	if seen.Load() != 500 {
		t.Errorf("%d items ran", seen.Load())
	}
}

// TestABatchIsBoundedByWeight: what weighs more than a batch goes alone.
func TestABatchIsBoundedByWeight(t *testing.T) {
	t.Parallel()
	begun, proceed := make(chan struct{}), make(chan struct{})
	var batches []string
	b := &double{Most: 10, Weigh: func(n int) int { return n }, Run: func(_ context.Context, in []int) ([]order.Result[int], error) {
		if batches = append(batches, fmt.Sprint(in)); len(batches) == 1 {
			close(begun)
			<-proceed
		}
		return doubled(in), nil
	}}
	first := make(chan struct{})
	go func() {
		defer close(first)
		b.DoAll(context.Background(), []int{1})
	}()
	<-begun
	rest := make(chan struct{})
	go func() {
		defer close(rest)
		b.DoAll(context.Background(), []int{4, 6, 1, 99, 5, 5, 5})
	}()
	for b.Waiting() < 7 {
		runtime.Gosched()
	}
	close(proceed)
	<-first
	<-rest
	if got := fmt.Sprint(batches); got != "[[1] [4 6] [1] [99] [5 5] [5]]" {
		t.Errorf("batches %s", got)
	}
}

// TestWhatCameTooLongAgoIsRefused: whoever waited for it may be gone, and must
// not get an order that he has given up.
func TestWhatCameTooLongAgoIsRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var ran int
		b := &double{Run: func(_ context.Context, in []int) ([]order.Result[int], error) {
			ran += len(in)
			<-time.After(9 * time.Second) // a database that hangs, as long as it may
			return doubled(in), nil
		}, Most: 1}
		errs := b.DoAll(context.Background(), []int{1, 2, 3, 4})
		if errs[0].Err != nil || errs[1].Err != nil || !fault.Is(errs[2].Err, fault.Unavailable) || !fault.Is(errs[3].Err, fault.Unavailable) || ran != 2 {
			t.Errorf("got %v, %d ran", errs, ran)
		}
	})
}

// TestABatchThatIsTooSlowIsTriedInParts.
func TestABatchThatIsTooSlowIsTriedInParts(t *testing.T) {
	t.Parallel()
	slow := errors.Join(fault.New(fault.Unavailable, "statement timeout"), order.ErrTooSlow)
	b := &double{Run: func(_ context.Context, in []int) ([]order.Result[int], error) {
		if len(in) > 3 {
			return nil, slow
		}
		return doubled(in), nil
	}}
	for i, r := range b.DoAll(context.Background(), []int{0, 1, 2, 3, 4, 5, 6, 7}) {
		if r.Err != nil || r.Out != 2*i {
			t.Errorf("item %d got %+v", i, r)
		}
	}
}
