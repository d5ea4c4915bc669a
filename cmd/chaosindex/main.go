package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"syscall"
	"time"
)

type options struct {
	seed     uint64
	duration time.Duration
	only     string
}

func main() {
	o := options{}
	flag.Uint64Var(&o.seed, "seed", rand.Uint64N(1_000_000), "what faults and changes are drawn from")
	flag.DurationVar(&o.duration, "duration", 8*time.Minute, "how long faults are caused; each comes once, however short that is")
	flag.StringVar(&o.only, "fault", "", "only faults whose name matches this regular expression")
	flag.Parse()
	// Caught, not acted on: whoever reads the output may go before everything is stopped.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	err := run(ctx, o)
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		err = errors.New("interrupted; everything is stopped")
	}
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "chaos-index:", err)
		os.Exit(1)
	}
}
