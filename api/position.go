package api

import (
	"context"
	"sync"
	"time"

	"aforro/pkg/fault"
	"aforro/pkg/search"
)

// positionHeader carries a position of the database's log: writes answer it, and
// a search that is sent it finds what was written.
const positionHeader = "X-Aforro-Position"

const (
	// positionTimeout bounds one reading of the position: an answer to a write does
	// without rather than wait longer.
	positionTimeout = 300 * time.Millisecond
	// positionPause is the least time between the beginnings of two readings, so
	// that many writers do not keep a connection busy with nothing else.
	positionPause = 2 * time.Millisecond
)

// positionRegister reads the log's position for many at once: one reading is
// under way at most, and those who ask meanwhile share the next. A reading never
// began before somebody asked who gets it, so it covers what he has written.
type positionRegister struct {
	log  Positions
	mu   sync.Mutex
	busy bool
	next *positionReading
}

type positionReading struct {
	done     chan struct{}
	position search.Version
	err      error
}

// read is the position to which the log is on disk, now or later.
func (r *positionRegister) read(ctx context.Context) (search.Version, error) {
	r.mu.Lock()
	if r.next == nil {
		r.next = &positionReading{done: make(chan struct{})}
	}
	own := r.next
	if !r.busy {
		r.busy = true
		go r.work(context.WithoutCancel(ctx))
	}
	r.mu.Unlock()
	select {
	case <-own.done:
		return own.position, own.err
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

// work reads as long as somebody asks.
func (r *positionRegister) work(ctx context.Context) {
	for own := r.take(); own != nil; own = r.take() {
		pause := time.NewTimer(positionPause)
		bounded, cancel := context.WithTimeout(ctx, positionTimeout)
		own.position, own.err = r.log.Position(bounded)
		cancel()
		close(own.done)
		<-pause.C
	}
}

// take is the reading that begins now; nil when nobody asks.
func (r *positionRegister) take() *positionReading {
	r.mu.Lock()
	defer r.mu.Unlock()
	own := r.next
	r.next, r.busy = nil, own != nil
	return own
}

// written is the position header of an answer to a write; empty when it cannot
// be read: what was written stands all the same.
func (s *Server) written(ctx context.Context) string {
	ctx, cancel := context.WithTimeout(ctx, 2*positionTimeout)
	defer cancel()
	position, err := s.positions.read(ctx)
	if err != nil {
		s.o.Log.DebugContext(ctx, "the position of a write could not be read", "request", requestID(ctx), "error", err)
		return ""
	}
	return search.FormatPosition(position)
}

// logPosition reads the header of a read; without one it is 0.
func (r *reader) logPosition(raw string) search.Version {
	if raw == "" {
		return 0
	}
	v, err := search.ParsePosition(raw)
	if err != nil {
		r.wrong = append(r.wrong, fault.Field{Location: "header." + positionHeader, Message: "must be a position as answers have it, such as 0/16B3748", Value: raw})
	}
	return v
}

// await waits until the index has what was written up to the position, and
// reports whether it has. A position that the database has not reached itself is
// of another database, or invented: it is not waited for.
func (s *Server) await(ctx context.Context, asked search.Version) bool {
	if asked <= s.o.Watch.Known().Visible {
		return true
	}
	if s.o.PositionWait <= 0 {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, s.o.PositionWait)
	defer cancel()
	reached, err := s.positions.read(ctx)
	if err != nil || asked > reached {
		return false
	}
	return s.o.Watch.Await(ctx, asked)
}
