package stack

import (
	"context"
	"errors"
	"fmt"
	"syscall"
)

// Stop ends the service in good order, by force when that takes too long or ctx ends. It returns when no process of it
// is left; stopping one that does not run is no error.
func (s *Service) Stop(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stop(ctx)
}

// stop is called with the lock held.
func (s *Service) stop(ctx context.Context) error {
	how := s.server.traits()
	return s.end(func(p proc) error { return endTree(ctx, p, how.stop, how.grace) })
}

// Kill ends the service and all its children with SIGKILL, as a crash would.
func (s *Service) Kill() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.end(func(p proc) error {
		all, err := tree(p) // PostgreSQL's children leave its session: they must be known before it dies
		return errors.Join(err, killTree(p, all))
	})
}

// Restart stops and starts the service on the same port and data.
func (s *Service) Restart(ctx context.Context) error {
	if err := s.Stop(ctx); err != nil {
		return err
	}
	return s.Start(ctx)
}

// Pause freezes the service: connections stay open and nothing answers. Resume ends it.
func (s *Service) Pause() error { return s.signalAll(syscall.SIGSTOP) }

// Resume lets a paused service go on.
func (s *Service) Resume() error { return s.signalAll(syscall.SIGCONT) }

// Failed gives one error when the present run of the service ends although nobody asked it to. Ask again after Start.
func (s *Service) Failed() <-chan error {
	failed := make(chan error, 1)
	s.mu.Lock()
	running, wanted := s.child, s.wanted
	s.mu.Unlock()
	if running == nil {
		return failed
	}
	go func() {
		<-running.done
		select {
		case <-wanted:
		default:
			failed <- fmt.Errorf("%s %w; the end of its log (%s):\n%s", s.server.traits().title, ErrStopped, s.LogPath(), s.inst.logTail())
		}
	}()
	return failed
}

// end is called with the lock held. It marks the end as wanted, ends the child and waits until it has been reaped.
func (s *Service) end(how func(proc) error) error {
	running := s.child
	if running == nil {
		return nil
	}
	s.child = nil
	close(s.wanted)
	err := how(running.proc)
	if err == nil {
		<-running.done
		err = s.inst.saveState(proc{}) // the port stays known for the next start
	}
	if err != nil {
		return fmt.Errorf("stopping %s: %w", s.server.traits().title, err)
	}
	return nil
}

func (s *Service) signalAll(sig syscall.Signal) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.child == nil {
		return fmt.Errorf("%s does not run", s.server.traits().title)
	}
	all, err := tree(s.child.proc)
	failed := []error{err}
	for _, p := range all {
		failed = append(failed, p.signal(sig))
	}
	return errors.Join(failed...)
}
