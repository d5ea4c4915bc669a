package order_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"aforro/pkg/fault"
	"aforro/pkg/order"
)

var saved = time.Date(2026, 11, 24, 6, 0, 0, 123_000, time.UTC)

// shop answers PENDING until it was read so many times.
type shop struct {
	readsNeeded, reads atomic.Int32
	confirms, decides  atomic.Int32
	live, lost, other  bool
	replayed           bool
	signal             chan order.Decision
	enqueueErr         error
}

func (s *shop) state() order.Status {
	if s.reads.Add(1) > s.readsNeeded.Load() {
		return order.Confirmed
	}
	return order.Pending
}

func (s *shop) SaveOrders(_ context.Context, drafts []order.Draft) ([]order.Saved, error) {
	all := make([]order.Saved, len(drafts))
	for i, d := range drafts {
		if d.StoreID == 13 {
			all[i].Err = fault.New(fault.NotFound, "there is no store 13")
			continue
		}
		all[i] = order.Saved{Order: order.Order{ID: 7, Status: order.Pending, CreatedAt: saved}, Replayed: s.replayed}
	}
	return all, nil
}
func (s *shop) Confirm(_ context.Context, orders []order.Order) ([]error, error) {
	s.confirms.Add(1)
	errs := make([]error, len(orders))
	if s.lost {
		errs[0] = order.Lost()
	}
	return errs, nil
}
func (s *shop) Order(context.Context, int64) (order.Order, error) {
	if s.other {
		return order.Order{ID: 7, Status: order.Confirmed, CreatedAt: saved.Add(time.Hour)}, nil
	}
	return order.Order{ID: 7, Status: s.state(), CreatedAt: saved}, nil
}
func (s *shop) Enqueue(context.Context, ...int64) error      { return s.enqueueErr }
func (s *shop) Listen(int64) (<-chan order.Decision, func()) { return s.signal, func() {} }
func (s *shop) Live() bool                                   { return s.live }
func (s *shop) Tell(decisions []order.Decision)              { s.signal <- decisions[0] }
func (s *shop) DecidePending(_ context.Context, ids []int64) (decided []order.Decision, held []int64, err error) {
	s.decides.Add(1)
	return []order.Decision{{ID: ids[0], CreatedAt: saved, Status: order.Rejected}}, nil, nil
}

func desk(s *shop) *order.Desk {
	if s.signal == nil {
		s.signal = make(chan order.Decision, 1)
	}
	return order.NewDesk(order.Parts{Saver: s, Reader: s, Waker: s, Signals: s, Decider: order.NewDecider(s, nil)})
}

func place(d *order.Desk, wait time.Duration) (order.Order, error) {
	o, _, err := d.Place(context.Background(), order.Draft{StoreID: 1, Items: []order.Item{{ProductID: 1, Quantity: 1}}}, wait)
	return o, err
}

func TestDeskAnswersWithTheAnnouncement(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &shop{live: true, signal: make(chan order.Decision, 1)}
		begun := time.Now()
		time.AfterFunc(3*time.Millisecond, func() {
			s.signal <- order.Decision{ID: 7, CreatedAt: saved, Status: order.Rejected, Total: 95, Reasons: []order.Reason{{ProductID: 1}}}
		})
		o, err := place(desk(s), 2*time.Second)
		if err != nil || o.Status != order.Rejected || o.Total != 95 || len(o.Reasons) != 1 || time.Since(begun) != 3*time.Millisecond {
			t.Errorf("got %+v %v after %s", o, err, time.Since(begun))
		}
		if s.reads.Load()+s.confirms.Load() != 0 {
			t.Errorf("%d readings, %d waits for the disk: the announcement says all", s.reads.Load(), s.confirms.Load())
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
		{"a lost announcement", true, 0, 100 * time.Millisecond},
		{"a lost announcement and a slow worker", true, 2, 700 * time.Millisecond},
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

// TestDeskReturnsPendingWhenItIsOnDisk: what nobody decided in time is answered
// only after a wait for the disk.
func TestDeskReturnsPendingWhenItIsOnDisk(t *testing.T) {
	t.Parallel()
	for _, wait := range []time.Duration{0, 2 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			s := &shop{}
			s.readsNeeded.Store(1 << 20)
			begun := time.Now()
			o, err := place(desk(s), wait)
			if err != nil || o.Status != order.Pending || time.Since(begun) != wait || s.confirms.Load() != 1 {
				t.Errorf("got %s %v after %s and %d waits for the disk", o.Status, err, time.Since(begun), s.confirms.Load())
			}
		})
	}
}

// TestDeskNeverAnswersALostOrder: a crash of the database may undo what was
// saved, and may give the id to another order.
func TestDeskNeverAnswersALostOrder(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]*shop{
		"found when it waits for the disk": {lost: true},
		"found by reading":                 {other: true},
		"found by an announcement":         {live: true},
		"found by a repeat":                {replayed: true, other: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s.readsNeeded.Store(1 << 20)
				d := desk(s)
				if s.live {
					s.signal <- order.Decision{ID: 7, CreatedAt: saved.Add(time.Hour), Status: order.Confirmed}
				}
				if o, err := place(d, time.Second); !fault.Is(err, fault.Unavailable) {
					t.Errorf("got %+v, %v", o, err)
				}
			})
		})
	}
}

// TestDeskDecidesWhenNobodyCanBeWoken: without a queue the same code decides here.
func TestDeskDecidesWhenNobodyCanBeWoken(t *testing.T) {
	t.Parallel()
	s := &shop{enqueueErr: errors.New("away"), signal: make(chan order.Decision, 1)}
	s.readsNeeded.Store(1 << 20)
	var unwoken int
	d := order.NewDesk(order.Parts{Saver: s, Reader: s, Waker: s, Signals: s, Decider: order.NewDecider(s, nil),
		Unwoken: func(orders int, _ error) { unwoken += orders }})
	o, err := place(d, 10*time.Second)
	if err != nil || o.Status != order.Rejected || s.decides.Load() != 1 || unwoken != 1 {
		t.Errorf("got %s %v, %d decisions, %d unwoken", o.Status, err, s.decides.Load(), unwoken)
	}
}

func TestDeskRefusesWhatCannotBeSaved(t *testing.T) {
	t.Parallel()
	if _, _, err := desk(&shop{}).Place(context.Background(), order.Draft{StoreID: 13}, time.Second); !fault.Is(err, fault.NotFound) {
		t.Errorf("got %v", err)
	}
}

// TestDeskSaysThatItRepeats: an earlier order is not enqueued again.
func TestDeskSaysThatItRepeats(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &shop{replayed: true, enqueueErr: errors.New("nobody asks")}
		s.readsNeeded.Store(1)
		_, replayed, err := desk(s).Place(context.Background(), order.Draft{StoreID: 1}, time.Second)
		if err != nil || !replayed || s.decides.Load() != 0 {
			t.Errorf("replayed %v, %v, %d decisions", replayed, err, s.decides.Load())
		}
	})
}

func TestDeciderLeavesOthersAlone(t *testing.T) {
	t.Parallel()
	s := decisions{poison: 3, held: 5}
	decided, failed := order.NewDecider(s, nil).Decide(context.Background(), []int64{1, 2, 3, 4, 5, 6, 6})
	if len(decided) != 4 || len(failed) != 2 || failed[0].ID != 3 || failed[1].ID != 5 {
		t.Errorf("decided %v, failed %v", decided, failed)
	}
	if fault.Is(failed[0], fault.Unavailable) || !fault.Is(failed[1], fault.Unavailable) {
		t.Errorf("only the held order may succeed later: %v", failed)
	}
	if order.Join(failed) == nil || order.Join(nil) != nil {
		t.Error("an error says whether something failed")
	}
}

// decisions decides all but one order that cannot be and one whose stock is held.
type decisions struct{ poison, held int64 }

func (d decisions) DecidePending(_ context.Context, ids []int64) (decided []order.Decision, held []int64, err error) {
	for _, id := range ids {
		switch id {
		case d.poison:
			return nil, nil, errors.New("poison")
		case d.held:
			held = append(held, id)
		default:
			decided = append(decided, order.Decision{ID: id, Status: order.Confirmed})
		}
	}
	return decided, held, nil
}
