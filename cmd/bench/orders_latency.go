package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"aforro/pkg/lifecycle"
)

const (
	loneRate   = 10 // orders/s: each alone
	openLength = 20 * time.Second
	// openConnections are far more than are busy at once, so that the generator
	// does not wait for answers.
	openConnections = 256
)

// benchOrderLatency measures how long single orders take: when each is alone,
// and when they arrive by chance at half the rate that 64 busy clients reach.
func benchOrderLatency(ctx context.Context, g *ground) (err error) {
	m, err := g.theMarket(ctx)
	if err != nil {
		return err
	}
	if err := m.needUniform(ctx); err != nil {
		return err
	}
	if err := m.settle(ctx); err != nil {
		return err
	}
	r, err := m.start(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.stop()) }()
	if err := m.quiet(ctx); err != nil {
		return err
	}
	p := pace{warm: m.pace.warm, length: openLength}
	lone, _, err := m.openRound(ctx, r, p, steady(loneRate, p.warm+p.length))
	if err != nil {
		return err
	}
	bar(fmt.Sprintf("lone orders, %d/s", loneRate), spread(lone), "p50 <= 8 ms", lone.percentile(50) <= 8*time.Millisecond)
	rate := m.uniform / 2
	open, oldest, err := m.openRound(ctx, r, p, poisson(rate, p.warm+p.length, 1))
	if err != nil {
		return err
	}
	bar(fmt.Sprintf("orders by chance, %.0f/s", rate), spread(open), "p99 <= 60 ms", open.percentile(99) <= 60*time.Millisecond)
	backlogBar(oldest)
	return m.audit(ctx)
}

const (
	quietBytes    = 16 << 10 // of WAL in quietStep: next to nothing
	quietStep     = 500 * time.Millisecond
	quietPatience = 30 * time.Second
)

// quiet waits until the product has done what earlier loads left beside the
// decisions, such as confirmations: a lone order follows no rush.
func (m *market) quiet(ctx context.Context) error {
	begun, last := time.Now(), int64(0)
	for time.Since(begun) < quietPatience {
		rows, err := m.session.ask("SELECT (pg_current_wal_insert_lsn() - '0/0')::bigint;\n")
		if err != nil {
			return err
		}
		now, err := strconv.ParseInt(rows[0], 10, 64)
		if err != nil {
			return fmt.Errorf("read the position of the WAL: %w", err)
		}
		if now-last < quietBytes {
			break
		}
		last = now
		if err := lifecycle.Sleep(ctx, quietStep); err != nil {
			return err
		}
	}
	fmt.Printf("  quiet after %.1f s (waited for %s at most)\n", time.Since(begun).Seconds(), quietPatience)
	return nil
}

// needUniform measures the product's rate on uniform stock unless that is done.
func (m *market) needUniform(ctx context.Context) error {
	if m.uniform > 0 {
		return nil
	}
	rate, _, err := m.productRound(ctx, uniformDemand, 0)
	m.uniform = rate
	return err
}

func (m *market) openRound(ctx context.Context, r *roles, p pace, schedule []time.Duration) (answers, time.Duration, error) {
	watched := m.watch(ctx, p, r.programs...)
	out, err := openLoop(ctx, r.addr, openConnections, p, schedule, func(stream uint64) draw { return uniformDraw(1000, stream) })
	stopped := time.Now()
	used, watchErr := watched()
	if err := errors.Join(err, watchErr); err != nil {
		return out, 0, err
	}
	m.answered.add(out)
	b, err := m.backlog(ctx, stopped)
	fmt.Printf("  %d sent, %d late as no connection was free; %s; %s\n            %s\n            %s\n",
		len(schedule), out.late, out.others(), used.perOrder(out.perSecond*p.length.Seconds()), used, b)
	if out.failed > 0 {
		err = errors.Join(out.failure(), err, m.audit(ctx))
	}
	return out, b.oldest, err
}

func spread(a answers) string {
	return fmt.Sprintf("p50 %s, p99 %s, max %s", ms(a.percentile(50)), ms(a.percentile(99)), ms(a.percentile(100)))
}
