//go:build integration

package worker_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"aforro/pkg/postgres"
	"aforro/pkg/queue"
	"aforro/pkg/testkit"
	"aforro/worker"
)

// With these set, the test binary is a worker process.
const childPostgres, childRedis = "AFORRO_TEST_CHILD_POSTGRES_URL", "AFORRO_TEST_CHILD_REDIS_URL"

func TestMain(m *testing.M) {
	if os.Getenv(childPostgres) == "" {
		os.Exit(m.Run())
	}
	if err := child(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// child is a worker that runs until SIGTERM.
func child() error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	log := slog.New(slog.DiscardHandler)
	db, err := postgres.Open(ctx, os.Getenv(childPostgres), postgres.Options{})
	if err != nil {
		return err
	}
	defer db.Close()
	q, err := queue.Open(os.Getenv(childRedis), log)
	if err != nil {
		return err
	}
	srv, err := queue.NewServer(queue.ServerOptions{URL: os.Getenv(childRedis), Concurrency: 8, CheckEvery: 5 * time.Millisecond,
		Grace: 5 * time.Second, Log: log})
	if err != nil {
		return err
	}
	err = worker.New(worker.Options{Orders: db, Holds: db, Queue: q, Server: srv, Log: log, Metrics: prometheus.NewRegistry(),
		SweepEvery: 100 * time.Millisecond}).Run(ctx)
	if closeErr := q.Close(); err == nil {
		err = closeErr
	}
	return err
}

// startChild starts a worker process. It is reaped at the test's end.
func startChild(tb testing.TB, s *shop) *exec.Cmd {
	tb.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childPostgres+"="+s.dbURL, childRedis+"="+s.direct)
	cmd.Stdout, cmd.Stderr = io.Discard, os.Stderr
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if cmd.ProcessState == nil {
			end(tb, cmd, syscall.SIGKILL)
		}
	})
	return cmd
}

// end signals a child and reaps it; only a stop on SIGTERM must be clean.
func end(tb testing.TB, cmd *exec.Cmd, sig syscall.Signal) {
	tb.Helper()
	if err := cmd.Process.Signal(sig); err != nil {
		tb.Error(err)
	}
	if err := cmd.Wait(); err != nil && sig != syscall.SIGKILL {
		tb.Errorf("the worker's end: %v", err)
	}
}

// TestAKilledWorkerLosesAndRepeatsNothing kills -9 worker processes in the
// middle of decisions; the last one finishes what they left.
func TestAKilledWorkerLosesAndRepeatsNothing(t *testing.T) {
	t.Parallel()
	s := newShop(t, 50)
	const orders, kills = 1500, 4
	// A batch takes long enough to be killed in its middle.
	s.exec(`CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.002); RETURN NULL; END $$`)
	s.exec(`CREATE TRIGGER slow AFTER INSERT ON order_events FOR EACH ROW EXECUTE FUNCTION slow()`)
	for i := range int64(orders) {
		s.enqueue(s.save(1 + i%10))
	}
	left := func() int64 { return s.number(`SELECT count(*) FROM orders WHERE status = 'PENDING'`) }
	for range kills {
		before := left()
		cmd := startChild(t, s)
		testkit.Eventually(t, 20*time.Second, "some orders are decided", func() bool { return left() <= before-30 })
		end(t, cmd, syscall.SIGKILL)
		if left() == 0 || left() == before {
			t.Errorf("killed at %d PENDING of %d: not in the middle of decisions", left(), before)
		}
	}
	last := startChild(t, s)
	s.awaitAllDecided(40 * time.Second)
	end(t, last, syscall.SIGTERM)
	s.audit(500)
	if n := s.number(`SELECT count(*) FROM orders WHERE status = 'CONFIRMED'`); n != 500 {
		t.Errorf("%d of 500 pieces sold", n)
	}
}
