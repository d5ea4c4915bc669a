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
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := root().ExecuteContext(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "aforro:", err)
		os.Exit(1)
	}
}
