package api

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"aforro/pkg/order"
)

// stream reads a whole stream of events of order 1.
func stream(t *testing.T, server *Server, base, lastID string) (status int, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+"/orders/1/events/?token="+server.o.Tokens.Make("order", 1), nil)
	if err != nil {
		t.Fatal(err)
	}
	if lastID != "" {
		req.Header.Set("Last-Event-ID", lastID)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil {
		t.Error(err)
	}
	if kind := resp.Header.Get("Content-Type"); resp.StatusCode == 200 && kind != "text/event-stream; charset=utf-8" {
		t.Errorf("content type %q", kind)
	}
	return resp.StatusCode, string(text)
}

// events are the ids of a stream's events, in their order, and the last status.
func events(t *testing.T, body string) (ids []string, last string) {
	t.Helper()
	for event := range strings.SplitSeq(strings.TrimSpace(body), "\n\n") {
		lines := strings.Split(event, "\n")
		if len(lines) != 3 || lines[1] != "event: status" || !strings.HasPrefix(lines[2], `data: {"id":1,"status":"`) {
			t.Fatalf("not an event: %q", event)
		}
		ids = append(ids, strings.TrimPrefix(lines[0], "id: "))
		last, _, _ = strings.Cut(strings.TrimPrefix(lines[2], `data: {"id":1,"status":"`), `"`)
	}
	return ids, last
}

func TestAnOrderIsFollowedUntilItIsDecided(t *testing.T) {
	t.Parallel()
	pending := order.Order{ID: 1, Status: order.Pending, CreatedAt: made, History: []order.Event{{Status: order.Pending, At: made}}}
	s := &shop{decided: pending}
	server, base, _, _ := mustRun(t, func(o *Options) { o.Orders, o.Desk = s, s })
	for _, c := range []struct{ lastID, ids, status string }{
		{"", "1 2", "CONFIRMED"},
		{"1", "2", "CONFIRMED"}, // resumed: the first is not repeated
		{"none of ours", "2", "CONFIRMED"},
	} {
		status, body := stream(t, server, base, c.lastID)
		body = strings.ReplaceAll(body, ": still waiting\n\n", "")
		ids, last := events(t, body)
		if status != 200 || strings.Join(ids, " ") != c.ids || last != c.status {
			t.Errorf("after %q: %d, events %v, last %s", c.lastID, status, ids, last)
		}
	}
	if status, body := stream(t, server, base, "2"); status != 204 || body != "" {
		t.Errorf("after the final event: %d %q", status, body)
	}
	if n := server.streams.Load(); n != 0 {
		t.Errorf("%d streams are still counted", n)
	}
	mustProblem(t, call(server, http.MethodGet, "/orders/1/events/", ""), 401, "query.token")
}

func TestStreamsAreBounded(t *testing.T) {
	t.Parallel()
	s := &shop{decided: order.Order{ID: 1, Status: order.Confirmed}}
	server := mustServe(t, s)
	server.streams.Store(streamsMost)
	target := "/orders/1/events/?token=" + server.o.Tokens.Make("order", 1)
	mustProblem(t, call(server, http.MethodGet, target, ""), 503, "")
	if n := server.streams.Load(); n != streamsMost {
		t.Errorf("%d streams are counted", n)
	}
}
