package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"aforro/cmd/internal/trial"
)

// dropSQL drops the slot, whoever follows it just now.
const dropSQL = `DO $$ BEGIN
	FOR try IN 1..500 LOOP
		PERFORM pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = '` + slot + `' AND active;
		BEGIN
			PERFORM pg_drop_replication_slot('` + slot + `');
			RETURN;
		EXCEPTION WHEN object_in_use THEN
			PERFORM pg_sleep(0.01);
		END;
	END LOOP;
	RAISE EXCEPTION 'the slot is always in use';
END $$`

func (g *ground) dropSlot(ctx context.Context, _ *rand.Rand) (string, error) {
	_, err := g.PSQL(ctx, dropSQL)
	return "", err
}

const (
	// cutAfter is how many bytes a connection carries while the stream is cut: a
	// transaction of 100,000 rows is several times as long.
	cutAfter = 1 << 20
	// cutsWanted is how often the stream is cut before it is let through.
	cutsWanted  = 2
	cutPatience = time.Minute
)

// cutTransaction changes every stock line in one transaction and lets no
// connection carry all of that.
func (g *ground) cutTransaction(ctx context.Context, _ *rand.Rand) (note string, err error) {
	limit := trial.Toxic{Type: "limit_data", Stream: "downstream", Attributes: map[string]int{"bytes": cutAfter}}
	err = g.Links.Poison(ctx, "indexer-postgres", limit, func(ctx context.Context) error {
		note, err = g.changeEverything(ctx)
		return err
	})
	return note, err
}

// changeEverything returns when the stream of its change was cut often enough,
// and fails when it got through.
func (g *ground) changeEverything(ctx context.Context) (string, error) {
	var rows int64
	var at string
	err := trial.Rows(ctx, g.Ground, `WITH changed AS (UPDATE inventory SET quantity = quantity + 1 RETURNING 1) SELECT count(*) FROM changed`, func(n int64) { rows = n })
	if err == nil {
		err = trial.Rows(ctx, g.Ground, `SELECT to_json(pg_current_wal_lsn())`, func(lsn string) { at = lsn })
	}
	if err != nil {
		return "", err
	}
	backends := map[int]bool{}
	cut := trial.Until(ctx, cutPatience, followPoll, func(ctx context.Context) bool {
		if _, pid := g.follower(ctx); pid != 0 {
			backends[pid] = true
		}
		return len(backends) > cutsWanted
	})
	passed := true
	err = trial.Rows(ctx, g.Ground, `SELECT to_json(confirmed_flush_lsn >= '`+at+`') FROM pg_replication_slots WHERE slot_name = '`+slot+`'`, func(p bool) { passed = p })
	if err == nil && (passed || !cut) {
		err = fmt.Errorf("the stream of %d rows was not cut: %d connections, through: %t", rows, len(backends), passed)
	}
	return fmt.Sprintf("%d rows in one transaction, whose stream was cut on %d connections", rows, len(backends)-1), err
}

// half of the products by id.
var half = fmt.Sprintf("p.id <= %d", productCount/2)

func (g *ground) truncateInventory(ctx context.Context, rng *rand.Rand) (string, error) {
	return g.truncate(ctx, rng, "TRUNCATE inventory", restock(half), restock("true"))
}

func (g *ground) truncateProducts(ctx context.Context, rng *rand.Rand) (string, error) {
	return g.truncate(ctx, rng, "TRUNCATE products CASCADE", bringBack("true", productCount/2), bringBack("true", productCount))
}

// truncate lets the emptiness be noticed or not, and fills the table again.
func (g *ground) truncate(ctx context.Context, rng *rand.Rand, sql string, fill ...string) (string, error) {
	pause := between(rng, 0, 2*time.Second)
	for _, sql := range append([]string{"SET client_min_messages = warning; " + sql, fmt.Sprintf("SELECT pg_sleep(%.3f)", pause.Seconds())}, fill...) {
		// The writers are in the way: a lock that both want, a product that is gone by now.
		var err error
		trial.Until(ctx, cutPatience, followPoll, func(ctx context.Context) bool {
			_, err = g.PSQL(ctx, sql)
			return err == nil
		})
		if err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("filled again after %.1f s", pause.Seconds()), nil
}

// renameCategory renames the category with most products.
func (g *ground) renameCategory(ctx context.Context, rng *rand.Rand) (note string, err error) {
	err = trial.Rows(ctx, g.Ground, fmt.Sprintf(`WITH largest AS (SELECT category_id AS id, count(*) AS n FROM products GROUP BY 1 ORDER BY 2 DESC LIMIT 1),
		renamed AS (UPDATE categories c SET name = left(split_part(name, ' #', 1), 150) || ' #%d' FROM largest l WHERE l.id = c.id)
		SELECT n FROM largest`, rng.IntN(1_000_000)), func(n int64) { note = fmt.Sprintf("it has %d products", n) })
	return note, err
}
