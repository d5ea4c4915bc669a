package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"aforro/pkg/lifecycle"
)

const (
	freshRate    = 500 // changes a second
	freshSearch  = 20  // searches a second
	freshLength  = 60 * time.Second
	freshWriters = 4
	// freshTracked: one of so many changes is waited for. To ask for all would cost
	// Elasticsearch more than the changes do.
	freshTracked = 25
	// freshWarmUp is the same load before, not measured: a JVM that has just begun
	// takes a while to be quick.
	freshWarmUp = 120 * time.Second
)

// benchIndexFresh commits single changes of every kind and asks Elasticsearch
// when searches see each, first as it is, then while a reindex runs.
func benchIndexFresh(ctx context.Context, g *ground) error {
	s, err := g.theShop(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("  warming up for %s\n", freshWarmUp)
	if _, err := s.freshRun(ctx, g, freshWarmUp, nil); err != nil {
		return err
	}
	p, err := s.freshRun(ctx, g, freshLength, nil)
	if err != nil {
		return err
	}
	printFresh(p, "commit to searchable, 500 changes/s", 500*time.Millisecond, 1500*time.Millisecond)
	reindex := func(ctx context.Context) error { return s.reindex(ctx, g) }
	if p, err = s.freshRun(ctx, g, 0, reindex); err != nil {
		return err
	}
	printFresh(p, "the same during a full reindex", 0, 3*time.Second)
	printCourse(p)
	return nil
}

// courseStep is the time of one line of a course.
const courseStep = 5 * time.Second

// printCourse shows when in a run changes were late.
func printCourse(p *probe) {
	for from := time.Duration(0); from < p.length(); from += courseStep {
		r := p.of(from, from+courseStep, slices.Collect(maps.Keys(p.took))...)
		fmt.Printf("    %3.0f s on: %5d changes, p50 %s, most %s\n", from.Seconds(), len(r.latencies), ms(r.percentile(50)), ms(r.percentile(100)))
	}
}

func printFresh(p *probe, what string, p50, p99 time.Duration) {
	kinds := []string{"price", "text", "availability", "quantity"}
	for _, k := range kinds {
		r := p.of(0, time.Hour, k)
		fmt.Printf("  %-14s %6d changes, p50 %s, p99 %s, most %s\n", k, len(r.latencies), ms(r.percentile(50)), ms(r.percentile(99)), ms(r.percentile(100)))
	}
	r := p.of(0, time.Hour, kinds...)
	wanted := "p99 <= " + p99.String()
	if p50 > 0 {
		wanted = "p50 <= " + p50.String() + ", " + wanted
	}
	bar(what, fmt.Sprintf("p50 %s, p99 %s of %d", ms(r.percentile(50)), ms(r.percentile(99)), len(r.latencies)), wanted,
		(p50 == 0 || r.percentile(50) <= p50) && r.percentile(99) <= p99)
}

// freshRun writes for a time, or for as long as something else takes.
func (s *shop) freshRun(ctx context.Context, g *ground, length time.Duration, during func(ctx context.Context) error) (*probe, error) {
	p := newProbe(g.services.ElasticsearchURL, "shop-products")
	writers, err := sessions(ctx, s.dbURL, freshWriters)
	defer endSessions(writers)
	if err != nil {
		return nil, err
	}
	lines, err := readLines(writers[0])
	if err != nil {
		return nil, err
	}
	polling, stopPolling := context.WithCancel(ctx)
	defer stopPolling()
	writing, stopWriting := context.WithCancel(ctx)
	defer stopWriting()
	begun := time.Now()
	var watch errgroup.Group
	watch.Go(func() error { return p.run(polling, begun) })
	var load errgroup.Group
	for i, conn := range writers {
		w := freshWriter{conn: conn, probe: p, lines: lines, rng: rand.New(rand.NewPCG(uint64(i), 5)), part: i,
			base: 1_000_000 + begun.Unix()%1_000_000*10_000}
		load.Go(func() error { return paced(writing, freshRate/freshWriters, w.one) })
	}
	var failed atomic.Int64
	load.Go(func() error { return s.searches(writing, &failed) })
	if during != nil {
		err = during(ctx)
	} else {
		err = lifecycle.Sleep(ctx, length)
	}
	stopWriting()
	err = errors.Join(err, load.Wait())
	if err == nil {
		err = p.drain(ctx, time.Minute)
	}
	stopPolling()
	if n := failed.Load(); n > 0 {
		err = errors.Join(err, fmt.Errorf("%d searches failed", n))
	}
	return p, errors.Join(err, watch.Wait())
}

// paced calls one so many times a second until ctx ends; what was late is made up for.
func paced(ctx context.Context, perSecond int, one func(ctx context.Context) error) error {
	begun := time.Now()
	for n := 0; ; n++ {
		if lifecycle.Sleep(ctx, time.Until(begun.Add(time.Duration(n)*time.Second/time.Duration(perSecond)))) != nil {
			return nil
		}
		if err := one(ctx); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
	}
}

func (s *shop) searches(ctx context.Context, failed *atomic.Int64) error {
	list, err := titles()
	if err != nil {
		return err
	}
	words := queries(list, 20_000, 9)
	n := 0
	return paced(ctx, freshSearch, func(ctx context.Context) error {
		n++
		err := send(ctx, http.DefaultClient, []request{{method: http.MethodGet, url: s.base + "/api/search/products/?q=" + url.QueryEscape(words[n%len(words)])}})
		if err != nil && ctx.Err() == nil {
			failed.Add(1)
		}
		return nil
	})
}

// freshWriter makes changes of every kind to products of its own part, one
// change of a product at a time.
type freshWriter struct {
	conn  *psqlSession
	probe *probe
	lines []stockLine
	rng   *rand.Rand
	part  int
	// base and n make marks that no run repeats.
	base, n int64
}

func (w *freshWriter) one(ctx context.Context) error {
	l := &w.lines[w.rng.IntN(len(w.lines))]
	if l.product%freshWriters != int64(w.part) || w.probe.expects(l.product) {
		return w.again(ctx)
	}
	w.n++
	var e expectation
	var err error
	switch mark := w.base + w.n; w.rng.IntN(4) {
	case 0:
		err = w.conn.run(fmt.Sprintf("UPDATE products SET price = %d / 100.0 WHERE id = %d;\n", mark, l.product))
		e = expectation{kind: "price", seen: func(s *shown) bool { return s.Price == mark }}
	case 1:
		text := fmt.Sprintf("marked %d by %d", mark, w.part)
		err = w.conn.run(fmt.Sprintf("UPDATE products SET description = '%s' WHERE id = %d;\n", text, l.product))
		e = expectation{kind: "text", seen: func(s *shown) bool { return s.Description == text }}
	case 2:
		l.flip(w.rng)
		err = w.conn.run(l.update())
		e = l.expect(true, time.Time{})
	default:
		if !l.available() {
			return w.again(ctx)
		}
		l.quantity += 1 + w.rng.Int64N(3)
		err = w.conn.run(l.update())
		e = l.expect(false, time.Time{})
	}
	if err != nil {
		return err
	}
	if e.product, e.at = l.product, time.Now(); w.n%freshTracked == 0 {
		w.probe.expect(e)
	}
	return nil
}

func (w *freshWriter) again(ctx context.Context) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return w.one(ctx)
}

// reindex runs `aforro reindex` beside the running product.
func (s *shop) reindex(ctx context.Context, g *ground) error {
	begun := time.Now()
	cmd := exec.CommandContext(ctx, g.binary, "reindex", "--postgres-url", s.dbURL, "--elasticsearch-url", g.services.ElasticsearchURL,
		"--index-prefix", "shop", "--slot", "shop")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	fmt.Printf("  reindex: %.1f s\n%s", time.Since(begun).Seconds(), out)
	return err
}
