package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"aforro/pkg/lifecycle"
)

// What is on sale: every store carries every product, so that both are drawn by
// plain numbers from 1 on, and so much of it that every order can be CONFIRMED.
const (
	marketStores   = 20
	marketProducts = 3000
	marketPieces   = 100_000_000
)

// market is what orders are placed on: two databases of the same content, one
// for the product and one for the reference. Each has its own, as the product's
// workers would otherwise take care of the reference's orders too.
type market struct {
	*ground
	url, referenceURL string
	redisURL          string
	// session asks the product's database while it is under load.
	session *psqlSession
	// answered is what the product's clients were told, over all loads.
	answered answers
	// uniform is the product's measured rate on uniform stock; 0 before.
	uniform float64
}

// theMarket makes the market once.
func (g *ground) theMarket(ctx context.Context) (*market, error) {
	if g.market != nil {
		return g.market, nil
	}
	m := &market{ground: g}
	var err error
	if m.url, err = g.database(ctx, "market"); err != nil {
		return nil, err
	}
	// Another Redis database than the shop's: a queue is one product's.
	if m.redisURL, err = withPath(g.services.RedisURL, "/1"); err != nil {
		return nil, err
	}
	if err := m.fill(ctx); err != nil {
		return nil, err
	}
	if m.referenceURL, err = withPath(m.url, "/reference"); err != nil {
		return nil, err
	}
	if _, err := g.psql(ctx, g.services.PostgresURL, "CREATE DATABASE reference TEMPLATE market"); err != nil {
		return nil, err
	}
	if m.session, err = startPsql(ctx, m.url); err != nil {
		return nil, err
	}
	g.market = m
	if err := m.showDurability(); err != nil {
		return nil, err
	}
	return m, m.breakIn(ctx)
}

// breakIn places orders that are not measured. PostgreSQL plans by the size of
// tables, and those of a new shop are empty: until there is something in them
// its plans are not those of a shop that runs.
func (m *market) breakIn(ctx context.Context) error {
	p := pace{warm: time.Second, length: 2 * time.Second}
	if _, _, _, err := m.reference(ctx, p, referenceUniform, 0); err != nil {
		return err
	}
	r, err := m.start(ctx)
	if err != nil {
		return err
	}
	out, err := closedLoop(ctx, r.addr, orderConnections, p, func(stream uint64) draw { return uniformDraw(0, stream) })
	stopped := time.Now()
	m.answered.add(out)
	if out.failed > 0 {
		err = errors.Join(err, out.failure())
	}
	if err == nil {
		_, err = m.backlog(ctx, stopped)
	}
	return errors.Join(err, r.stop())
}

func withPath(address, path string) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", fmt.Errorf("read the address of a service: %w", err)
	}
	u.Path = path
	return u.String(), nil
}

func (m *market) fill(ctx context.Context) error {
	products := strconv.Itoa(marketProducts)
	seed := exec.CommandContext(ctx, m.binary, "seed", "--postgres-url", m.url,
		"--products", products, "--stores", strconv.Itoa(marketStores), "--per-store", products)
	if said, err := seed.CombinedOutput(); err != nil {
		return fmt.Errorf("seed the market: %w: %s", err, said)
	}
	_, err := m.psql(ctx, m.url, fmt.Sprintf("UPDATE inventory SET quantity = %d", marketPieces))
	return err
}

// showDurability prints what PostgreSQL does to keep what it has committed, and
// refuses to measure one that does not.
func (m *market) showDurability() error {
	var shown []string
	for _, name := range []string{"server_version", "fsync", "synchronous_commit", "full_page_writes", "wal_sync_method", "wal_level", "shared_buffers", "max_wal_size"} {
		rows, err := m.session.ask("SHOW " + name + ";\n")
		if err != nil {
			return err
		}
		shown = append(shown, name+" "+strings.Join(rows, ""))
		if (name == "fsync" || name == "synchronous_commit" || name == "full_page_writes") && rows[0] != "on" {
			return fmt.Errorf("PostgreSQL runs with %s %s: what it does then is no reference", name, rows[0])
		}
	}
	fmt.Printf("PostgreSQL: %s\n%d stores with %d products each, %d pieces of each; 2 lines an order, 64 connections\n",
		strings.Join(shown, ", "), marketStores, marketProducts, marketPieces)
	return nil
}

// settle puts away what earlier loads left to do, so that it falls into nobody's
// round: dead rows, dirty pages, and what autovacuum has begun.
func (m *market) settle(ctx context.Context) error {
	for _, db := range []string{m.referenceURL, m.url} {
		if _, err := m.psql(ctx, db, "VACUUM ANALYZE orders, order_items, order_events, inventory, stock_movements; CHECKPOINT;"); err != nil {
			return err
		}
	}
	for begun := time.Now(); time.Since(begun) < 30*time.Second; {
		rows, err := m.session.ask("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'autovacuum worker';\n")
		if err != nil || rows[0] == "0" {
			return err
		}
		if err := lifecycle.Sleep(ctx, 50*time.Millisecond); err != nil {
			return err
		}
	}
	return errors.New("autovacuum did not come to rest within 30 s")
}
