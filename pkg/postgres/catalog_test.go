//go:build integration

package postgres_test

import (
	"errors"
	"maps"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"aforro/pkg/search"
	"aforro/pkg/testkit"
)

// A value that SQL takes and no document can hold would keep the whole index
// from being written, so the schema refuses it, whoever writes it.
func TestProductsHoldOnlyWhatADocumentCan(t *testing.T) {
	t.Parallel()
	conn := testkit.Conn(t, testkit.Postgres(t))
	mustExec(t, conn, `INSERT INTO categories (name) VALUES ('c')`)
	mustExec(t, conn, `INSERT INTO products (sku, title, category_id, price, released_on) VALUES ('s', 't', 1, 0, '9999-12-31'), ('s', 't', 1, 9999999999.99, NULL)`)
	for _, change := range []string{
		`price = 'NaN'`, `price = -0.01`, `released_on = 'infinity'`, `released_on = '-infinity'`, `released_on = '0044-03-15 BC'`, `released_on = '10000-01-01'`,
	} {
		_, err := conn.Exec(t.Context(), `UPDATE products SET `+change)
		var pgErr *pgconn.PgError
		if !errors.As(err, &pgErr) || pgErr.Code != "23514" {
			t.Errorf("SET %s: want a check violation, got %v", change, err)
		}
	}
}

// What is live is what is sold, at its price of now; quantities are what can be sold.
func TestWhatProductsAreNow(t *testing.T) {
	t.Parallel()
	url := testkit.Postgres(t)
	d, conn := testkit.Open(t, url), testkit.Conn(t, url)
	mustExec(t, conn, `INSERT INTO categories (id, name) VALUES (1, 'c');
		INSERT INTO stores (id, name, city, latitude, longitude) VALUES (1, 'A', 'Pune', 1, 1), (2, 'B', 'Goa', 1, 1);
		INSERT INTO products (id, sku, title, category_id, price, active) SELECT n, 's', 't', 1, n, n <> 4 FROM generate_series(1, 5) n;
		INSERT INTO inventory (store_id, product_id, quantity, held) VALUES (1, 1, 10, 3), (2, 1, 5, 0), (1, 2, 3, 3), (1, 3, 1, 2), (2, 4, 9, 0)`)
	asked := []int64{5, 4, 3, 2, 1, 99, 1}
	for name, c := range map[string]struct {
		store    int64
		anywhere bool
		want     map[int64]search.Live
	}{
		"no stock": {0, false, map[int64]search.Live{1: {Price: 100}, 2: {Price: 200}, 3: {Price: 300}, 5: {Price: 500}}},
		"anywhere": {0, true, map[int64]search.Live{1: {Price: 100, InStock: true}, 2: {Price: 200}, 3: {Price: 300}, 5: {Price: 500}}},
		"in store 1": {1, true, map[int64]search.Live{1: {Price: 100, Carried: true, Quantity: 7}, 2: {Price: 200, Carried: true},
			3: {Price: 300, Carried: true}, 5: {Price: 500}}},
		"in store 2": {2, false, map[int64]search.Live{1: {Price: 100, Carried: true, Quantity: 5}, 2: {Price: 200}, 3: {Price: 300}, 5: {Price: 500}}},
	} {
		got, err := d.Live(t.Context(), asked, c.store, c.anywhere)
		if err != nil || !maps.Equal(got, c.want) {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
}
