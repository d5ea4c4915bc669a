package search

import (
	"context"
	"sync"
	"testing"
	"time"
)

// clock is a time that a test moves.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func newTestWatch(keep time.Duration) (*Watch, *clock) {
	c := &clock{at: time.Unix(1000, 0)}
	return NewWatch(keep, c.now), c
}

// tell is a message of epoch e.
func tell(sequence int64, changed ...int64) Progress {
	return Progress{Epoch: "e", Sequence: sequence, Visible: Version(100 * sequence), Changed: changed}
}

func TestNothingIsFreshBeforeAnythingIsHeard(t *testing.T) {
	t.Parallel()
	w, _ := newTestWatch(time.Minute)
	if w.Alive() || w.Fresh(Stamp{}, nil) || w.Fresh(Stamp{"e", 5}, nil) || w.Known() != (Known{}) {
		t.Errorf("a watch that heard nothing knows %+v", w.Known())
	}
}

func TestWhatIsFresh(t *testing.T) {
	t.Parallel()
	gap := func(w *Watch) { w.Hear(tell(9)) }
	for name, c := range map[string]struct {
		then  func(w *Watch)
		stamp Stamp
		fresh bool
	}{
		"nothing happened":                    {func(*Watch) {}, Stamp{"e", 5}, true},
		"read before the first message":       {func(*Watch) {}, Stamp{"e", 3}, false},
		"read just before the first message":  {func(*Watch) {}, Stamp{"e", 4}, true},
		"read by who has heard more":          {func(*Watch) {}, Stamp{"e", 6}, true},
		"another epoch":                       {func(*Watch) {}, Stamp{"f", 5}, false},
		"no stamp":                            {func(*Watch) {}, Stamp{}, false},
		"something else changed":              {func(w *Watch) { w.Hear(tell(6, 1, 99)) }, Stamp{"e", 5}, true},
		"it changed":                          {func(w *Watch) { w.Hear(tell(6, 1, 8)) }, Stamp{"e", 5}, false},
		"it changed, read again":              {func(w *Watch) { w.Hear(tell(6, 8)) }, Stamp{"e", 6}, true},
		"it changed twice, read between":      {func(w *Watch) { w.Hear(tell(6, 8)); w.Hear(tell(7, 8)) }, Stamp{"e", 6}, false},
		"everything changed":                  {func(w *Watch) { w.Hear(Progress{Epoch: "e", Sequence: 6, Everything: true}) }, Stamp{"e", 5}, false},
		"everything changed, read again":      {func(w *Watch) { w.Hear(Progress{Epoch: "e", Sequence: 6, Everything: true}) }, Stamp{"e", 6}, true},
		"a gap":                               {gap, Stamp{"e", 5}, false},
		"a gap, read in it":                   {gap, Stamp{"e", 7}, false},
		"a gap, read at its end":              {gap, Stamp{"e", 8}, true},
		"a gap, read after":                   {gap, Stamp{"e", 9}, true},
		"a new session":                       {func(w *Watch) { w.Hear(Progress{Epoch: "f", Sequence: 6}) }, Stamp{"e", 5}, false},
		"a message was lost":                  {(*Watch).Lose, Stamp{"e", 5}, false},
		"a message was lost, then the next":   {func(w *Watch) { w.Lose(); w.Hear(tell(6)) }, Stamp{"e", 4}, false},
		"a lost message, the next, read then": {func(w *Watch) { w.Lose(); w.Hear(tell(7)) }, Stamp{"e", 7}, true},
	} {
		w, _ := newTestWatch(time.Minute)
		w.Hear(tell(5))
		c.then(w)
		if got := w.Fresh(c.stamp, []int64{7, 8}); got != c.fresh {
			t.Errorf("%s: fresh %t", name, got)
		}
	}
}

// Changes are remembered for as long as a page can live, and what was forgotten
// counts as changed.
func TestChangesAreForgottenOnTheSafeSide(t *testing.T) {
	t.Parallel()
	w, clock := newTestWatch(10 * time.Second)
	w.Hear(tell(1, 7))
	for n := int64(2); n <= 200; n++ {
		clock.pass(250 * time.Millisecond)
		w.Hear(tell(n))
		if w.Fresh(Stamp{"e", 0}, []int64{7}) {
			t.Fatalf("message %d: a change is forgotten", n)
		}
		if kept := n - 40; kept > 0 && !w.Fresh(Stamp{"e", kept}, []int64{7}) {
			t.Fatalf("message %d: a page of 10 s ago is not fresh", n)
		}
	}
	if w.Fresh(Stamp{"e", 1}, []int64{8}) {
		t.Error("a page of 50 s ago is fresh, though changes of that time are forgotten")
	}
}

func TestChangesTakeBoundedRoom(t *testing.T) {
	t.Parallel()
	c := newChanges(time.Hour, 10)
	for n := int64(1); n <= 100; n++ {
		c.note(time.Unix(1000, 0), n, []int64{n, 1000 + n})
		if len(c.newer)+len(c.older) > 20 {
			t.Fatalf("%d and %d are remembered", len(c.newer), len(c.older))
		}
		for _, s := range []int64{0, n / 2, n - 1} {
			if c.unchanged(s, []int64{n}) || (s < n-1 && c.unchanged(s, []int64{n - 1})) {
				t.Fatalf("after %d, read at %d: changed, and called unchanged", n, s)
			}
		}
		if !c.unchanged(n, []int64{n}) || !c.unchanged(n-1, []int64{n - 1}) {
			t.Fatalf("after %d: what was read last is not unchanged", n)
		}
	}
}

func TestASilentChannelIsNotAlive(t *testing.T) {
	t.Parallel()
	w, clock := newTestWatch(time.Minute)
	w.Hear(tell(1))
	stamp := w.Known().Stamp
	clock.pass(Hearing - time.Millisecond)
	if !w.Alive() || !w.Shows(stamp, nil, time.Hour) {
		t.Error("not alive shortly after a message")
	}
	clock.pass(time.Millisecond)
	if w.Alive() || w.Fresh(stamp, nil) || w.Shows(stamp, nil, Hearing+1) || !w.Shows(Stamp{}, nil, Hearing) {
		t.Error("after a second of silence only what is a second old may be shown")
	}
	w.Hear(tell(2))
	if !w.Alive() || !w.Shows(stamp, nil, time.Hour) || w.Shows(Stamp{}, nil, 0) {
		t.Error("nothing was missed, and what was read before is not fresh")
	}
}

func TestAwait(t *testing.T) {
	t.Parallel()
	w, _ := newTestWatch(time.Minute)
	w.Hear(tell(1))
	if !w.Await(t.Context(), 100) {
		t.Error("what is visible is waited for")
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if w.Await(ended, 101) {
		t.Error("what is not visible is there")
	}
	var all sync.WaitGroup
	for n := range 1000 {
		all.Go(func() {
			if !w.Await(t.Context(), Version(101+n)) {
				t.Errorf("%d never came", 101+n)
			}
		})
	}
	for n := int64(2); n <= 11; n++ {
		w.Hear(tell(n))
	}
	all.Wait()
	if len(w.waiting) != 0 {
		t.Errorf("%d still wait", len(w.waiting))
	}
}

// Many read while one tells: what a reader calls fresh has not changed.
func TestReadersWhileChangesCome(t *testing.T) {
	t.Parallel()
	w := NewWatch(time.Minute, time.Now)
	w.Hear(tell(1))
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for w.Known().Stamp.Sequence < 500 {
				stamp := w.Known().Stamp
				w.Await(t.Context(), Version(100*stamp.Sequence+1))
				if w.Fresh(stamp, []int64{7}) {
					t.Error("a product that changed with each message is called fresh")
				}
			}
		})
	}
	for n := int64(2); n <= 501; n++ {
		w.Hear(tell(n, 7))
	}
	all.Wait()
}
