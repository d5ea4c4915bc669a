package stack

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"syscall"
	"time"
)

// killPatience bounds the wait for processes to vanish after SIGKILL; only a process stuck in the kernel takes longer.
const killPatience = 20 * time.Second

// endTree stops a process and all below it: the signal to the root, which ends its own children; what is left after
// the grace is killed. It returns when nothing of it runs any more. A cancelled ctx shortens the grace to nothing.
func endTree(ctx context.Context, root proc, sig syscall.Signal, grace time.Duration) error {
	all, err := tree(root)
	if err != nil {
		return err
	}
	if err := root.signal(sig); err != nil {
		return err
	}
	if poll(ctx, grace, func() bool { return !anyAlive(all) }) != nil {
		return killTree(root, all)
	}
	return killTree(root, nil) // what was started after the first look
}

// killTree kills the process, all below it and those named, without asking.
func killTree(root proc, named []proc) error {
	return killUntilGone(func() ([]proc, error) {
		all, err := tree(root)
		return append(all, named...), err
	})
}

// killUntilGone kills what it finds and looks again until nothing is left: while it is being killed a process may
// start another.
func killUntilGone(look func() ([]proc, error)) error {
	var failed error
	// Not the caller's context: leaving a killed process half-gone would make the next start fail.
	err := poll(context.Background(), killPatience, func() bool {
		var all []proc
		if all, failed = look(); failed != nil {
			return true
		}
		all = slices.DeleteFunc(all, func(p proc) bool { return !p.alive() })
		for _, p := range all {
			failed = errors.Join(failed, p.signal(syscall.SIGKILL))
		}
		return len(all) == 0 || failed != nil
	})
	if err != nil {
		return fmt.Errorf("killed processes are still there after %s", killPatience)
	}
	return failed
}
