package telemetry

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestProbes(t *testing.T) {
	t.Parallel()
	waiting := func(context.Context) error { return errors.New("index building, 43 %") }
	ready := func(context.Context) error { return nil }
	for _, c := range []struct {
		name, path string
		ready      Ready
		status     int
		body       string
	}{
		{"alive while waiting", "/healthz", waiting, 200, "ok"},
		{"says what it waits for", "/readyz", waiting, 503, "index building, 43 %"},
		{"ready", "/readyz", ready, 200, "ready"},
		{"metrics", "/metrics", ready, 200, "go_goroutines"},
		{"nothing else", "/debug", ready, 404, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := httptest.NewRecorder()
			ProbeHandler(c.ready, NewRegistry()).ServeHTTP(w, httptest.NewRequest(http.MethodGet, c.path, nil))
			if w.Code != c.status || !strings.Contains(w.Body.String(), c.body) {
				t.Errorf("got %d %.200q", w.Code, w.Body)
			}
		})
	}
}

func TestLoggerLevels(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	log := NewLogger(io.MultiWriter(&out), "json", "warn")
	log.Info("unseen")
	log.Warn("seen", "id", 7)
	if got := out.String(); strings.Contains(got, "unseen") || !strings.Contains(got, `"id":7`) {
		t.Errorf("logged %q", got)
	}
}
