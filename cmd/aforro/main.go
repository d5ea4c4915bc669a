// Command aforro is the whole product in one binary: the API, the indexer and
// the worker, and the tools to run them. It is the only place where parts are
// wired together.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), stopSignals()...)
	err := root().ExecuteContext(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "aforro:", err)
		os.Exit(1)
	}
}

// stopSignals ask for a stop in good order. A terminal that is closed asks for
// one too, unless somebody (nohup) wants the program to outlive it.
func stopSignals() []os.Signal {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		signals = append(signals, syscall.SIGHUP)
	}
	return signals
}
