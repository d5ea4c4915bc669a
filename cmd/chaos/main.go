package main

import (
	"context"
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
	clients  int
}

func main() {
	o := options{}
	flag.Uint64Var(&o.seed, "seed", rand.Uint64N(1_000_000), "what faults and orders are drawn from")
	flag.DurationVar(&o.duration, "duration", 3*time.Minute, "how long orders are placed and faults caused")
	flag.IntVar(&o.clients, "clients", 32, "how many clients place orders")
	flag.Parse()
	// Caught, not acted on: whoever reads the output may go before everything is stopped.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	err := run(ctx, o)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "chaos:", err)
		os.Exit(1)
	}
}
