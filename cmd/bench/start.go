package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// benchStart starts the product on empty data and empty caches, Elasticsearch
// fetched anew, then again on what is there. Packages that are installed stay
// so: what their installation takes is not in the figure.
func benchStart(ctx context.Context, g *ground) error {
	first, err := startOnce(ctx, g)
	if err != nil {
		return err
	}
	bar("first start, empty caches, until a search", fmt.Sprintf("%.1f s (no reference)", first.Seconds()), "<= 240 s", first <= 4*time.Minute)
	second, err := startOnce(ctx, g)
	if err != nil {
		return err
	}
	bar("second start until the first search", fmt.Sprintf("%.1f s (%.2f of the first)", second.Seconds(), second.Seconds()/first.Seconds()), "<= 30 s", second <= 30*time.Second)
	return nil
}

func startOnce(ctx context.Context, g *ground) (took time.Duration, err error) {
	addr, err := freeAddr()
	if err != nil {
		return 0, err
	}
	cache := filepath.Join(g.dir, "cache")
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return 0, err
	}
	cmd := exec.CommandContext(ctx, g.binary, "up", "--http-addr", addr, "--data-dir", filepath.Join(g.dir, "start"))
	cmd.Env = append(os.Environ(), "XDG_CACHE_HOME="+cache)
	cmd.Stderr = os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = time.Minute
	begun := time.Now()
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, endStart(cmd)) }()
	if err := awaitReady(ctx, "http://"+addr); err != nil {
		return 0, err
	}
	err = send(ctx, http.DefaultClient, []request{{method: http.MethodGet, url: "http://" + addr + "/api/search/products/?q=laptop"}})
	return time.Since(begun), err
}

func endStart(cmd *exec.Cmd) error {
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	return cmd.Wait()
}
