package api

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"aforro/pkg/search"
)

// ledger says how often it was asked, and takes a moment for it.
type ledger struct {
	Truth // Live alone is shared
	mu    sync.Mutex
	asked [][]int64
}

func (l *ledger) Live(ctx context.Context, ids []int64, storeID int64, _ bool) (map[int64]search.Live, error) {
	l.mu.Lock()
	l.asked = append(l.asked, slices.Clone(ids))
	n := int64(len(l.asked))
	l.mu.Unlock()
	select {
	case <-time.After(10 * time.Millisecond):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	live := map[int64]search.Live{}
	for _, id := range ids {
		live[id] = search.Live{Quantity: 1000*storeID + n}
	}
	return live, nil
}

func TestReadingsAreShared(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := &ledger{}
		r := newLiveShare(l)
		var wg sync.WaitGroup
		ask := func(id int64, kind liveKind, want int64) {
			wg.Go(func() {
				live, err := r.read(t.Context(), []int64{id}, kind)
				if err != nil || live[id].Quantity != want {
					t.Errorf("product %d: %v %v, want %d", id, live, err, want)
				}
			})
			synctest.Wait()
		}
		ask(1, liveKind{}, 1)
		ask(2, liveKind{store: 7}, 7002) // another kind waits for nobody
		for id := int64(3); id < 50; id++ {
			ask(id, liveKind{}, 3)
		}
		left, leave := context.WithCancel(t.Context())
		wg.Go(func() {
			if _, err := r.read(left, []int64{50}, liveKind{}); err == nil {
				t.Error("the one who left was answered")
			}
		})
		synctest.Wait()
		leave()
		wg.Wait()
		if len(l.asked) != 3 || len(l.asked[2]) != 48 {
			t.Errorf("asked for %v", l.asked)
		}
		ask(60, liveKind{}, 4) // when all is over the next is read at once
		wg.Wait()
		synctest.Wait()
		if len(r.under) != 0 {
			t.Errorf("%d kinds are held for ever", len(r.under))
		}
	})
}
