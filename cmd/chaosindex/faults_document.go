package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"aforro/cmd/internal/trial"
)

// Products of this program's own, which writers leave alone.
const (
	markedProduct  = productCount + 1 + iota // its GTIN is changed to see when that is searchable
	refusedProduct                           // its brand is longer than Elasticsearch takes a word
	restlessProduct
)

// quarantinePatience bounds what is to become of a refused document.
const quarantinePatience = 30 * time.Second

// refuseDocument commits what Elasticsearch refuses: a keyword is 32,766 bytes at
// most, a brand may be longer. Others are to pass, and the product is to be known
// as refused until it is mended.
func (g *ground) refuseDocument(ctx context.Context, _ *rand.Rand) (string, error) {
	if err := g.put(ctx, refusedProduct, "", "(SELECT string_agg(md5(n::text), '') FROM generate_series(1, 1250) n)"); err != nil {
		return "", err
	}
	begun := time.Now()
	passed, err := g.mark(ctx, quarantinePatience)
	if err != nil {
		return "", err
	}
	if passed < 0 {
		g.Found.Add(foundRefused, "nothing passed it for %s", quarantinePatience)
	}
	if !g.awaitQuarantine(ctx, true) {
		g.Found.Add(foundRefused, "it was not in quarantine after %s", quarantinePatience)
	}
	note := fmt.Sprintf("in quarantine after %.1f s; mended then", time.Since(begun).Seconds())
	g.marks++
	gtin := fmt.Sprintf("mended-%d", g.marks)
	if err := g.put(ctx, refusedProduct, gtin, "'Mended'"); err != nil {
		return "", err
	}
	searchable := trial.Until(ctx, quarantinePatience, 50*time.Millisecond, func(ctx context.Context) bool { return g.searchable(ctx, gtin) })
	if !searchable || !g.awaitQuarantine(ctx, false) {
		g.Found.Add(foundRefused, "mended, after %s it was searchable: %t, or it is still in quarantine", quarantinePatience, searchable)
	}
	return note, ctx.Err()
}

// awaitQuarantine waits until the refused product is in quarantine, or is not.
func (g *ground) awaitQuarantine(ctx context.Context, wanted bool) bool {
	return trial.Until(ctx, quarantinePatience, 100*time.Millisecond, func(ctx context.Context) bool {
		in := !wanted
		err := trial.Rows(ctx, g.Ground, fmt.Sprintf("SELECT to_json(count(*) > 0) FROM quarantine WHERE product_id = %d", refusedProduct), func(is bool) { in = is })
		return err == nil && in == wanted
	})
}

// put inserts one of the program's own products or changes it. The brand is SQL.
func (g *ground) put(ctx context.Context, id int64, gtin, brand string) error {
	_, err := g.PSQL(ctx, putSQL(id, gtin, brand))
	return err
}

func putSQL(id int64, gtin, brand string) string {
	return fmt.Sprintf(`INSERT INTO products (id, sku, title, category_id, price, gtin, brand)
		SELECT %[1]d, 'chaos-%[1]d', 'Chaos %[1]d', min(id), 1, nullif('%[2]s', ''), %[3]s FROM categories
		ON CONFLICT (id) DO UPDATE SET gtin = EXCLUDED.gtin, brand = EXCLUDED.brand;`, id, gtin, brand)
}

const alternations = 400

// alternate deletes one product and inserts it again, in transactions of their
// own, while the indexer that follows is killed.
func (g *ground) alternate(ctx context.Context, rng *rand.Rand) (note string, err error) {
	var sql strings.Builder
	for n := range alternations + rng.IntN(2) { // the end is one or the other
		if n%2 == 0 {
			sql.WriteString(putSQL(restlessProduct, fmt.Sprintf("restless-%d", n), "'Restless'"))
			continue
		}
		fmt.Fprintf(&sql, "DELETE FROM products WHERE id = %d; SELECT pg_sleep(%.3f);", restlessProduct, rng.Float64()*0.02)
	}
	both, ctx := errgroup.WithContext(ctx)
	both.Go(func() error {
		_, err := g.PSQL(ctx, sql.String())
		return err
	})
	both.Go(func() error {
		note, err = g.killIndexer(ctx, rng)
		return err
	})
	return note, both.Wait()
}
