package worker

import (
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"aforro/pkg/notify"
)

// A receiver that fails gets one at a time, then one a second, and all its room
// back with the first success. The others never notice.
func TestAFailingReceiverTakesLittleRoom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLanes()
		failed, delivered := notify.Failed("away"), notify.Result{Delivered: true}
		expect := func(what string, endpoints map[int64]int, mail int) {
			t.Helper()
			if got, want := l.room(), (notify.Room{Each: laneRoom, Endpoints: endpoints, Mail: mail}); !reflect.DeepEqual(got, want) {
				t.Errorf("%s: room for %+v, want %+v", what, got, want)
			}
		}
		expect("at first", map[int64]int{}, mailRoom)
		for range 5 {
			l.enter(1)
		}
		l.enter(mailLane)
		expect("some are under way", map[int64]int{1: laneRoom - 5}, mailRoom-1)
		l.leave(mailLane, delivered)
		l.leave(1, failed)
		expect("one failed", map[int64]int{1: 0}, mailRoom)
		l.leave(1, notify.Refused(410, "gone"))
		l.leave(1, failed)
		l.leave(1, delivered)
		expect("one arrived", map[int64]int{1: laneRoom - 1}, mailRoom)
		l.leave(1, failed)
		expect("one failed again", map[int64]int{1: failingRoom}, mailRoom)
		for n := 2; n < 6; n++ {
			l.enter(1)
			if got := l.leave(1, failed); got != n {
				t.Errorf("%d failures in a row, want %d", got, n)
			}
			if n >= restAfter {
				expect("it rests", map[int64]int{1: 0}, mailRoom)
				<-time.After(restFor) // of the test's own clock
			}
			expect("it is tried again", map[int64]int{1: failingRoom}, mailRoom)
		}
		l.enter(1)
		l.leave(1, delivered)
		expect("it is back", map[int64]int{}, mailRoom)
	})
}
