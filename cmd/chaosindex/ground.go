package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"sync/atomic"
	"time"

	"aforro/cmd/internal/trial"
)

// The catalogue: a set-wise change of all stock is a transaction of 100,000 rows.
const (
	productCount = 2000
	storeCount   = 50
)

const (
	// readyPatience bounds the building of the first index.
	readyPatience = 2 * time.Minute
	slot          = "aforro"
	live          = "aforro-products"
	everyIndex    = "aforro-*"
)

// indexers are the names of the two processes, and of the roles by which
// PostgreSQL knows them: it says which one follows.
var indexers = []string{"indexer-1", "indexer-2"}

// ground is what a run stands on.
type ground struct {
	*trial.Ground
	categories []int64
	// written counts statements of writers, unwritten those that did not get through.
	written, unwritten atomic.Int64
	reindexes          reindexes
	// marks counts the changes that were made to see when they can be found.
	marks int
}

// copySQL keeps what the catalogue was, to bring back what is deleted.
const copySQL = `CREATE SCHEMA chaos;
CREATE TABLE chaos.products AS TABLE products;
ALTER TABLE chaos.products ADD PRIMARY KEY (id);
CREATE TABLE chaos.inventory AS SELECT store_id, product_id, quantity FROM inventory;
CREATE INDEX ON chaos.inventory (product_id);`

// open makes the schema and the catalogue, starts the indexers and waits for the
// first index.
func (g *ground) open(ctx context.Context) error {
	if _, err := g.Aforro(ctx, "migrate"); err != nil {
		return err
	}
	_, err := g.Aforro(ctx, "seed", "--products", fmt.Sprint(productCount), "--stores", fmt.Sprint(storeCount), "--per-store", fmt.Sprint(productCount))
	if err != nil {
		return err
	}
	if _, err := g.PSQL(ctx, copySQL); err != nil {
		return err
	}
	if err := trial.Rows(ctx, g.Ground, "SELECT id FROM categories ORDER BY id", func(id int64) { g.categories = append(g.categories, id) }); err != nil {
		return err
	}
	for _, name := range indexers {
		if err := g.addIndexer(ctx, name); err != nil {
			return err
		}
	}
	ready := trial.Until(ctx, readyPatience, 200*time.Millisecond, func(ctx context.Context) bool {
		return request(ctx, "GET", g.Engine.URL()+"/"+live, "", nil) == nil
	})
	if !ready {
		return fmt.Errorf("there is no index after %s; logs are in %s", readyPatience, g.Logs)
	}
	return nil
}

// addIndexer starts an indexer that reaches the services through links and has a
// role of its own in PostgreSQL.
func (g *ground) addIndexer(ctx context.Context, name string) error {
	password := rand.Text()
	if _, err := g.PSQL(ctx, fmt.Sprintf(`CREATE ROLE "%s" SUPERUSER LOGIN PASSWORD '%s'`, name, password)); err != nil {
		return err
	}
	settings, err := g.Detour("indexer")
	if err != nil {
		return err
	}
	u, err := url.Parse(settings["AFORRO_POSTGRES_URL"])
	if err != nil {
		return fmt.Errorf("read PostgreSQL's address: %w", err)
	}
	u.User = url.UserPassword(name, password)
	settings["AFORRO_POSTGRES_URL"] = u.String()
	// Nothing heals here by being checked all the time.
	settings["AFORRO_VERIFY_RATE"] = "0"
	_, err = g.Run(name, settings, "indexer")
	return err
}

// follower is the indexer that follows the changes, and the backend that serves
// it; nothing when there is none or PostgreSQL is away.
func (g *ground) follower(ctx context.Context) (name string, pid int) {
	type row struct {
		Name string
		Pid  int
	}
	// Whatever fails, nobody is known to follow.
	_ = trial.Rows(ctx, g.Ground, `SELECT json_build_object('Name', r.usename, 'Pid', r.pid) FROM pg_stat_replication r
		JOIN pg_replication_slots s ON s.active_pid = r.pid WHERE s.slot_name = '`+slot+`'`, func(f row) { name, pid = f.Name, f.Pid })
	return name, pid
}
