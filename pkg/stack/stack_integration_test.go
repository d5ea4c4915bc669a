//go:build integration

package stack

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
)

const givenElasticsearch = "http://127.0.0.1:9"

func TestStartUseAndReset(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(mustReachable(t), "data")
	var out strings.Builder
	opts := Options{DataDir: dir, ElasticsearchURL: givenElasticsearch, FreePorts: true, Volatile: true, Out: &out}
	first, err := Start(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	if first.Elasticsearch != nil || first.ElasticsearchURL != givenElasticsearch {
		t.Error("a given service is used, not started")
	}
	if _, err := Start(t.Context(), opts); !errors.Is(err, ErrInUse) {
		t.Errorf("a second start on the same folder: %v, want ErrInUse", err)
	}
	mustSQL(t, first.PostgresURL, "CREATE TABLE kept (n int)")
	if err := first.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	again, err := Start(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	if again.PostgresURL != first.PostgresURL || again.RedisURL != first.RedisURL {
		t.Error("the second start changed the addresses")
	}
	mustSQL(t, again.PostgresURL, "SELECT n FROM kept")
	if err := again.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := Reset(t.Context(), dir, &out); err != nil || exists(dir) {
		t.Errorf("reset: %v; the folder is there: %t", err, exists(dir))
	}
	for _, line := range []string{"PostgreSQL 15 ready on 127.0.0.1:", "Redis ready on 127.0.0.1:", "Deleted all data"} {
		if !strings.Contains(out.String(), line) {
			t.Errorf("no line %q in\n%s", line, out.String())
		}
	}
}

func TestACancelledStartLeavesNothing(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(mustReachable(t), "data")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Start(ctx, Options{DataDir: dir, ElasticsearchURL: givenElasticsearch, FreePorts: true}); !errors.Is(err, context.Canceled) {
		t.Errorf("want context.Canceled, got %v", err)
	}
	runAs, err := serviceAccount(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	strays, err := findStrays(dir, runAs)
	if err != nil || len(strays) > 0 {
		t.Errorf("still running: %v, %v", strays, err)
	}
}
