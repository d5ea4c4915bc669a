package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"aforro/pkg/order"
)

// slow is a shop whose desk takes its time: it says when an order has come and
// decides when told.
type slow struct {
	*shop
	came, decide chan struct{}
}

func (s slow) Place(context.Context, order.Draft, time.Duration) (order.Order, bool, error) {
	close(s.came)
	<-s.decide
	return order.Order{ID: 1, Status: order.Confirmed}, false, nil
}

func mustRun(t *testing.T, change func(*Options)) (server *Server, base string, stop context.CancelFunc, ended chan error) {
	t.Helper()
	listener, err := listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server = mustServe(t, &shop{page: hits(1)}, func(o *Options) { o.Listener = listener }, change)
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	ended = make(chan error, 1)
	go func() { ended <- server.Run(ctx) }()
	return server, "http://" + listener.Addr().String(), cancel, ended
}

func TestStopLetsRequestsEnd(t *testing.T) {
	t.Parallel()
	desk := slow{came: make(chan struct{}), decide: make(chan struct{})}
	server, base, stop, ended := mustRun(t, func(o *Options) { o.Desk = desk; o.StopGrace = time.Minute })
	answer := make(chan string, 1)
	go func() {
		resp, err := http.Post(base+"/orders/", "application/json", strings.NewReader(twoCables))
		if err != nil {
			answer <- err.Error()
			return
		}
		_, err = io.Copy(io.Discard, resp.Body)
		answer <- fmt.Sprint(resp.StatusCode, errors.Join(err, resp.Body.Close()))
	}()
	<-desk.came
	stop()
	for !server.stopping.Load() {
		if err := t.Context().Err(); err != nil {
			t.Fatal(err)
		}
	}
	if w := call(server, http.MethodGet, "/readyz", ""); w.Code != 503 {
		t.Errorf("readiness while stopping: %d", w.Code)
	}
	close(desk.decide)
	if got := <-answer; got != "201 <nil>" {
		t.Errorf("the request under way: %s", got)
	}
	if err := <-ended; err != nil {
		t.Errorf("Run: %v", err)
	}
	if _, err := http.Get(base + "/healthz"); err == nil {
		t.Error("it still listens")
	}
}

func TestStopDropsWhatOutlivesTheGrace(t *testing.T) {
	t.Parallel()
	desk := slow{came: make(chan struct{}), decide: make(chan struct{})}
	t.Cleanup(func() { close(desk.decide) })
	_, base, stop, ended := mustRun(t, func(o *Options) { o.Desk = desk; o.StopGrace = 10 * time.Millisecond })
	failed := make(chan error, 1)
	go func() {
		_, err := http.Post(base+"/orders/", "application/json", strings.NewReader(twoCables))
		failed <- err
	}()
	<-desk.came
	stop()
	if err := <-ended; err != nil {
		t.Errorf("Run: %v", err)
	}
	if err := <-failed; err == nil {
		t.Error("the request was answered")
	}
}

// A stop is announced before the listener closes: readiness fails at once, while
// everybody is still answered, on a kept connection for the last time.
func TestAStopIsAnnouncedFirst(t *testing.T) {
	t.Parallel()
	const delay = time.Second
	server, base, stop, ended := mustRun(t, func(o *Options) { o.StopDelay, o.StopGrace = delay, time.Minute })
	client := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(client.CloseIdleConnections)
	if status, leave := mustGet(t, client, base+"/readyz"); status != 200 || leave {
		t.Fatalf("before the stop: %d, connection to be closed %t", status, leave)
	}
	begun := time.Now()
	stop()
	for !server.stopping.Load() {
		if err := t.Context().Err(); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		path   string
		status int
	}{{"/readyz", 503}, {searchPath, 200}, {"/healthz", 200}} {
		if status, leave := mustGet(t, client, base+c.path); status != c.status || !leave {
			t.Errorf("%s while stopping: %d, connection to be closed %t", c.path, status, leave)
		}
	}
	if err := <-ended; err != nil {
		t.Errorf("Run: %v", err)
	}
	if took := time.Since(begun); took < delay {
		t.Errorf("the listener closed after %s", took)
	}
	if _, err := client.Get(base + "/healthz"); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("after the stop: %v", err)
	}
}

// mustGet returns the status, and whether the connection is not to be used again.
func mustGet(tb testing.TB, client *http.Client, url string) (status int, leave bool) {
	tb.Helper()
	resp, err := client.Get(url)
	if err != nil {
		tb.Fatal(err)
	}
	_, err = io.Copy(io.Discard, resp.Body)
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		tb.Fatal(err)
	}
	return resp.StatusCode, resp.Close
}

func TestTheDelayIsAtMostHalfOfTheGrace(t *testing.T) {
	t.Parallel()
	_, _, stop, ended := mustRun(t, func(o *Options) { o.StopDelay, o.StopGrace = time.Hour, 20*time.Millisecond })
	stop()
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("Run: %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Error("it still waits")
	}
}

func TestAPortThatIsTaken(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	server := mustServe(t, &shop{}, func(o *Options) { o.Addr = l.Addr().String() })
	if err := server.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "listen for HTTP") {
		t.Errorf("got %v", err)
	}
}

// What only a real connection can carry.
func TestOddConnections(t *testing.T) {
	t.Parallel()
	_, base, _, _ := mustRun(t, func(*Options) {})
	addr := strings.TrimPrefix(base, "http://")
	for name, c := range map[string]struct{ request, status string }{
		"a body that breaks off":  {"POST /orders/ HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{}", "400"},
		"a broken chunk":          {"POST /orders/ HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n", "400"},
		"a body that is too long": {"POST /orders/ HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1048577\r\n\r\n" + strings.Repeat("a", 1<<20+1), "413"},
		"a broken path":           {"GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n", "400"},
		"a path past Unicode":     {"GET /stores/%ff%00/orders/ HTTP/1.1\r\nHost: x\r\n\r\n", "404"},
		"no host":                 {"GET /api/search/products HTTP/1.0\r\n\r\n", "200"},
		"a star":                  {"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", "200"},
		"long headers":            {"GET / HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("a", 1<<20) + "\r\n\r\n", "431"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := mustTalk(t, addr, c.request); got != c.status {
				t.Errorf("answered %s, want %s", got, c.status)
			}
		})
	}
}

// mustTalk sends a request, ends its side, and returns the status.
func mustTalk(tb testing.TB, addr, request string) string {
	tb.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		tb.Fatal(err)
	}
	sent := make(chan error, 1)
	go func() {
		_, err := io.WriteString(conn, request)
		sent <- errors.Join(err, conn.(*net.TCPConn).CloseWrite())
	}()
	status := make([]byte, len("HTTP/1.1 200"))
	if _, err := io.ReadFull(conn, status); err != nil {
		tb.Errorf("no answer: %v", err)
	}
	if err := conn.Close(); err != nil {
		tb.Error(err)
	}
	if err := <-sent; err != nil {
		tb.Logf("the server closed before it had read everything: %v", err)
	}
	return string(status[9:])
}
