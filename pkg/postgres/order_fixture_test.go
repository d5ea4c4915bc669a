//go:build integration

package postgres_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"

	"aforro/pkg/order"
	"aforro/pkg/postgres"
	"aforro/pkg/testkit"
)

// counter is a shop for order tests: three stores in a row to the east (1 in
// Pune, 2 in Mumbai, 3 in Delhi) and products 1 to 5 at 10.50 each.
type counter struct {
	*postgres.DB
	tb   testing.TB
	url  string
	conn *pgx.Conn
}

func newCounter(tb testing.TB) *counter {
	tb.Helper()
	url := testkit.Postgres(tb)
	c := &counter{DB: testkit.Open(tb, url), tb: tb, url: url, conn: testkit.Conn(tb, url)}
	c.exec(`INSERT INTO categories (id, name) VALUES (1, 'Notebooks')`)
	c.exec(`INSERT INTO products (id, sku, title, category_id, price) SELECT n, 'S' || n, 'Product ' || n, 1, 10.50 FROM generate_series(1, 5) n`)
	c.exec(`INSERT INTO stores (id, name, city, latitude, longitude) VALUES
		(1, 'A', 'Pune', 18.52, 73.86), (2, 'B', 'Mumbai', 19.08, 72.88), (3, 'C', 'Delhi', 28.61, 77.21)`)
	return c
}

func (c *counter) exec(sql string, args ...any) {
	c.tb.Helper()
	if _, err := c.conn.Exec(c.tb.Context(), sql, args...); err != nil {
		c.tb.Fatalf("%s: %v", sql, err)
	}
}

func (c *counter) stock(store, product int64, quantity int) {
	c.tb.Helper()
	c.exec(`INSERT INTO inventory (store_id, product_id, quantity) VALUES ($1, $2, $3)`, store, product, quantity)
}

// number asks for one number.
func (c *counter) number(sql string, args ...any) (n int64) {
	c.tb.Helper()
	if err := c.conn.QueryRow(c.tb.Context(), sql, args...).Scan(&n); err != nil {
		c.tb.Fatalf("%s: %v", sql, err)
	}
	return n
}

func (c *counter) left(store, product int64) int64 {
	c.tb.Helper()
	return c.number(`SELECT quantity FROM inventory WHERE store_id = $1 AND product_id = $2`, store, product)
}

// Save saves one order.
func (c *counter) Save(ctx context.Context, store int64, items []order.Item) (order.Order, error) {
	c.tb.Helper()
	saved, err := c.SaveOrders(ctx, []order.Draft{{StoreID: store, Items: items}})
	if err != nil {
		return order.Order{}, err
	}
	return saved[0].Order, saved[0].Err
}

// Decide decides one order and returns it as it is then.
func (c *counter) Decide(ctx context.Context, id int64) (order.Order, error) {
	return decideOn(ctx, c.DB, id)
}

// decideOn decides until the order is decided: one that somebody else is
// deciding at this moment is left to them, and one whose stock is held is tried
// again, as the sweeper does.
func decideOn(ctx context.Context, d *postgres.DB, id int64) (order.Order, error) {
	for {
		if _, _, err := d.DecidePending(ctx, []int64{id}); err != nil {
			return order.Order{}, err
		}
		if o, err := d.Order(ctx, id); err != nil || o.Status.Final() {
			return o, err
		}
	}
}

func (c *counter) mustSave(store int64, items ...order.Item) order.Order {
	c.tb.Helper()
	o, err := c.Save(c.tb.Context(), store, items)
	if err != nil {
		c.tb.Fatal(err)
	}
	return o
}

func (c *counter) mustDecide(id int64) order.Order {
	c.tb.Helper()
	o, err := c.Decide(c.tb.Context(), id)
	if err != nil {
		c.tb.Fatal(err)
	}
	return o
}

func (c *counter) mustOrder(id int64) order.Order {
	c.tb.Helper()
	o, err := c.Order(context.Background(), id)
	if err != nil {
		c.tb.Fatal(err)
	}
	return o
}

func want(product, quantity int64) order.Item {
	return order.Item{ProductID: product, Quantity: quantity}
}
