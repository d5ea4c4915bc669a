package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	stockRate   = 5000
	stockLength = 120 * time.Second
	// stockWarmUp is the same load before, not measured.
	stockWarmUp = 90 * time.Second
	// stockBatch is the lines of one statement.
	stockBatch = 250
	// flipShare of the changes turn availability, in percent.
	flipShare = 2
	// tracked of a statement's flips are waited for, and of its quantities.
	tracked      = 1
	stockWindow  = "5s"
	flipsBar     = 2 * time.Second
	quantityBar  = 8 * time.Second
	risingFactor = 1.5
)

// benchIndexStock changes stock by set-wise statements, uniform over products
// and stores, and asks Elasticsearch when searches see it.
func benchIndexStock(ctx context.Context, g *ground) error { return g.stockLoad(ctx, stockRate) }

// benchIndexStockGoal is the same at the rate that is the goal.
func benchIndexStockGoal(ctx context.Context, g *ground) error { return g.stockLoad(ctx, 2*stockRate) }

func (g *ground) stockLoad(ctx context.Context, rate int) error {
	s, err := g.theShop(ctx)
	if err != nil {
		return err
	}
	if err := s.end(); err != nil {
		return err
	}
	// The index before a reindex would be written too.
	if err := s.start(ctx, g, "--index-quantity-window", stockWindow, "--index-keep", "0s"); err != nil {
		return err
	}
	fmt.Printf("  warming up for %s\n", stockWarmUp)
	if _, _, err := s.stockRun(ctx, g, rate, stockWarmUp); err != nil {
		return err
	}
	before, err := writtenDocuments(ctx, s.base)
	if err != nil {
		return err
	}
	p, changes, err := s.stockRun(ctx, g, rate, stockLength)
	if err != nil {
		return err
	}
	after, err := writtenDocuments(ctx, s.base)
	if err != nil {
		return err
	}
	fmt.Printf("  %d changes in %s, %.0f/s; %.3f documents written for each\n", changes, stockLength, float64(changes)/stockLength.Seconds(), (after-before)/float64(changes))
	printStock(p, rate, "availability", flipsBar)
	printStock(p, rate, "quantity", quantityBar)
	return nil
}

func printStock(p *probe, rate int, kind string, wanted time.Duration) {
	for quarter := range 4 {
		from := stockLength * time.Duration(quarter) / 4
		r := p.of(from, from+stockLength/4, kind)
		fmt.Printf("  %-14s %3.0f s on: %6d, p50 %s, p99 %s, most %s\n", kind, from.Seconds(), len(r.latencies), ms(r.percentile(50)), ms(r.percentile(99)), ms(r.percentile(100)))
	}
	all, first, last := p.of(0, time.Hour, kind), p.of(0, stockLength/2, kind), p.of(stockLength/2, time.Hour, kind)
	rising := float64(last.percentile(99)) / float64(first.percentile(99))
	bar(fmt.Sprintf("%s visible, %d stock changes/s", kind, rate), fmt.Sprintf("p50 %s, p99 %s, most %s; last half %.2f of the first", ms(all.percentile(50)),
		ms(all.percentile(99)), ms(all.percentile(100)), rising), "most <= "+wanted.String(), all.percentile(100) <= wanted && rising < risingFactor)
}

func (s *shop) stockRun(ctx context.Context, g *ground, rate int, length time.Duration) (*probe, int, error) {
	p := newProbe(g.services.ElasticsearchURL, "shop-products")
	list, err := sessions(ctx, s.dbURL, 2)
	defer endSessions(list)
	if err != nil {
		return nil, 0, err
	}
	lines, err := readLines(list[0])
	if err != nil {
		return nil, 0, err
	}
	polling, stop := context.WithCancel(ctx)
	defer stop()
	writing, cancel := context.WithTimeout(ctx, length)
	defer cancel()
	begun := time.Now()
	var watch, load errgroup.Group
	watch.Go(func() error { return p.run(polling, begun) })
	writers := make([]*stockWriter, len(list))
	for i, conn := range list {
		w := &stockWriter{conn: conn, probe: p, lines: lines[i*len(lines)/len(list) : (i+1)*len(lines)/len(list)], rng: rand.New(rand.NewPCG(uint64(i), 6))}
		writers[i] = w
		load.Go(func() error { return paced(writing, rate/stockBatch/len(list), w.statement) })
	}
	err = load.Wait()
	if err == nil {
		err = p.drain(ctx, time.Minute)
	}
	stop()
	changes := 0
	for _, w := range writers {
		changes += w.changes
	}
	return p, changes, errors.Join(err, watch.Wait())
}

// stockWriter changes lines of its own part.
type stockWriter struct {
	conn    *psqlSession
	probe   *probe
	lines   []stockLine
	rng     *rand.Rand
	changes int
}

// statement changes a set of lines at once. A line that is waited for is not
// flipped, and one product is waited for once.
func (w *stockWriter) statement(ctx context.Context) error {
	var values []string
	var expected []expectation
	seen := map[int]bool{}
	for len(values) < stockBatch {
		i := w.rng.IntN(len(w.lines))
		l, flip := &w.lines[i], len(values)*100 < stockBatch*flipShare
		waited := w.probe.expects(l.product)
		if seen[i] || (flip && waited) || (!flip && !l.available()) {
			continue
		}
		seen[i] = true
		if flip {
			l.flip(w.rng)
		} else {
			l.quantity += 1 + w.rng.Int64N(3)
		}
		values = append(values, fmt.Sprintf("(%d,%d,%d)", l.store, l.product, l.quantity))
		if first := len(values) <= tracked || !flip && len(values)-stockBatch*flipShare/100 <= tracked; first && !waited {
			expected = append(expected, l.expect(flip, time.Time{}))
		}
	}
	err := w.conn.run("UPDATE inventory i SET quantity = n.quantity FROM (VALUES " + strings.Join(values, ",") +
		") AS n (store, product, quantity) WHERE i.store_id = n.store AND i.product_id = n.product;\n")
	if err != nil {
		return err
	}
	at := time.Now()
	w.changes += len(values)
	for _, e := range expected {
		e.at = at
		w.probe.expect(e)
	}
	return nil
}

// writtenDocuments is how many documents the product has written to the index.
func writtenDocuments(ctx context.Context, base string) (float64, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/metrics", nil)
	if err != nil {
		return 0, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	text, err := io.ReadAll(resp.Body)
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, `aforro_indexer_documents_total{outcome="stored"} `); ok {
			return strconv.ParseFloat(strings.TrimSpace(value), 64)
		}
	}
	return 0, nil // none yet
}
