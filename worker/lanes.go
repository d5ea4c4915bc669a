package worker

import (
	"sync"
	"time"

	"aforro/pkg/notify"
)

const (
	// laneRoom is how many deliveries to one receiver are under way at once.
	laneRoom = 8
	// mailRoom is the same for e-mail.
	mailRoom = 4
	// failingRoom is what a receiver that failed last gets: one that is away
	// costs little, and is found again by the next attempt.
	failingRoom = 1
	// restAfter is how many failures in a row make a receiver rest for restFor
	// after each further one, so that nobody is hammered who is down.
	restAfter = 3
	restFor   = time.Second
)

// lanes counts what is under way to each receiver. Every receiver has room of
// its own and notify.MaxEndpoints bounds how many there are, so that none can
// starve another.
type lanes struct {
	mu   sync.Mutex
	each map[int64]*lane
}

type lane struct {
	running  int
	failures int // in a row
	rested   time.Time
}

func newLanes() *lanes { return &lanes{each: map[int64]*lane{}} }

// mailLane is the number of e-mail's lane.
const mailLane = 0

// room is what may be taken now.
func (l *lanes) room() notify.Room {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := notify.Room{Each: laneRoom, Endpoints: map[int64]int{}, Mail: mailRoom}
	for id, at := range l.each {
		if id == mailLane {
			r.Mail = at.room(mailRoom)
		} else {
			r.Endpoints[id] = at.room(laneRoom)
		}
	}
	return r
}

func (l *lane) room(most int) int {
	switch {
	case time.Now().Before(l.rested):
		return 0
	case l.failures > 0:
		most = failingRoom
	}
	return max(0, most-l.running)
}

func (l *lanes) enter(id int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.each[id] == nil {
		l.each[id] = &lane{}
	}
	l.each[id].running++
}

// leave ends a delivery and returns how many have failed in a row. What failed
// for good says nothing of the next. A lane of which nothing is to be known is
// forgotten.
func (l *lanes) leave(id int64, r notify.Result) (failures int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := l.each[id]
	at.running--
	switch {
	case r.Delivered:
		at.failures, at.rested = 0, time.Time{}
	case !r.Final:
		at.failures++
	}
	if at.failures >= restAfter && !r.Delivered {
		at.rested = time.Now().Add(restFor)
	}
	if at.running == 0 && at.failures == 0 {
		delete(l.each, id)
	}
	return at.failures
}
