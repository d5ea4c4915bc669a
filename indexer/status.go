package indexer

import (
	"fmt"
	"sync"
	"time"
)

// Phase is what an Indexer is doing.
type Phase string

// The phases. Only Streaming is ready.
const (
	Connecting Phase = "connecting"
	StandingBy Phase = "standing by"
	Building   Phase = "building"
	CatchingUp Phase = "catching up"
	Streaming  Phase = "streaming"
	Stopped    Phase = "stopped"
)

// Status is what an Indexer is doing right now.
type Status struct {
	Phase Phase
	// Done and Total count documents while Building.
	Done, Total int64
	// Retained is how many bytes of log PostgreSQL keeps for the indexer.
	Retained int64
	// Since is when the phase began.
	Since time.Time
	// Problem is why the last session ended; nil once it streams again.
	Problem error
}

// Ready reports whether changes reach the index.
func (s Status) Ready() bool { return s.Phase == Streaming }

// String says it in words: "index building, 43 %".
func (s Status) String() string {
	switch s.Phase {
	case Building:
		return fmt.Sprintf("index building, %d %%", s.Percent())
	case CatchingUp:
		return "index built, catching up with changes"
	case StandingBy:
		return "standing by: another indexer follows the changes"
	case Streaming:
		return "following changes"
	case Stopped:
		return "stopped"
	}
	return "connecting to PostgreSQL and Elasticsearch"
}

// Percent is how much of the build is done.
func (s Status) Percent() int64 {
	if s.Total <= 0 {
		return 0
	}
	return min(100, s.Done*100/s.Total)
}

// status guards the Status that the goroutines of an Indexer share.
type status struct {
	mu sync.Mutex
	s  Status
}

func (t *status) set(p Phase, done, total int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.s.Phase != p {
		t.s.Since = time.Now()
	}
	t.s.Phase, t.s.Done, t.s.Total = p, done, total
	if p == Streaming {
		t.s.Problem = nil
	}
}

func (t *status) failed(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.s.Problem = err
}

func (t *status) retained(n int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.s.Retained = n
}

// Status is what the Indexer is doing right now.
func (x *Indexer) Status() Status {
	x.status.mu.Lock()
	defer x.status.mu.Unlock()
	return x.status.s
}
