package trial

import (
	"context"
	"errors"
	"io"
	"net"
	"net/url"
	"testing"
	"time"
)

// mustEcho is the address of a server that sends back what it hears.
func mustEcho(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := listener.Close(); err != nil {
			t.Error(err)
		}
	})
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				// Its end is the client's, however that comes.
				_, err := io.Copy(conn, conn)
				if err = errors.Join(err, conn.Close()); err != nil {
					t.Logf("a connection ended: %v", err)
				}
			}()
		}
	}()
	return "redis://" + listener.Addr().String()
}

// echo sends a word over a new connection and reports how long its return took.
func echo(addr string) (took time.Duration, err error) {
	begun := time.Now()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if err := conn.SetDeadline(begun.Add(300 * time.Millisecond)); err != nil {
		return 0, err
	}
	word := []byte("word")
	if _, err := conn.Write(word); err != nil {
		return 0, err
	}
	_, err = io.ReadFull(conn, word)
	return time.Since(begun), err
}

// Each toxic does its harm while it lasts, and none afterwards.
func TestToxicsWorkAndEnd(t *testing.T) {
	t.Parallel()
	l := NewLinks()
	t.Cleanup(l.Close)
	for name, c := range map[string]struct {
		toxic Toxic
		slow  time.Duration // 0: nothing comes back
	}{
		"latency":          {Toxic{"latency", "upstream", map[string]int{"latency": 80, "jitter": 10}}, 70 * time.Millisecond},
		"reset":            {Toxic{"reset_peer", "downstream", map[string]int{"timeout": 0}}, 0},
		"bandwidth":        {Toxic{"bandwidth", "downstream", map[string]int{"rate": 1}}, time.Millisecond},
		"hang, upstream":   {Toxic{"timeout", "upstream", map[string]int{"timeout": 0}}, 0},
		"hang, downstream": {Toxic{"timeout", "downstream", map[string]int{"timeout": 0}}, 0},
	} {
		through, err := l.Through(name, "redis", mustEcho(t))
		if err != nil {
			t.Fatal(err)
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u, err := url.Parse(through)
			if err != nil {
				t.Fatal(err)
			}
			kept, err := net.Dial("tcp", u.Host)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := echo(u.Host); err != nil {
				t.Errorf("before: %v", err)
			}
			err = l.Poison(t.Context(), name+"-redis", c.toxic, func(context.Context) error {
				took, err := echo(u.Host)
				if (err == nil) != (c.slow > 0) || took < c.slow {
					t.Errorf("meanwhile: %s, %v", took, err)
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
			if _, err := echo(u.Host); err != nil {
				t.Errorf("afterwards: %v", err)
			}
			if err := kept.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestRolesHaveLinksOfTheirOwn(t *testing.T) {
	t.Parallel()
	l := NewLinks()
	t.Cleanup(l.Close)
	service := mustEcho(t)
	links := map[string]bool{}
	for _, role := range []string{"api", "api", "worker"} {
		through, err := l.Through(role, "redis", service)
		if err != nil || through == service {
			t.Fatalf("got %s, %v", through, err)
		}
		links[through] = true
	}
	if len(links) != 2 {
		t.Errorf("got %v", links)
	}
}
