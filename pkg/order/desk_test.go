package order_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"aforro/pkg/order"
)

// shop answers PENDING until it was read so many times.
type shop struct {
	readsNeeded, reads atomic.Int32
	live               bool
	signal             chan struct{}
	enqueueErr         error
}

func (s *shop) state() order.Status {
	if s.reads.Add(1) > s.readsNeeded.Load() {
		return order.Confirmed
	}
	return order.Pending
}

func (s *shop) Save(context.Context, int64, []order.Item) (order.Order, error) {
	return order.Order{ID: 7, Status: order.Pending}, nil
}
func (s *shop) Order(context.Context, int64) (order.Order, error) {
	return order.Order{ID: 7, Status: s.state()}, nil
}
func (s *shop) Enqueue(context.Context, int64) error   { return s.enqueueErr }
func (s *shop) Listen(int64) (<-chan struct{}, func()) { return s.signal, func() {} }
func (s *shop) Live() bool                             { return s.live }
func desk(s *shop) *order.Desk                         { return &order.Desk{Saver: s, Reader: s, Waker: s, Signals: s} }
func place(d *order.Desk, wait time.Duration) (order.Order, error) {
	return d.Place(context.Background(), 1, []order.Item{{ProductID: 1, Quantity: 1}}, wait)
}

func TestDeskAnswersWithTheSignal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &shop{live: true, signal: make(chan struct{}, 1)}
		begun := time.Now()
		time.AfterFunc(3*time.Millisecond, func() { s.signal <- struct{}{} })
		o, err := place(desk(s), 2*time.Second)
		if err != nil || o.Status != order.Confirmed || time.Since(begun) != 3*time.Millisecond || s.reads.Load() != 1 {
			t.Errorf("got %s %v after %s and %d reads", o.Status, err, time.Since(begun), s.reads.Load())
		}
	})
}

func TestDeskPolls(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		live  bool
		reads int32
		after time.Duration
	}{
		{"a lost signal", true, 0, 100 * time.Millisecond},
		{"a lost signal and a slow worker", true, 2, 700 * time.Millisecond},
		{"without Redis", false, 0, 10 * time.Millisecond},
		{"without Redis and a slow worker", false, 2, 70 * time.Millisecond},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &shop{live: tt.live}
				s.readsNeeded.Store(tt.reads)
				begun := time.Now()
				o, err := place(desk(s), 2*time.Second)
				if err != nil || o.Status != order.Confirmed || time.Since(begun) != tt.after {
					t.Errorf("got %s %v after %s, want CONFIRMED after %s", o.Status, err, time.Since(begun), tt.after)
				}
			})
		})
	}
}

func TestDeskReturnsPendingWhenTheWaitIsOver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &shop{enqueueErr: errors.New("away")}
		s.readsNeeded.Store(1 << 20)
		var unwoken int64
		d := desk(s)
		d.Unwoken = func(id int64, _ error) { unwoken = id }
		begun := time.Now()
		o, err := place(d, 2*time.Second)
		if err != nil || o.Status != order.Pending || time.Since(begun) != 2*time.Second || unwoken != 7 {
			t.Errorf("got %s %v after %s, unwoken %d", o.Status, err, time.Since(begun), unwoken)
		}
	})
}
