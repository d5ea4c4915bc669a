package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// stopPatience bounds a stop in good order.
const stopPatience = 60 * time.Second

// program is the binary under test with its own data folder and address.
type program struct {
	binary, dir, addr string
}

func newProgram(binary, dir string) (program, error) {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return program{}, fmt.Errorf("finding a free port: %w", err)
	}
	return program{binary: binary, dir: dir, addr: listener.Addr().String()}, listener.Close()
}

// command runs the binary with this run's settings only: services that the environment names are not used.
func (p program) command(args ...string) *exec.Cmd {
	cmd := exec.Command(p.binary, args...)
	for _, entry := range os.Environ() {
		if !strings.HasPrefix(entry, "AFORRO_") {
			cmd.Env = append(cmd.Env, entry)
		}
	}
	cmd.Env = append(cmd.Env, "AFORRO_DATA_DIR="+filepath.Join(p.dir, "data"), "AFORRO_HTTP_ADDR="+p.addr)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	return cmd
}

// during starts `aforro up`, waits until it is ready, tries what is given, stops it with SIGINT and looks for what it
// may have left.
func (p program) during(ctx context.Context, bound time.Duration, try func(context.Context, shop) error) error {
	cmd, began := p.command("up"), time.Now()
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting %s: %w", p.binary, err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	err := p.await(ctx, bound, ended)
	if err == nil {
		fmt.Printf("smoke: ready after %.1f s\n", time.Since(began).Seconds())
		err = try(ctx, shop{base: "http://" + p.addr})
	}
	return errors.Join(err, stop(cmd, ended), p.leftovers())
}

// await waits until a search is answered.
func (p program) await(ctx context.Context, bound time.Duration, ended chan error) error {
	ctx, cancel := context.WithTimeout(ctx, bound)
	defer cancel()
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case err := <-ended:
			ended <- err
			return fmt.Errorf("it ended before it was ready: %w", err)
		case <-ctx.Done():
			return fmt.Errorf("it is not ready after %s", bound)
		case <-ticker.C:
			if (shop{base: "http://" + p.addr}).ready(ctx) {
				return nil
			}
		}
	}
}

func stop(cmd *exec.Cmd, ended <-chan error) error {
	began := time.Now()
	if err := cmd.Process.Signal(os.Interrupt); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("sending SIGINT: %w", err)
	}
	select {
	case err := <-ended:
		if err != nil {
			return fmt.Errorf("the stop was not clean: %w", err)
		}
		fmt.Printf("smoke: stopped after %.1f s\n", time.Since(began).Seconds())
		return nil
	case <-time.After(stopPatience):
		return errors.Join(fmt.Errorf("it still runs %s after SIGINT", stopPatience), cmd.Process.Signal(syscall.SIGKILL))
	}
}

// leftovers fails if a process still names our folder.
func (p program) leftovers() error {
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		return fmt.Errorf("listing processes: %w", err)
	}
	for _, path := range lines {
		line, err := os.ReadFile(path)
		if err == nil && strings.Contains(string(line), filepath.Join(p.dir, "data")) {
			return fmt.Errorf("%s was left running: %s", filepath.Dir(path), strings.ReplaceAll(string(line), "\x00", " "))
		}
	}
	return nil
}

// reset runs `aforro reset` and wants the data gone.
func (p program) reset(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := p.command("reset").Run(); err != nil {
		return fmt.Errorf("aforro reset: %w", err)
	}
	if left, err := os.ReadDir(filepath.Join(p.dir, "data")); err == nil && len(left) > 0 {
		return fmt.Errorf("aforro reset left %s and %d more", left[0].Name(), len(left)-1)
	}
	return nil
}
