// Command smoke runs `aforro up` the way a stranger does, natively and from empty data, and tries the main things:
// search finds, suggestions complete, an order is confirmed and takes its stock, a product that is sold out everywhere
// leaves in_stock=true, a stop leaves no process behind, and the second start answers within 30 s.
//
//	go run ./cmd/smoke -binary bin/aforro
//
// It needs nothing but the binary; everything it makes is in a temporary folder and gone afterwards.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// firstStart bounds a start that may have to install packages and fetch Elasticsearch.
const firstStart = 10 * time.Minute

func main() {
	binary := flag.String("binary", "bin/aforro", "the program to run")
	second := flag.Duration("second-start", 30*time.Second, "how long the second start may take until it answers searches")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, *binary, *second)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "smoke: FAILED:", err)
		os.Exit(1)
	}
	fmt.Println("smoke: passed")
}

func run(ctx context.Context, binary string, secondStart time.Duration) (err error) {
	dir, err := os.MkdirTemp("", "aforro-smoke-")
	if err != nil {
		return fmt.Errorf("making a folder for the data: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	// The service user must be able to reach it.
	if err := os.Chmod(dir, 0o755); err != nil {
		return fmt.Errorf("opening the folder for the service user: %w", err)
	}
	p, err := newProgram(binary, dir)
	if err != nil {
		return err
	}
	if err := p.during(ctx, firstStart, tryShop); err != nil {
		return fmt.Errorf("first run: %w", err)
	}
	if err := p.during(ctx, secondStart, trySearch); err != nil {
		return fmt.Errorf("second run: %w", err)
	}
	return p.reset(ctx)
}
