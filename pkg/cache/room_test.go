package cache

import (
	"testing"
	"time"
)

func TestRoomIsTakenUntilItExpires(t *testing.T) {
	t.Parallel()
	r, now := newRoom(10*(1000+overhead)), time.Unix(1000, 0)
	for n := range 10 {
		if !r.take(now, 1000, time.Minute) {
			t.Fatalf("there is no room for value %d of 10", n+1)
		}
	}
	if r.take(now.Add(time.Minute), 1000, time.Minute) {
		t.Error("there is room for more than the most")
	}
	later := now.Add(time.Minute + 2*grain)
	if !r.take(later, 1000, time.Minute) {
		t.Error("what has expired still takes room")
	}
	if r.used != 1000+overhead || len(r.expiring) != 1 {
		t.Errorf("%d bytes in %d grains are counted", r.used, len(r.expiring))
	}
	if r.take(later, 10*1000+10*overhead, time.Minute) {
		t.Error("a value larger than all that is left finds room")
	}
}
