package stack

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"syscall"
	"time"
)

// traits are what is fixed for a kind of service.
type traits struct {
	name    string         // its folder
	title   string         // its name in messages
	stop    syscall.Signal // what asks it to stop in good order
	grace   time.Duration  // how long that may take
	startup time.Duration  // how long it may take until it answers
}

// server is what one kind of service knows of itself.
type server interface {
	traits() traits
	// prepare makes the data folder on a first start, and writes the configuration for the instance's port.
	prepare(ctx context.Context, inst *instance) error
	command(inst *instance) command
	// ready fails as long as the service does not answer.
	ready(ctx context.Context, inst *instance) error
	url(inst *instance) string
}

// Service is one running, or stopped, service. Its address and data stay the same through Stop, Kill and Start.
type Service struct {
	server server
	inst   *instance
	report *Reporter

	mu    sync.Mutex
	child *child
	// wanted is closed by Stop and Kill, so that an end we asked for is not reported as a failure.
	wanted chan struct{}
}

// ErrStopped says that a service ended although nobody asked it to.
var ErrStopped = errors.New("stopped unexpectedly")

// startAttempts bounds how often another port is tried when a free one is taken before the service gets to it.
const startAttempts = 3

func startService(ctx context.Context, kind server, opts ServiceOptions) (*Service, error) {
	inst, err := openInstance(ctx, opts)
	if err != nil {
		return nil, err
	}
	s := &Service{server: kind, inst: inst, report: NewReporter(opts.Out)}
	found, err := stopLeftover(ctx, inst.dir, kind.traits())
	if err != nil {
		return nil, fmt.Errorf("stopping a %s that a killed run left: %w", kind.traits().title, err)
	}
	if found {
		s.report.Step("%s was still running from a killed run: stopped it", kind.traits().title)
	}
	last, err := inst.loadState()
	if err != nil {
		return nil, err
	}
	return s, s.firstStart(ctx, last.Port, opts.Port)
}

// firstStart finds a port as it starts: between the look and the service's own bind another program may take it.
func (s *Service) firstStart(ctx context.Context, preferred ...int) error {
	var err error
	for range startAttempts {
		if s.inst.port, err = choosePort(ctx, preferred...); err != nil {
			return err
		}
		if err = s.Start(ctx); err == nil || ctx.Err() != nil {
			return err
		}
		if _, taken := listenOnce(ctx, s.inst.port); taken == nil {
			return err
		}
	}
	return err
}

// Name is the service's folder and short name.
func (s *Service) Name() string { return s.server.traits().name }

// URL is how clients reach the service, password included.
func (s *Service) URL() string { return s.server.url(s.inst) }

// Port is where it listens on 127.0.0.1.
func (s *Service) Port() int { return s.inst.port }

// Pid is the process that was started, parent of all others of the service; 0 when it does not run.
func (s *Service) Pid() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.child == nil {
		return 0
	}
	return s.child.proc.pid
}

// LogPath is the file that holds what the service printed, over all its runs.
func (s *Service) LogPath() string { return s.inst.path(logFile) }

// Start starts a service that was stopped or killed, on the same port and data, and returns when it answers.
// Starting one that runs is no error.
func (s *Service) Start(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.child != nil && s.child.running() {
		return nil
	}
	began := time.Now()
	err := s.begin(ctx)
	if err == nil {
		err = s.awaitReady(ctx)
	}
	if err != nil {
		return errors.Join(err, s.stop(ctx))
	}
	s.report.Step("%s ready on %s (%s)", s.server.traits().title, address(s.inst.port), seconds(time.Since(began)))
	return nil
}

func (s *Service) begin(ctx context.Context) error {
	if err := s.server.prepare(ctx, s.inst); err != nil {
		return fmt.Errorf("preparing %s: %w", s.server.traits().title, err)
	}
	started, err := launch(s.server.command(s.inst), s.inst.runAs, s.inst.path(logFile))
	if err != nil {
		return fmt.Errorf("starting %s: %w", s.server.traits().title, err)
	}
	s.child, s.wanted = started, make(chan struct{})
	return s.inst.saveState(started.proc)
}

// awaitReady asks until the service answers, ends, or takes too long.
func (s *Service) awaitReady(ctx context.Context) error {
	how := s.server.traits()
	var last error
	err := poll(ctx, how.startup, func() bool {
		last = s.server.ready(ctx, s.inst)
		return last == nil || !s.child.running()
	})
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("starting %s: %w", how.title, ctx.Err())
	case !s.child.running():
		return fmt.Errorf("%s ended while starting; the end of its log (%s):\n%s", how.title, s.LogPath(), s.inst.logTail())
	case err != nil:
		return fmt.Errorf("%s does not answer after %s: %w; its log is %s", how.title, how.startup, last, s.LogPath())
	}
	return nil
}
