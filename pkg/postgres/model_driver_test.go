//go:build integration

package postgres_test

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"aforro/pkg/audit"
	"aforro/pkg/idempotency"
	"aforro/pkg/inventory"
	"aforro/pkg/order"
	"aforro/pkg/postgres"
)

// modelDriver does to the database what the model does to itself: one method for
// each thing that can be done, and one for each that can be looked at. Whatever
// must not fail fails the check.
type modelDriver struct {
	t    *rapid.T
	db   *postgres.DB
	conn *pgx.Conn
}

func (d *modelDriver) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

func (d *modelDriver) save(drafts []order.Draft) []order.Saved {
	d.t.Helper()
	saved, err := d.db.SaveOrders(context.Background(), drafts)
	d.must(err)
	for i := range saved {
		if saved[i].Replayed { // what a repeat gets is its identity
			o, err := d.db.Order(context.Background(), saved[i].Order.ID)
			d.must(err)
			if !o.Same(saved[i].Order.ID, saved[i].Order.CreatedAt) {
				d.must(order.Lost())
			}
			saved[i].Order = o
		}
	}
	return saved
}

func (d *modelDriver) decide(ids []int64) []order.Decision {
	d.t.Helper()
	decided, held, err := d.db.DecidePending(context.Background(), ids)
	d.must(err)
	if len(held) > 0 {
		d.t.Fatalf("nobody else is here, and orders %v are held", held)
	}
	return decided
}

func (d *modelDriver) cancel(id int64) (order.Order, error) {
	return d.db.Cancel(context.Background(), id)
}

func (d *modelDriver) adjust(store int64, lines []inventory.AdjustmentLine) ([]inventory.Stock, error) {
	after, _, err := d.db.Adjust(context.Background(), store, inventory.Adjustment{Reason: "recount", Lines: lines}, idempotency.Request{})
	return after, err
}

func (d *modelDriver) reserve(store int64, items []order.Item) (inventory.Reservation, error) {
	made, _, err := d.db.Reserve(context.Background(), store, items, time.Hour, idempotency.Request{})
	return made, err
}

func (d *modelDriver) release(id int64) { d.t.Helper(); d.must(d.db.Release(context.Background(), id)) }

// expire makes the time of reservations over and ends them, a few at once.
func (d *modelDriver) expire(ids []int64) int {
	d.t.Helper()
	d.exec(`UPDATE reservations SET expires_at = now() - interval '1 second' WHERE id = ANY ($1)`, ids)
	n, err := d.db.ExpireReservations(context.Background(), 2)
	d.must(err)
	return n
}

// exec is what somebody does by plain SQL.
func (d *modelDriver) exec(sql string, args ...any) {
	d.t.Helper()
	_, err := d.conn.Exec(context.Background(), sql, args...)
	d.must(err)
}

// ids runs SQL that returns ids.
func (d *modelDriver) ids(sql string, args ...any) []int64 {
	d.t.Helper()
	rows, err := d.conn.Query(context.Background(), sql, args...)
	d.must(err)
	list, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	d.must(err)
	return list
}

func (d *modelDriver) texts(sql string, args ...any) []string {
	d.t.Helper()
	rows, err := d.conn.Query(context.Background(), sql, args...)
	d.must(err)
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	d.must(err)
	return list
}

// stock lists the stock lines of stores.
func (d *modelDriver) stock(stores []int64) []string {
	d.t.Helper()
	return d.texts(`SELECT format('%s/%s: %s, %s held', store_id, product_id, quantity, held) FROM inventory
		WHERE store_id = ANY ($1) ORDER BY store_id, product_id`, stores)
}

// states lists the orders and the reservations of stores.
func (d *modelDriver) states(stores []int64) []string {
	d.t.Helper()
	return d.texts(`SELECT format('order %s: %s, %s', id, status, total) FROM orders WHERE store_id = ANY ($1)
		UNION ALL SELECT format('reservation %s: %s', id, status) FROM reservations WHERE store_id = ANY ($1)`, stores)
}

// shown is what a store's page shows as available.
func (d *modelDriver) shown(store int64) []string {
	d.t.Helper()
	lines, err := d.db.Inventory(context.Background(), store, inventory.Position{}, 100)
	d.must(err)
	list := make([]string, len(lines))
	for i, l := range lines {
		list[i] = fmt.Sprintf("%d: %d", l.ProductID, l.Quantity)
	}
	return list
}

func (d *modelDriver) order(id int64) order.Order {
	d.t.Helper()
	o, err := d.db.Order(context.Background(), id)
	d.must(err)
	return o
}

func (d *modelDriver) audit() audit.Report {
	d.t.Helper()
	r, err := d.db.Audit(context.Background())
	d.must(err)
	return r
}
