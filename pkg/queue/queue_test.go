//go:build integration

package queue_test

import (
	"context"
	"errors"
	"log/slog"
	"net/url"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hibiken/asynq"

	"aforro/pkg/fault"
	"aforro/pkg/order"
	"aforro/pkg/queue"
	"aforro/pkg/testkit"
)

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func mustOpen(tb testing.TB, redisURL string) *queue.Client {
	tb.Helper()
	c, err := queue.Open(redisURL, quiet())
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := c.Close(); err != nil {
			tb.Error(err)
		}
	})
	return c
}

// proxied returns a URL that reaches the Redis database through a proxy.
func proxied(tb testing.TB, redisURL string) (string, *testkit.Proxy) {
	tb.Helper()
	u, err := url.Parse(redisURL)
	if err != nil {
		tb.Fatal(err)
	}
	p := testkit.NewProxy(tb, u.Host)
	u.Host = p.Addr
	return u.String(), p
}

// serve runs a server until the test ends or stop is called.
func serve(tb testing.TB, redisURL string, grace time.Duration, handlers map[string]queue.Handler) (stop func()) {
	tb.Helper()
	s, err := queue.NewServer(queue.ServerOptions{URL: redisURL, Concurrency: 4, CheckEvery: 5 * time.Millisecond, Grace: grace, Log: quiet()})
	if err != nil {
		tb.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, handlers) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-ended; err != nil {
			tb.Errorf("the server ended with %v", err)
		}
	}
	tb.Cleanup(stop)
	return stop
}

func inspector(tb testing.TB, redisURL string) *asynq.Inspector {
	tb.Helper()
	return asynq.NewInspectorFromRedisClient(testkit.RedisClient(tb, redisURL))
}

// queued is how many tasks of the queue are waiting or running.
func queued(tb testing.TB, redisURL, name string) int {
	tb.Helper()
	q, err := inspector(tb, redisURL).GetQueueInfo(name)
	if errors.Is(err, asynq.ErrQueueNotFound) {
		return 0
	}
	if err != nil {
		tb.Fatal(err)
	}
	return q.Pending + q.Active + q.Retry
}

func TestOneTaskCarriesManyOrders(t *testing.T) {
	t.Parallel()
	redisURL := testkit.Redis(t)
	c := mustOpen(t, redisURL)
	if err := c.Enqueue(t.Context(), 7, 8, 9); err != nil {
		t.Fatal(err)
	}
	if n := queued(t, redisURL, "orders"); n != 1 {
		t.Errorf("%d tasks", n)
	}
	got := make(chan []int64, 1)
	serve(t, redisURL, time.Second, map[string]queue.Handler{order.TaskDecide: func(_ context.Context, ids []int64) error {
		got <- ids
		return nil
	}})
	if ids := <-got; !slices.Equal(ids, []int64{7, 8, 9}) {
		t.Errorf("it carried %v", ids)
	}
	testkit.Eventually(t, 10*time.Second, "nothing of it is left", func() bool { return queued(t, redisURL, "orders") == 0 })
}

// TestAnArchivedTaskDoesNotBlock: asynq refuses a task id that it keeps in its
// archive (asynq issue 492); ours have none of their own.
func TestAnArchivedTaskDoesNotBlock(t *testing.T) {
	t.Parallel()
	redisURL := testkit.Redis(t)
	c, ins := mustOpen(t, redisURL), inspector(t, redisURL)
	if err := c.Enqueue(t.Context(), 7); err != nil {
		t.Fatal(err)
	}
	if n, err := ins.ArchiveAllPendingTasks("orders"); err != nil || n != 1 {
		t.Fatalf("archived %d, %v", n, err)
	}
	if err := c.Enqueue(t.Context(), 7); err != nil {
		t.Fatal(err)
	}
	if n := queued(t, redisURL, "orders"); n != 1 {
		t.Errorf("%d tasks are queued", n)
	}
}

func TestAnEmptiedRedisIsUsedAgain(t *testing.T) {
	t.Parallel()
	redisURL := testkit.Redis(t)
	c := mustOpen(t, redisURL)
	for range 2 {
		if err := c.Enqueue(t.Context(), 7); err != nil {
			t.Fatal(err)
		}
		if err := testkit.RedisClient(t, redisURL).FlushDB(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
	}
	ran := make(chan struct{})
	serve(t, redisURL, time.Second, map[string]queue.Handler{order.TaskDecide: func(context.Context, []int64) error {
		close(ran)
		return nil
	}})
	if err := c.Enqueue(t.Context(), 7); err != nil {
		t.Fatal(err)
	}
	<-ran
}

// TestATaskThatIsNoneIsGivenUp: what no try can make good is not tried again.
func TestATaskThatIsNoneIsGivenUp(t *testing.T) {
	t.Parallel()
	redisURL := testkit.Redis(t)
	tasks := asynq.NewClientFromRedisClient(testkit.RedisClient(t, redisURL))
	for _, payload := range []string{"", "7", "[]", `["x"]`} {
		if _, err := tasks.Enqueue(asynq.NewTask(order.TaskDecide, []byte(payload)), asynq.Queue("orders")); err != nil {
			t.Fatal(err)
		}
	}
	serve(t, redisURL, time.Second, map[string]queue.Handler{order.TaskDecide: func(_ context.Context, ids []int64) error {
		t.Errorf("it was run with %v", ids)
		return nil
	}})
	testkit.Eventually(t, 10*time.Second, "all are given up", func() bool {
		q, err := inspector(t, redisURL).GetQueueInfo("orders")
		return err == nil && q.Archived == 4 && q.Pending == 0
	})
}

func TestAFailedTaskComesBack(t *testing.T) {
	t.Parallel()
	redisURL := testkit.Redis(t)
	c := mustOpen(t, redisURL)
	done := make(chan struct{})
	var tries atomic.Int32
	serve(t, redisURL, time.Second, map[string]queue.Handler{order.TaskConfirm: func(context.Context, []int64) error {
		if tries.Add(1) == 1 {
			return errors.New("not now")
		}
		close(done)
		return nil
	}})
	if err := c.EnqueueConfirmation(t.Context(), 9); err != nil {
		t.Fatal(err)
	}
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Error("it did not come back")
	}
}

func TestAStopHandsBackWhatIsNotDone(t *testing.T) {
	t.Parallel()
	redisURL := testkit.Redis(t)
	c := mustOpen(t, redisURL)
	started, abandoned := make(chan struct{}), make(chan struct{})
	stop := serve(t, redisURL, 300*time.Millisecond, map[string]queue.Handler{order.TaskDecide: func(ctx context.Context, _ []int64) error {
		close(started)
		<-ctx.Done()
		close(abandoned)
		return ctx.Err()
	}})
	if err := c.Enqueue(t.Context(), 7); err != nil {
		t.Fatal(err)
	}
	<-started
	begun := time.Now()
	stop()
	if took := time.Since(begun); took > 3*time.Second {
		t.Errorf("the stop took %s", took)
	}
	<-abandoned
	info, err := inspector(t, redisURL).GetQueueInfo("orders")
	if err != nil || info.Pending != 1 || info.Active != 0 {
		t.Errorf("got %+v %v, want a pending task", info, err)
	}
}

func TestAStopDoesNotWaitForARedisThatHangs(t *testing.T) {
	t.Parallel()
	redisURL, p := proxied(t, testkit.Redis(t))
	c := mustOpen(t, redisURL)
	started := make(chan struct{})
	stop := serve(t, redisURL, 2*time.Second, map[string]queue.Handler{order.TaskDecide: func(context.Context, []int64) error {
		close(started)
		return nil
	}})
	if err := c.Enqueue(t.Context(), 7); err != nil {
		t.Fatal(err)
	}
	<-started
	p.Mute()
	begun := time.Now()
	stop()
	if took := time.Since(begun); took > 2*time.Second {
		t.Errorf("the stop took %s", took)
	}
}

func TestAStopWaitsForWhatRuns(t *testing.T) {
	t.Parallel()
	redisURL := testkit.Redis(t)
	c := mustOpen(t, redisURL)
	started, finish := make(chan struct{}), make(chan struct{})
	var finished atomic.Bool
	stop := serve(t, redisURL, 20*time.Second, map[string]queue.Handler{order.TaskDecide: func(ctx context.Context, _ []int64) error {
		close(started)
		<-finish
		finished.Store(ctx.Err() == nil)
		return nil
	}})
	if err := c.Enqueue(t.Context(), 7); err != nil {
		t.Fatal(err)
	}
	<-started
	time.AfterFunc(100*time.Millisecond, func() { close(finish) })
	stop()
	if !finished.Load() {
		t.Error("the task was cut off")
	}
	if n := queued(t, redisURL, "orders"); n != 0 {
		t.Errorf("%d tasks are left", n)
	}
}

func TestRedisAwayCostsLittle(t *testing.T) {
	t.Parallel()
	redisURL, p := proxied(t, testkit.Redis(t))
	for name, take := range map[string]func(){"refusing": p.Cut, "hanging": p.Mute} {
		c := mustOpen(t, redisURL)
		if err := c.Enqueue(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		take()
		begun := time.Now()
		if err := c.Enqueue(t.Context(), 2); !fault.Is(err, fault.Unavailable) || time.Since(begun) > 400*time.Millisecond {
			t.Errorf("%s: the first call: %v after %s", name, err, time.Since(begun))
		}
		begun = time.Now()
		for id := range int64(20) {
			if err := c.Enqueue(t.Context(), id); !fault.Is(err, fault.Unavailable) {
				t.Errorf("%s: got %v", name, err)
			}
		}
		if took := time.Since(begun); took > 50*time.Millisecond {
			t.Errorf("%s: twenty calls took %s", name, took)
		}
		p.Heal()
		testkit.Eventually(t, 10*time.Second, name+": it is used again", func() bool { return c.Enqueue(t.Context(), 2) == nil })
	}
}

func TestAServerOutlivesRedis(t *testing.T) {
	t.Parallel()
	redisURL, p := proxied(t, testkit.Redis(t))
	p.Cut()
	var ran atomic.Int32
	serve(t, redisURL, time.Second, map[string]queue.Handler{order.TaskDecide: func(context.Context, []int64) error {
		ran.Add(1)
		return nil
	}})
	c := mustOpen(t, redisURL)
	for round := range int32(2) {
		p.Heal()
		testkit.Eventually(t, 20*time.Second, "a task runs", func() bool {
			if ran.Load() <= round {
				err := c.Enqueue(t.Context(), int64(round))
				return err == nil && ran.Load() > round
			}
			return true
		})
		p.Cut()
	}
	p.Heal()
}

func TestDecisionsAreHeard(t *testing.T) {
	t.Parallel()
	redisURL, p := proxied(t, testkit.Redis(t))
	d, err := queue.NewDecisions(redisURL, quiet())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx) }()
	c := mustOpen(t, redisURL)
	for range 2 {
		testkit.Eventually(t, 10*time.Second, "announcements arrive", d.Live)
		testkit.Eventually(t, 10*time.Second, "the client is there", func() bool { return c.Ping(t.Context()) == nil })
		heard, done := d.Listen(7)
		other, otherDone := d.Listen(8)
		sent := order.Decision{ID: 7, CreatedAt: time.Now().Round(time.Microsecond), Status: order.Rejected, DecidedAt: time.Now(), Total: 12345678901234567,
			Reasons: []order.Reason{{ProductID: 1, Code: order.InsufficientStock, Requested: 5, Available: 2}}}
		if err := c.Announce(t.Context(), []order.Decision{{ID: 5}, sent}); err != nil {
			t.Fatal(err)
		}
		select {
		case got := <-heard:
			if !got.CreatedAt.Equal(sent.CreatedAt) || got.Status != sent.Status || got.Total != sent.Total || len(got.Reasons) != 1 || got.Reasons[0].Available != 2 {
				t.Errorf("heard %+v, sent %+v", got, sent)
			}
		case <-time.After(10 * time.Second):
			t.Fatal("the announcement was not heard")
		}
		select {
		case <-other:
			t.Error("another order was woken")
		default:
		}
		done()
		otherDone()
		p.Cut()
		testkit.Eventually(t, 10*time.Second, "the loss is noticed", func() bool { return !d.Live() })
		p.Heal()
	}
	cancel()
	if err := <-ended; err != nil || d.Live() {
		t.Errorf("ended with %v, live %v", err, d.Live())
	}
}
