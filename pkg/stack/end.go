package stack

import (
	"context"
	"errors"
	"fmt"
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
	if poll(ctx, grace, func() bool { return !anyAlive(all) }) == nil {
		return nil
	}
	// Children may have been started since the first look.
	if now, err := tree(root); err == nil {
		all = append(all, now...)
	}
	return killAll(all)
}

// killAll kills without asking and waits until all are gone.
func killAll(all []proc) error {
	var failed []error
	for _, p := range all {
		failed = append(failed, p.signal(syscall.SIGKILL))
	}
	// Not the caller's context: leaving a killed process half-gone would make the next start fail.
	if err := poll(context.Background(), killPatience, func() bool { return !anyAlive(all) }); err != nil {
		failed = append(failed, fmt.Errorf("killed processes are still there after %s", killPatience))
	}
	return errors.Join(failed...)
}
