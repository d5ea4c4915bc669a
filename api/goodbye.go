package api

import (
	"context"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"aforro/pkg/lifecycle"
)

// The end of a stop's delay: nobody may connect any more, and those who have are
// served. Most is how long those are waited for who connect and say nothing.
const (
	lastCall     = 100 * time.Millisecond
	lastCallMost = time.Second
)

// sayGoodbye goes on serving for the delay, so that who asks /readyz goes
// elsewhere. It returns when the listener can be closed without harm to those
// who do not ask: net/http drops a request that it has not read when it is told
// to shut down.
func (s *Server) sayGoodbye(ctx context.Context, listener net.Listener, delay time.Duration) {
	last := min(lastCall, delay/2)
	if lifecycle.Sleep(ctx, delay-last) != nil {
		return
	}
	err := deafen(listener)
	if err != nil {
		s.o.Log.Debug("who connects at this moment may be reset", "error", err)
	}
	ctx, cancel := context.WithTimeout(ctx, last+lastCallMost)
	defer cancel()
	// Seen twice: what is on its way takes a moment to be seen at all.
	for quiet := 0; quiet < 2 && lifecycle.Sleep(ctx, last/2) == nil; quiet++ {
		if n, err := knocking(listener); (n > 0 && err == nil) || s.newcomers.count.Load() > 0 {
			quiet = -1
		}
	}
}

// newcomers are the connections from which no request was read yet.
type newcomers struct {
	all   sync.Map
	count atomic.Int64
}

// watch is an http.Server's ConnState.
func (n *newcomers) watch(c net.Conn, state http.ConnState) {
	if state == http.StateNew {
		n.all.Store(c, nil)
		n.count.Add(1)
		return
	}
	if _, was := n.all.LoadAndDelete(c); was {
		n.count.Add(-1)
	}
}
