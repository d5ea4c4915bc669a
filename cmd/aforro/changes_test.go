//go:build integration

package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"aforro/demo"
	"aforro/pkg/testkit"
)

// A shop that is open gets the whole demo by import while others change 10,000
// things by plain SQL; then every document is what PostgreSQL says.
func TestTenThousandChangesDuringAnImport(t *testing.T) {
	t.Parallel()
	s := open(t)
	const changers, each = 4, 2500
	var all sync.WaitGroup
	var made atomic.Int64
	for n := range changers {
		conn := testkit.Conn(t, s.direct[postgresURL])
		all.Go(func() {
			rng := rand.New(rand.NewPCG(7, uint64(n)))
			for range each {
				if err := change(t.Context(), conn, rng); err != nil {
					t.Errorf("a change: %v", err)
					return
				}
				made.Add(1)
			}
		})
	}
	testkit.Eventually(t, patience, "the changes are under way", func() bool { return made.Load() > 50 })
	first := made.Load()
	out := s.mustAforro("import", "products", mustWrite(t, "demo.ndjson.gz", demo.Products))
	during := made.Load() - first
	t.Logf("%d changes during the import: %s", during, out)
	if during < 100 {
		t.Errorf("only %d changes came during the import", during)
	}
	all.Wait()
	active := s.number(`SELECT count(*) FROM products WHERE active`)
	if active < 15_000 {
		t.Errorf("%d active products after the import", active)
	}
	s.mustEqual(active)
	if n := s.search().Count; n != active {
		t.Errorf("the search counts %d of %d products", n, active)
	}
}

// anyProduct is a product near a random id, as cheap as can be.
const anyProduct = `(SELECT id FROM products WHERE id >= $1 ORDER BY id LIMIT 1)`

// changes are what others do to a catalogue; $1 is a random product's id, $2 a
// small random number.
var changes = []string{
	`UPDATE products SET price = price + $2::int / 100.0 WHERE id = ` + anyProduct,
	`UPDATE products SET title = left(title, 400) || ' ' || $2::int::text WHERE id = ` + anyProduct,
	`UPDATE products SET active = NOT active WHERE id = ` + anyProduct + ` AND $2::int % 4 = 0`,
	`UPDATE products SET attributes = attributes || jsonb_build_object('note', $2::int) WHERE id = ` + anyProduct,
	`UPDATE products SET category_id = (SELECT id FROM categories ORDER BY id LIMIT 1 OFFSET $2::int % 10) WHERE id = ` + anyProduct,
	`UPDATE inventory SET quantity = $2::int % 3 WHERE product_id = ` + anyProduct,
	`INSERT INTO inventory SELECT 1 + $2::int % 20, ` + anyProduct + `, $2 ON CONFLICT (store_id, product_id) DO UPDATE SET quantity = excluded.quantity`,
	`DELETE FROM inventory WHERE store_id = 1 + $2::int % 20 AND product_id = ` + anyProduct,
	`DELETE FROM products WHERE id = ` + anyProduct + ` AND $2::int % 20 = 0`,
	`INSERT INTO products (id, sku, title, category_id, price) SELECT $1::bigint + 1000000000, 'new', 'New ' || $2::int::text,
		(SELECT min(id) FROM categories), 1 ON CONFLICT (id) DO NOTHING`,
	`UPDATE stores SET city = city || '' WHERE id = 1 + $2::int % 20 AND $1::bigint > 0`,
}

// rareChange touches every product of a category.
const rareChange = `UPDATE categories SET name = name || $2::int::text WHERE id = (SELECT id FROM categories ORDER BY id LIMIT 1 OFFSET $2::int % 10) AND char_length(name) < 100 AND $1::bigint > 0`

// change does one random thing. An import holds rows in an order of its own, so
// now and then one of the two has to try again.
func change(ctx context.Context, conn *pgx.Conn, rng *rand.Rand) error {
	sql := changes[rng.IntN(len(changes))]
	if rng.IntN(500) == 0 {
		sql = rareChange
	}
	id, n := rng.Int64N(80_000_000), rng.IntN(1000)
	for {
		_, err := conn.Exec(ctx, sql, id, n)
		var pgErr *pgconn.PgError
		switch {
		case err == nil:
			return nil
		case errors.As(err, &pgErr) && (pgErr.Code == "40P01" || pgErr.Code == "23503" || pgErr.Code == "23502"):
			// A deadlock, or the product was deleted meanwhile.
			id++
		default:
			return fmt.Errorf("%s: %w", sql, err)
		}
	}
}
