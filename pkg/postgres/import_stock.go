package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"aforro/pkg/importer"
)

// ImportStock lends feed a sink for stock, alone among all imports.
func (d *DB) ImportStock(ctx context.Context, o importer.StockOptions, feed func(importer.StockSink) error) error {
	return d.withImport(ctx, stockStaging, func(conn *pgx.Conn) error {
		return feed(&stockSink{conn: conn, options: o})
	})
}

// stockSink writes chunks of stock through import_stock.
type stockSink struct {
	conn    *pgx.Conn
	options importer.StockOptions
}

// WriteStock is importer.StockSink's.
func (s *stockSink) WriteStock(ctx context.Context, rows []importer.StockRow) (importer.Outcome, error) {
	return landRows(ctx, s.conn, rows, s.write, func(r importer.StockRow) importer.Refusal {
		return refusedByDatabase(r.Line, r.Text)
	})
}

func (s *stockSink) write(ctx context.Context, tx pgx.Tx, rows []importer.StockRow) (o importer.Outcome, err error) {
	if _, err := tx.Exec(ctx, explainStock, s.options.Reason, s.options.Reference); err != nil {
		return o, err
	}
	_, err = tx.CopyFrom(ctx, pgx.Identifier{"import_stock"}, []string{"line", "store_id", "product_id", "sku", "quantity"},
		pgx.CopyFromSlice(len(rows), func(i int) ([]any, error) {
			r := &rows[i]
			return []any{r.Line, r.StoreID, orNull(r.ProductID), orNull(r.SKU), r.Quantity}, nil
		}))
	if err != nil {
		return o, err
	}
	if _, err := tx.Exec(ctx, findSKUs); err != nil {
		return o, err
	}
	refused, err := refuseStock(ctx, tx, rows)
	if err != nil {
		return o, err
	}
	var latest int64
	err = tx.QueryRow(ctx, upsertStock, s.options.KeepExisting).Scan(&latest, &o.New, &o.Changed)
	o.Same = latest - o.New - o.Changed
	o.Replaced = int64(len(rows)-len(refused)) - latest
	o.Refused = refused
	return o, err
}

// refuseStock drops the rows whose store or product is not known.
func refuseStock(ctx context.Context, tx pgx.Tx, sent []importer.StockRow) ([]importer.Refusal, error) {
	rows, err := tx.Query(ctx, dropUnknown)
	if err != nil {
		return nil, err
	}
	texts := make(map[int64]string, len(sent))
	for _, r := range sent {
		texts[r.Line] = r.Text
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (importer.Refusal, error) {
		var u unknownStock
		err := row.Scan(&u.line, &u.store, &u.product, &u.sku, &u.matches, &u.storeKnown)
		return importer.Refusal{Line: u.line, Reason: u.reason(), Row: texts[u.line]}, err
	})
}

// unknownStock is a row that names something unknown.
type unknownStock struct {
	line, store int64
	product     *int64
	sku         *string
	// matches is how many products have the SKU.
	matches    int64
	storeKnown bool
}

func (u unknownStock) reason() string {
	switch {
	case !u.storeKnown:
		return fmt.Sprintf("store_id: there is no store %d", u.store)
	case u.product != nil:
		return fmt.Sprintf("product_id: there is no product %d", *u.product)
	case u.matches > 1:
		return fmt.Sprintf("sku: %d products have this SKU, so it says nothing; give product_id", u.matches)
	}
	return "sku: no product has this SKU"
}

// The statements behind an import of stock. What they look up they look up row
// by row, through an index (LATERAL ... OFFSET 0, scalar subqueries): of a
// temporary table the planner knows nothing, and a join of its choice may read
// the whole catalogue for each chunk.
const (
	stockStaging = `
CREATE TEMP TABLE import_stock (
    line bigint NOT NULL, store_id bigint NOT NULL, product_id bigint, sku text, quantity integer NOT NULL,
    matches bigint NOT NULL DEFAULT 0
) ON COMMIT DELETE ROWS`

	// What the ledger's trigger reads: only for this transaction.
	explainStock = `SELECT set_config('aforro.reason', $1, true), set_config('aforro.reference', $2, true)`

	// A SKU means the one active product that has it, or else the one inactive.
	findSKUs = `
UPDATE import_stock s
SET product_id = CASE WHEN m.of_use = 1 THEN m.active_id WHEN m.of_use = 0 AND m.all_of_them = 1 THEN m.any_id END,
    matches = CASE WHEN m.of_use > 0 THEN m.of_use ELSE m.all_of_them END
FROM (SELECT DISTINCT sku FROM import_stock WHERE product_id IS NULL) AS asked
CROSS JOIN LATERAL (
    SELECT count(*) AS all_of_them, count(*) FILTER (WHERE p.active) AS of_use,
           min(p.id) AS any_id, min(p.id) FILTER (WHERE p.active) AS active_id
    FROM products p WHERE p.sku = asked.sku
) AS m
WHERE s.product_id IS NULL AND s.sku = asked.sku`

	dropUnknown = `
DELETE FROM import_stock s
WHERE (SELECT t.id FROM stores t WHERE t.id = s.store_id) IS NULL
   OR (SELECT p.id FROM products p WHERE p.id = s.product_id) IS NULL
RETURNING line, store_id, product_id, sku, matches, EXISTS (SELECT 1 FROM stores t WHERE t.id = s.store_id)`

	// Lines that are the same are left out before the insert, and locks are taken
	// in (store, product) order, as decisions of orders take them.
	upsertStock = `
WITH latest AS (
    SELECT DISTINCT ON (store_id, product_id) store_id, product_id, quantity
    FROM import_stock ORDER BY store_id, product_id, line DESC
), written AS (
    INSERT INTO inventory AS i (store_id, product_id, quantity)
    SELECT l.store_id, l.product_id, l.quantity
    FROM latest l LEFT JOIN LATERAL (
        SELECT n.product_id, n.quantity FROM inventory n
        WHERE n.store_id = l.store_id AND n.product_id = l.product_id OFFSET 0
    ) now ON true
    WHERE now.product_id IS NULL OR (NOT $1::boolean AND now.quantity <> l.quantity)
    ORDER BY l.store_id, l.product_id
    ON CONFLICT (store_id, product_id) DO UPDATE SET quantity = excluded.quantity
        WHERE NOT $1::boolean AND i.quantity <> excluded.quantity
    RETURNING xmax = 0 AS fresh
)
SELECT (SELECT count(*) FROM latest), count(*) FILTER (WHERE fresh), count(*) FILTER (WHERE NOT fresh) FROM written`
)
