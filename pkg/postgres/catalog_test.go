//go:build integration

package postgres_test

import (
	"errors"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

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
