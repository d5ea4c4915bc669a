//go:build integration

package postgres_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"aforro/pkg/testkit"
)

const listMovements = `SELECT format('%s/%s %s %s %s', store_id, product_id, delta, reason, reference) FROM stock_movements ORDER BY store_id, product_id, id`

// newLedger gives two stores, three products, and 10 pieces of product 1 in
// store 1.
func newLedger(t *testing.T) *pgx.Conn {
	t.Helper()
	conn := testkit.Conn(t, testkit.Postgres(t))
	for _, sql := range []string{
		`INSERT INTO categories (name) VALUES ('c')`,
		`INSERT INTO products (sku, title, category_id, price) SELECT 's', 't', 1, 1 FROM generate_series(1, 3)`,
		`INSERT INTO stores (name, city, latitude, longitude) SELECT 's', 'c', 0, 0 FROM generate_series(1, 2)`,
		`INSERT INTO inventory VALUES (1, 1, 10)`,
	} {
		mustExec(t, conn, sql)
	}
	return conn
}

func TestLedgerRecordsEveryChange(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		sql  []string
		want []string // beside the opening stock
	}{
		"update":           {[]string{`UPDATE inventory SET quantity = 7`}, []string{"1/1 -3 sql "}},
		"update to itself": {[]string{`UPDATE inventory SET quantity = quantity`}, nil},
		"insert of none":   {[]string{`INSERT INTO inventory VALUES (1, 2, 0)`}, nil},
		"delete":           {[]string{`DELETE FROM inventory`}, []string{"1/1 -10 sql "}},
		"truncate":         {[]string{`TRUNCATE inventory`}, []string{"1/1 -10 sql "}},
		"another store":    {[]string{`UPDATE inventory SET store_id = 2`}, []string{"1/1 -10 sql ", "2/1 10 sql "}},
		"another product":  {[]string{`UPDATE inventory SET product_id = 2, quantity = 4`}, []string{"1/1 -10 sql ", "1/2 4 sql "}},
		"store removed":    {[]string{`DELETE FROM stores WHERE id = 1`}, []string{"1/1 -10 sql "}},
		"product removed":  {[]string{`DELETE FROM products WHERE id = 1`}, []string{"1/1 -10 sql "}},
		"bulk": {[]string{`INSERT INTO inventory SELECT 2, n, n FROM generate_series(1, 3) n`, `UPDATE inventory SET quantity = quantity * 2`},
			[]string{"1/1 10 sql ", "2/1 1 sql ", "2/1 1 sql ", "2/2 2 sql ", "2/2 2 sql ", "2/3 3 sql ", "2/3 3 sql "}},
		"upsert": {[]string{`INSERT INTO inventory VALUES (1, 1, 4), (1, 2, 5) ON CONFLICT (store_id, product_id) DO UPDATE SET quantity = excluded.quantity`},
			[]string{"1/1 -6 sql ", "1/2 5 sql "}},
		"merge": {[]string{`MERGE INTO inventory i USING (VALUES (1, 1), (1, 2)) v (s, p) ON i.store_id = v.s AND i.product_id = v.p
			WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES (v.s, v.p, 9)`}, []string{"1/1 -10 sql ", "1/2 9 sql "}},
		"rolled back": {[]string{`BEGIN`, `UPDATE inventory SET quantity = 7`, `ROLLBACK`}, nil},
		"reason and reference, for one transaction": {[]string{
			`BEGIN`, `SELECT set_config('aforro.reason', 'order', true), set_config('aforro.reference', '77', true)`,
			`UPDATE inventory SET quantity = 7`, `COMMIT`, `UPDATE inventory SET quantity = 6`,
		}, []string{"1/1 -3 order 77", "1/1 -1 sql "}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn := newLedger(t)
			for _, sql := range c.sql {
				mustExec(t, conn, sql)
			}
			want := append([]string{"1/1 10 sql "}, c.want...)
			if got := mustColumn(t, conn, listMovements); !slices.Equal(got, want) {
				t.Errorf("the ledger holds %q, want %q", got, want)
			}
			if off := mustColumn(t, conn, `SELECT format('%s/%s', store_id, product_id)
				FROM (SELECT store_id, product_id, sum(delta) AS moved FROM stock_movements GROUP BY 1, 2) m
				FULL JOIN inventory i USING (store_id, product_id) WHERE coalesce(moved, 0) <> coalesce(quantity, 0)`); len(off) != 0 {
				t.Errorf("movements do not add up to the stock of %v", off)
			}
		})
	}
}

func TestLedgerIsAppendOnlyAndStockNeverNegative(t *testing.T) {
	t.Parallel()
	conn := newLedger(t)
	for sql, code := range map[string]string{
		`UPDATE stock_movements SET delta = 1`:          "23001",
		`DELETE FROM stock_movements`:                   "23001",
		`TRUNCATE stock_movements`:                      "23001",
		`UPDATE inventory SET quantity = quantity - 11`: "23514",
		`INSERT INTO inventory VALUES (1, 2, -1)`:       "23514",
		`INSERT INTO inventory VALUES (9, 1, 1)`:        "23503",
		`INSERT INTO categories (name) VALUES ('C')`:    "23505",
		`UPDATE products SET price = -1`:                "23514",
		`UPDATE products SET attributes = '[]'`:         "23514",
		`INSERT INTO stock_movements (id, store_id, product_id, delta, reason) VALUES (1, 1, 1, 1, '')`: "428C9",
	} {
		_, err := conn.Exec(t.Context(), sql)
		var pgErr *pgconn.PgError
		if !errors.As(err, &pgErr) || pgErr.Code != code {
			t.Errorf("%s: %v, want SQLSTATE %s", sql, err, code)
		}
	}
}

// TestTheLedgerBelievesOnlyPartsThatSum: what a transaction says of who changed
// a line counts only where it adds up to the change.
func TestTheLedgerBelievesOnlyPartsThatSum(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.stock(1, 1, 10)
	c.stock(1, 2, 10)
	c.stock(1, 3, 10)
	c.exec(`BEGIN`)
	// Right for product 1, wrong for product 2, silent about product 3, and
	// about product 4, which does not change.
	c.exec(`SELECT set_config('aforro.reason', 'order', true), set_config('aforro.movements', '{{1,1,-2,7},{1,1,-1,8},{1,2,-2,7},{1,4,-1,7}}', true)`)
	c.exec(`UPDATE inventory SET quantity = quantity - 3`)
	c.exec(`COMMIT`)
	for what, sql := range map[string]string{
		"the parts of product 1":    `SELECT count(*) FROM stock_movements WHERE product_id = 1 AND (delta, reference) IN ((-2, '7'), (-1, '8'))`,
		"the whole of 2 and 3":      `SELECT count(*) FROM stock_movements WHERE product_id IN (2, 3) AND delta = -3 AND reference = ''`,
		"nothing else but openings": `SELECT count(*) - 5 FROM stock_movements WHERE reason = 'order' OR delta = 10`,
	} {
		if n := c.number(sql); n != 2 {
			t.Errorf("%s: %d", what, n)
		}
	}
	if n := c.number(`SELECT count(*) FROM inventory i WHERE quantity <> (SELECT sum(delta) FROM stock_movements m WHERE m.product_id = i.product_id)`); n != 0 {
		t.Errorf("%d lines differ from their ledger", n)
	}
	c.exec(`UPDATE inventory SET quantity = 0`) // the setting ended with its transaction
	if n := c.number(`SELECT count(*) FROM stock_movements WHERE reason = 'sql' AND delta = -7`); n != 3 {
		t.Errorf("%d movements after it", n)
	}
}
