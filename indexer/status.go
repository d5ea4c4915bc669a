package indexer

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"aforro/pkg/fault"
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
	// Problem is why the last session ended; nil once it streams again.
	Problem error
	// Away: the index could not be reached when it was last tried.
	Away bool
	// Stalled is how long nothing has moved although something should have.
	Stalled time.Duration
}

// Ready reports whether changes reach the index.
func (s Status) Ready() bool { return s.Phase == Streaming && !s.Away && s.Stalled < stalledAfter }

// String says it in words: "index building, 43 %".
func (s Status) String() string {
	if s.Away && s.Phase != StandingBy && s.Phase != Stopped {
		return "waiting for Elasticsearch, which does not answer"
	}
	if s.Phase == Streaming && s.Stalled >= stalledAfter {
		return fmt.Sprintf("no progress for %.0f s: the log says why", s.Stalled.Seconds())
	}
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
	return "connecting to PostgreSQL and Elasticsearch" + s.because()
}

// because is what a person may read of the problem, such as who keeps the
// replication slot from being made.
func (s Status) because() string {
	var f *fault.Error
	if !errors.As(s.Problem, &f) {
		return ""
	}
	return ": " + f.Message
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
	s := x.status.s
	s.Away = x.out.away.Load()
	if s.Phase == Streaming {
		s.Stalled = x.progress.stalled(time.Now(), x.Heartbeat)
	}
	return s
}
