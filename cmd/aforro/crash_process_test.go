//go:build integration

package main

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"time"

	"aforro/pkg/crash"
	"aforro/pkg/testkit"
)

// crashProcess is a role as a process of its own.
type crashProcess struct {
	cmd   *exec.Cmd
	log   *logLines
	ended chan struct{}
}

// run starts a role, armed when at is a point (and a pass).
func (s *crashShop) run(role, at string, more ...string) *crashProcess {
	s.tb.Helper()
	p := &crashProcess{cmd: exec.Command(s.binary, append(append([]string{role}, flags(s.direct)...), more...)...), log: &logLines{}, ended: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), "AFORRO_CRASH_AT="+at)
	p.cmd.Stderr = p.log
	if err := p.cmd.Start(); err != nil {
		s.tb.Fatal(err)
	}
	go func() {
		defer close(p.ended)
		// Its death is looked at in ProcessState.
		if err := p.cmd.Wait(); err != nil {
			fmt.Fprintf(p.log, "the process ended: %v\n", err)
		}
	}()
	s.tb.Cleanup(func() {
		if err := p.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
			s.tb.Error(err)
		}
		<-p.ended
		if s.tb.Failed() {
			s.tb.Logf("what the %s (armed %q) logged:\n%s", role, at, p.log)
		}
	})
	return p
}

var listening = regexp.MustCompile(`msg="the API listens" address=(\S+)`)

// runAPI starts an API and waits until it answers; from then on it is asked.
func (s *crashShop) runAPI(at string) *crashProcess {
	s.tb.Helper()
	p := s.run(theAPI, at)
	var found []string
	testkit.Eventually(s.tb, patience, "the API listens", func() bool {
		found = listening.FindStringSubmatch(p.log.String())
		return found != nil
	})
	s.base = "http://" + found[1]
	testkit.Eventually(s.tb, patience, "the API lives", func() bool {
		a, err := s.do(http.MethodGet, "/healthz", "")
		return err == nil && a.status == http.StatusOK
	})
	return p
}

// awaitDeath waits until the process has died at the point, and by its own hand.
func (s *crashShop) awaitDeath(p *crashProcess, at crash.Point) {
	s.tb.Helper()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	select {
	case <-p.ended:
		s.died = time.Now()
	case <-limit.C:
		s.tb.Fatalf("it never died at %s", at)
	}
	status, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus)
	if !ok || !status.Signaled() || status.Signal() != syscall.SIGKILL || !strings.Contains(p.log.String(), "crash: dying at "+string(at)+",") {
		s.tb.Fatalf("it did not die at %s, it ended with %s", at, p.cmd.ProcessState)
	}
}
