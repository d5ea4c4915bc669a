package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// orderConnections is how many clients order at once, ours and the reference's.
const orderConnections = 64

// demand is one way in which orders are spread over what is on sale, drawn
// alike by ourselves and by pgbench.
type demand struct {
	name      string
	ours      func(seed, stream uint64) draw
	reference string
	bar, goal float64
}

var (
	uniformDemand = demand{"uniform stock", uniformDraw, referenceUniform, 1.4, 2}
	hotDemand     = demand{"one hot store", hotDraw, referenceHot, 4, 5.5}
)

func benchUniform(ctx context.Context, g *ground) error {
	m, err := g.theMarket(ctx)
	if err != nil {
		return err
	}
	rates, err := m.compare(ctx, uniformDemand)
	if err != nil {
		return err
	}
	m.uniform = median(rates.ours)
	fmt.Println("elsewhere: the replaced Django system took in 127 orders/s while its worker fell behind;\n" +
		"Vendure 3.7 did 5-7 whole carts/s and sold 10 units to 40 of 40 concurrent buyers")
	return nil
}

func benchHot(ctx context.Context, g *ground) error {
	m, err := g.theMarket(ctx)
	if err != nil {
		return err
	}
	_, err = m.compare(ctx, hotDemand)
	return err
}

// compare lets the reference and the product take turns.
func (m *market) compare(ctx context.Context, d demand) (ratios, error) {
	var r ratios
	var worst time.Duration
	for round := range m.pace.rounds {
		var ours, alone float64
		measure := []func() error{
			func() (err error) { alone, err = m.referenceRound(ctx, d, round); return err },
			func() (err error) {
				rate, oldest, err := m.productRound(ctx, d, round)
				ours, worst = rate, max(worst, oldest)
				return err
			},
		}
		for i := range measure {
			if err := measure[(i+round)%2](); err != nil {
				return r, err
			}
		}
		r.add(ours, alone)
		fmt.Printf("round %d of %d, %s: %.0f against %.0f orders/s, ratio %.2f\n", round+1, m.pace.rounds, d.name, ours, alone, ours/alone)
	}
	if err := m.audit(ctx); err != nil {
		return r, err
	}
	bar("orders/s, "+d.name, r.String()+" (pgbench)", fmt.Sprintf(">= %.1f, goal %.1f", d.bar, d.goal), r.median() >= d.bar)
	backlogBar(worst)
	return r, nil
}

func (m *market) referenceRound(ctx context.Context, d demand, round int) (float64, error) {
	if err := m.settle(ctx); err != nil {
		return 0, err
	}
	rate, mean, used, err := m.reference(ctx, m.pace, d.reference, uint64(round+1))
	if err != nil {
		return 0, err
	}
	fmt.Printf("  reference %6.0f/s, mean %s; %s\n            %s\n", rate, ms(mean), used.perOrder(rate*m.pace.length.Seconds()), used)
	return rate, nil
}

// productRound gives the product's rate, and how old the oldest PENDING order
// was a second after the load.
func (m *market) productRound(ctx context.Context, d demand, round int) (rate float64, oldest time.Duration, err error) {
	if err := m.settle(ctx); err != nil {
		return 0, 0, err
	}
	r, err := m.start(ctx)
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, r.stop()) }()
	return m.closedRound(ctx, r, d, round)
}

func (m *market) closedRound(ctx context.Context, r *roles, d demand, round int) (rate float64, oldest time.Duration, err error) {
	watched := m.watch(ctx, m.pace, r.programs...)
	out, err := closedLoop(ctx, r.addr, orderConnections, m.pace, func(stream uint64) draw { return d.ours(uint64(round+1), stream) })
	stopped := time.Now()
	used, watchErr := watched()
	if err := errors.Join(err, watchErr); err != nil {
		return 0, 0, err
	}
	m.answered.add(out)
	b, err := m.backlog(ctx, stopped)
	fmt.Printf("  product   %6.0f/s, p50 %s, p99 %s, max %s; %s; %s\n            %s\n            %s\n", out.perSecond,
		ms(out.percentile(50)), ms(out.percentile(99)), ms(out.percentile(100)), out.others(), used.perOrder(out.perSecond*m.pace.length.Seconds()), used, b)
	if out.failed > 0 {
		err = errors.Join(out.failure(), err, m.audit(ctx))
	}
	return out.perSecond, b.oldest, err
}

func (a answers) failure() error {
	return fmt.Errorf("%d orders failed; the first: %s", a.failed, a.firstFail)
}

// others are the answers that are not counted in the rate.
func (a answers) others() string {
	return fmt.Sprintf("202: %d, REJECTED: %d, failed: %d", a.accepted, a.rejected, a.failed)
}
