package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// indexedRounds are fewer than those of a ratio: the figure has no bar.
const indexedRounds = 2

// benchOrdersIndexed measures the product with an indexer that follows each
// change of stock by logical replication and writes it to Elasticsearch, all on
// the same machine.
func benchOrdersIndexed(ctx context.Context, g *ground) (err error) {
	m, err := g.theMarket(ctx)
	if err != nil {
		return err
	}
	if err := m.needUniform(ctx); err != nil {
		return err
	}
	if err := m.needSearch(ctx); err != nil {
		return err
	}
	r, err := m.start(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.stop(), m.dropSlot(context.WithoutCancel(ctx))) }()
	begun := time.Now()
	if err := m.runProbed(ctx, r, "indexer"); err != nil {
		return err
	}
	fmt.Printf("  indexer   ready after %.1f s\n", time.Since(begun).Seconds())
	r.programs = append(r.programs, program{name: "elasticsearch", pid: m.services.Elasticsearch.Pid()})
	var rates ratios
	for round := range min(indexedRounds, m.pace.rounds) {
		if err := m.settle(ctx); err != nil {
			return err
		}
		rate, _, err := m.closedRound(ctx, r, uniformDemand, 100+round)
		if err != nil {
			return err
		}
		rates.add(rate, m.uniform)
	}
	fmt.Printf("%-44s %s (without it); no bar\n", "orders/s, uniform stock, indexer following", rates.String())
	return m.audit(ctx)
}

// dropSlot takes the indexer's replication slot away: as long as it is there,
// PostgreSQL keeps the WAL of all that follows.
func (m *market) dropSlot(ctx context.Context) error {
	_, err := m.psql(ctx, m.url, "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = current_database()")
	return err
}
