// Command run starts the services that integration tests share, runs the
// command after "--" with their addresses in its environment, and stops them.
//
//	go run ./pkg/testkit/run -- go test -tags integration ./...
//
// Services come from AFORRO_TEST_*_URL when all three are set, else from
// containers (testcontainers-go) when a Docker engine answers, else from the
// native services of `aforro up`. AFORRO_TEST_SERVICES=env|containers|native
// insists on one of them. One that cannot be had fails the run.
package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"aforro/pkg/testkit"
)

// addresses are where the started services answer.
type addresses struct{ postgres, redis, elasticsearch string }

// source is one way to get services; stop ends what start began.
type source struct {
	name  string
	start func(ctx context.Context) (addresses, func(context.Context) error, error)
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "testkit/run:", err)
		os.Exit(1)
	}
}

func run(args []string) (err error) {
	i := slices.Index(args, "--")
	if i < 0 || i+1 >= len(args) {
		return fmt.Errorf("usage: run -- COMMAND [ARG...]")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	from, err := choose(ctx, os.Getenv("AFORRO_TEST_SERVICES"))
	if err != nil {
		return err
	}
	begun := time.Now()
	fmt.Printf("services: starting (%s)\n", from.name)
	where, end, err := from.start(ctx)
	defer func() {
		bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
		defer cancel()
		if stopErr := end(bounded); err == nil {
			err = stopErr
		}
	}()
	if err != nil {
		return fmt.Errorf("start services (%s): %w", from.name, err)
	}
	fmt.Printf("services: ready through %s after %.1f s\n", from.name, time.Since(begun).Seconds())
	defer fmt.Printf("services: these tests ran through %s\n", from.name)
	return command(ctx, args[i+1:], where)
}

func command(ctx context.Context, args []string, where addresses) error {
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 30 * time.Second
	cmd.Env = append(os.Environ(),
		testkit.EnvPostgres+"="+where.postgres,
		testkit.EnvRedis+"="+where.redis,
		testkit.EnvElasticsearch+"="+where.elasticsearch)
	return cmd.Run()
}
