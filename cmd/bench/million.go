package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// The size of the large catalogue: each product is carried by three stores, on
// the average.
const (
	millionStores = 100
	millionCarry  = 3
)

// millionProducts is how many products the large catalogue has.
var millionProducts = 1_000_000

// benchMillion builds the index of a large catalogue in a process of its own and
// compares it with the database, both ways.
func benchMillion(ctx context.Context, g *ground) error {
	l, err := g.theMillion(ctx)
	if err != nil {
		return err
	}
	return l.verify(ctx)
}

// theMillion makes the large catalogue and its index once, and leaves an indexer
// that follows.
func (g *ground) theMillion(ctx context.Context) (*large, error) {
	if g.million != nil {
		return g.million, nil
	}
	if err := g.needSearch(ctx); err != nil {
		return nil, err
	}
	url, err := g.database(ctx, "million")
	if err != nil {
		return nil, err
	}
	l := &large{ground: g, dbURL: url, where: []string{"--postgres-url", url, "--redis-url", g.services.RedisURL, "--elasticsearch-url", g.services.ElasticsearchURL,
		"--index-prefix", "million", "--slot", "million"}}
	begun := time.Now()
	_, err = l.aforro(ctx, "seed", "--products", strconv.Itoa(millionProducts), "--stores", strconv.Itoa(millionStores),
		"--per-store", strconv.Itoa(millionProducts*millionCarry/millionStores))
	if err != nil {
		return nil, err
	}
	if _, err := g.psql(ctx, url, "VACUUM ANALYZE"); err != nil {
		return nil, err
	}
	fmt.Printf("  seeded    %d products in %.0f s\n", millionProducts, time.Since(begun).Seconds())
	if l.stop, err = l.build(ctx); err != nil {
		return nil, err
	}
	g.million = l
	return l, nil
}

// large is the large catalogue and where it is.
type large struct {
	*ground
	dbURL string
	where []string
	// stop ends the indexer.
	stop func() error
}

func (l large) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, l.binary, append(args, l.where...)...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = time.Minute
	return cmd
}

// aforro runs a command to its end and gives what it prints.
func (l large) aforro(ctx context.Context, args ...string) (string, error) {
	cmd := l.command(ctx, args...)
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("aforro %s: %w: %s%s", args[0], err, out, said.String())
	}
	return strings.TrimSpace(string(out)), nil
}

// build starts an indexer, which builds, and measures it until it is ready.
func (l large) build(ctx context.Context) (stop func() error, err error) {
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(l.dir, "million.log"))
	if err != nil {
		return nil, err
	}
	cmd := l.command(ctx, "indexer", "--probe-addr", addr)
	cmd.Stderr = log
	begun := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(err, log.Close())
	}
	stop = func() error {
		err := cmd.Process.Signal(syscall.SIGTERM)
		return errors.Join(err, cmd.Wait(), log.Close())
	}
	if err := l.ready(ctx, addr); err != nil {
		return nil, errors.Join(err, stop())
	}
	took := time.Since(begun)
	peak, err := peakMB(cmd.Process.Pid)
	if err != nil {
		return nil, errors.Join(err, stop())
	}
	bar("build of the large catalogue", fmt.Sprintf("%.0f documents/s, %d in %.0f s", float64(millionProducts)/took.Seconds(), millionProducts, took.Seconds()), "reported", true)
	bar("memory of the indexer, peak while building", fmt.Sprintf("%d MB", peak), "<= 400 MB", peak <= 400)
	return stop, nil
}

// ready waits for as long as a build takes.
func (l large) ready(ctx context.Context, addr string) error {
	for deadline := time.Now().Add(2 * time.Hour); ; {
		err := awaitReady(ctx, "http://"+addr)
		if err == nil || ctx.Err() != nil || time.Now().After(deadline) {
			return err
		}
	}
}

// peakOfChildrenMB is that of the largest process that another one has started:
// Elasticsearch's command starts the server.
func peakOfChildrenMB(pid int) (int, error) {
	lists, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil {
		return 0, err
	}
	most := 0
	for _, list := range lists {
		children, err := os.ReadFile(list)
		if err != nil {
			return 0, err
		}
		for field := range strings.FieldsSeq(string(children)) {
			child, err := strconv.Atoi(field)
			if err != nil {
				return 0, err
			}
			mb, err := peakMB(child)
			if err != nil {
				return 0, err
			}
			most = max(most, mb)
		}
	}
	if most == 0 {
		return 0, fmt.Errorf("process %d has no child", pid)
	}
	return most, nil
}

// peakMB is the most memory that a process has had resident.
func peakMB(pid int) (int, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kb, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(rest), " kB"))
			return kb / 1024, err
		}
	}
	return 0, fmt.Errorf("process %d does not say how much memory it has had", pid)
}

// verify compares both ways, quickly twice: the first time nothing is cached.
func (l large) verify(ctx context.Context) error {
	limit := 60 * time.Second
	for _, c := range []struct {
		what, wanted string
		args         []string
		limit        time.Duration
	}{
		{"verify of a clean million", "<= 60 s", []string{"verify"}, limit},
		{"verify of a clean million, again", "<= 60 s", []string{"verify"}, limit},
		{"verify --full of a clean million", "reported", []string{"verify", "--full"}, 24 * time.Hour},
	} {
		begun := time.Now()
		out, err := l.aforro(ctx, c.args...)
		if err != nil {
			return err
		}
		took := time.Since(begun)
		if !strings.Contains(out, fmt.Sprintf(" %d documents compared", millionProducts)) {
			return fmt.Errorf("not everything was compared: %s", out)
		}
		bar(c.what, fmt.Sprintf("%.1f s (%.0f products/s)", took.Seconds(), float64(millionProducts)/took.Seconds()), c.wanted, took <= c.limit)
	}
	return nil
}
