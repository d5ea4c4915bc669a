//go:build integration

package postgres_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"aforro/demo"
	"aforro/pkg/fault"
	"aforro/pkg/importer"
	"aforro/pkg/seed"
)

func newStockIntake(t *testing.T) intake {
	t.Helper()
	in := newIntake(t)
	mustExec(t, in.conn, `INSERT INTO categories (name) VALUES ('c')`)
	mustExec(t, in.conn, `INSERT INTO products (sku, title, category_id, price, active) VALUES
		('one', 't', 1, 1, true), ('two', 't', 1, 1, true), ('two', 't', 1, 1, true), ('old', 't', 1, 1, false), ('old', 't', 1, 1, true), ('gone', 't', 1, 1, false)`)
	mustExec(t, in.conn, `INSERT INTO stores (name, city, latitude, longitude) SELECT 's', 'c', 0, 0 FROM generate_series(1, 2)`)
	return in
}

const listStock = `SELECT format('%s/%s %s', store_id, product_id, quantity) FROM inventory ORDER BY store_id, product_id`

func TestStockIsReplacedAndOnlyWrittenWhereItDiffers(t *testing.T) {
	t.Parallel()
	in := newStockIntake(t)
	file := "store_id,product_id,quantity\r\n2,1,5\r\n1,1,0\r\n1,2,7\r\n2,1,6\r\n"
	sum, refused, err := in.stock(file)
	in.want(sum, refused, err, importer.Summary{New: 3, Replaced: 1})
	in.column(listStock, "1/1 0", "1/2 7", "2/1 6")
	in.column(listMovements, "1/2 7 import file.gz", "2/1 6 import file.gz")

	sum, refused, err = in.stock(file)
	in.want(sum, refused, err, importer.Summary{Same: 3, Replaced: 1})
	in.column(`SELECT quantity::text FROM inventory WHERE xmax <> 0`) // not even locked

	sum, refused, err = in.stock("quantity,store_id,product_id\n4,1,2\n6,2,1\n")
	in.want(sum, refused, err, importer.Summary{Changed: 1, Same: 1})
	in.column(listMovements, "1/2 7 import file.gz", "1/2 -3 import file.gz", "2/1 6 import file.gz")
	mustExec(t, in.conn, `UPDATE inventory SET quantity = 1 WHERE product_id = 2`)
	in.column(listMovements, "1/2 7 import file.gz", "1/2 -3 import file.gz", "1/2 -3 sql ", "2/1 6 import file.gz")
}

func TestBadStockIsNamedAndTheGoodLands(t *testing.T) {
	t.Parallel()
	in := newStockIntake(t)
	sum, refused, err := in.stock("store_id,sku,product_id,quantity\n" + strings.Join([]string{
		"1,one,,3",       // 2: good
		"1,two,,3",       // 3: two products
		"1,old,,4",       // 4: one of them is active: good
		"1,gone,,5",      // 5: the only one is inactive: good
		"1,none,,3",      // 6
		"9,one,,3",       // 7
		"1,,99,3",        // 8
		"1,,1,-3",        // 9
		"1,,1,1.5",       // 10
		"2,ignored,1,11", // 11: the id counts: good
	}, "\n"))
	in.want(sum, refused, err, importer.Summary{New: 4, Refused: 6})
	in.column(listStock, "1/1 3", "1/5 4", "1/6 5", "2/1 11")
	all := strings.Join(refused, "")
	for _, want := range []string{
		`{"line":3,"reason":"sku: 2 products have this SKU`, `{"line":6,"reason":"sku: no product has this SKU","row":"1,none,,3"}`,
		`{"line":7,"reason":"store_id: there is no store 9"`, `{"line":8,"reason":"product_id: there is no product 99"`, `{"line":9,`, `{"line":10,`,
	} {
		if !strings.Contains(all, want) {
			t.Errorf("the report lacks %s:\n%s", want, all)
		}
	}
}

func TestStockWithoutAHeaderIsRefusedWhole(t *testing.T) {
	t.Parallel()
	in := newStockIntake(t)
	if _, _, err := in.stock("1,1,5\n"); !fault.Is(err, fault.Invalid) {
		t.Errorf("the error is %v", err)
	}
	in.column(listStock)
}

func TestDemoIsLoadedOnceAndCompletedWhenCutOff(t *testing.T) {
	t.Parallel()
	in := newIntake(t)
	stop := errors.New("stop")
	if _, err := demo.Load(t.Context(), cutOff{in.db, stop}, nil); !errors.Is(err, stop) {
		t.Fatal(err)
	}
	mustExec(t, in.conn, `INSERT INTO inventory SELECT 2, 77388652, 3`)
	r, err := demo.Load(t.Context(), in.db, nil)
	if err != nil || r.Products.New+r.Products.Same != 19406 || r.Stock.New < 4*19406 || r.Stock.Same != 1 {
		t.Fatalf("%+v, %v", r, err)
	}
	in.column(`SELECT quantity::text FROM inventory WHERE store_id = 2 AND product_id = 77388652`, "3")
	in.column(`SELECT count(*)::text FROM stores`, "20")
	in.column(`SELECT DISTINCT reason || ' ' || reference FROM stock_movements ORDER BY 1`, "seed demo", "sql ")
	in.column(`SELECT count(*)::text FROM (SELECT product_id FROM inventory GROUP BY 1 HAVING count(*) NOT BETWEEN 4 AND 8) x`, "0")

	mustExec(t, in.conn, `UPDATE inventory SET quantity = 1`)
	mustExec(t, in.conn, `DELETE FROM inventory WHERE product_id = 1399`)
	r, err = demo.Load(t.Context(), in.db, nil)
	if err != nil || r.State != importer.LoadDone {
		t.Fatalf("%+v, %v", r, err)
	}
	in.column(`SELECT count(*)::text FROM inventory WHERE quantity <> 1 OR product_id = 1399`, "0")
}

// cutOff lets the products in and no stock.
type cutOff struct {
	demo.Database
	err error
}

func (c cutOff) ImportStock(_ context.Context, _ importer.StockOptions, _ func(importer.StockSink) error) error {
	return c.err
}

func TestDemoLeavesAForeignCatalogueAlone(t *testing.T) {
	t.Parallel()
	in := newStockIntake(t)
	r, err := demo.Load(t.Context(), in.db, nil)
	if err != nil || r.State != importer.LoadForeign {
		t.Errorf("%+v, %v", r, err)
	}
	in.column(`SELECT count(*)::text FROM products`, "6")
}

func TestSeedFillsAnEmptyDatabaseOrAppends(t *testing.T) {
	t.Parallel()
	in := newIntake(t)
	words, err := seed.Learn(strings.NewReader(row(1, "HP 80 Original Cyan", "125.95", `,"brand":"HP"`)))
	if err != nil {
		t.Fatal(err)
	}
	o := seed.Options{Products: 6000, Stores: 3, PerStore: 2000, Seed: 4, Cities: demo.Stores()}
	seeds := func(o seed.Options, wantProducts, wantStock importer.Summary) {
		t.Helper()
		products, stock, err := seed.Load(t.Context(), in.db, words, o, nil)
		if err != nil || products != wantProducts || stock != wantStock {
			t.Errorf("%s, %s, %v", products, stock, err)
		}
	}
	seeds(o, importer.Summary{New: 6000}, importer.Summary{New: 6000})
	seeds(o, importer.Summary{}, importer.Summary{})
	mustExec(t, in.conn, `UPDATE loads SET finished_at = NULL`)
	mustExec(t, in.conn, `DELETE FROM inventory WHERE store_id = 3`)
	mustExec(t, in.conn, `DELETE FROM products WHERE id > 5900`)
	var gone int64
	if err := in.conn.QueryRow(t.Context(), `SELECT 4000 - count(*) FROM inventory`).Scan(&gone); err != nil {
		t.Fatal(err)
	}
	seeds(o, importer.Summary{New: 100, Same: 5900}, importer.Summary{New: 2000 + gone, Same: 4000 - gone})
	in.column(`SELECT count(DISTINCT title)::text FROM products WHERE title LIKE 'HP __ Original Cyan'`, "100")
	in.column(`SELECT concat_ws(' ', store_id, count(*)) FROM inventory GROUP BY store_id ORDER BY 1`, "1 2000", "2 2000", "3 2000")

	o.Seed++
	if _, _, err := seed.Load(t.Context(), in.db, words, o, nil); !fault.Is(err, fault.Conflict) {
		t.Errorf("another seed into a full database: %v", err)
	}
	o.Append = true
	seeds(o, importer.Summary{New: 6000}, importer.Summary{New: 6000})
	in.column(`SELECT max(id)::text FROM products UNION ALL SELECT max(id)::text FROM stores`, "12000", "6")
}
