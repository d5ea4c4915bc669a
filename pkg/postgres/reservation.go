package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"aforro/pkg/fault"
	"aforro/pkg/idempotency"
	"aforro/pkg/inventory"
	"aforro/pkg/order"
	"aforro/pkg/postgres/db"
)

// Rows are locked in this order everywhere: orders, reservations by id, stock
// lines in (store, product) order.

// Reserve holds stock for a cart, in one transaction: every line, or none. The
// lines are judged as an order's are, against what is available. replayed when
// the key was used before: then the reservation is as it was answered.
//
// fault.Invalid for items that make no order, inactive products and a time that
// cannot be (inventory.CheckHold), fault.NotFound for an unknown store or
// product; the fields name them. An *order.Shortage (fault.Conflict) says of
// what there is too little.
func (d *DB) Reserve(ctx context.Context, storeID int64, items []order.Item, hold time.Duration, r idempotency.Request) (inventory.Reservation, bool, error) {
	if err := order.Validate(items); err != nil {
		return inventory.Reservation{}, false, err
	}
	if err := inventory.CheckHold(hold); err != nil {
		return inventory.Reservation{}, false, err
	}
	made, replayed, err := once(ctx, d, r, func(q *db.Queries) (inventory.Reservation, error) {
		return reserve(ctx, q, storeID, items, hold)
	})
	switch {
	case violates(err, "reservations_store_id_fkey"):
		return made, false, wanted(storeID, items).noStore()
	case violates(err, "reservation_items_product_id_fkey"):
		return made, false, fault.Wrap(err, fault.NotFound, "a product of the reservation does not exist")
	}
	return made, replayed, translate(err, fmt.Sprintf("reserve stock of store %d", storeID))
}

// wanted is what a reservation names.
func wanted(storeID int64, items []order.Item) asked {
	is := asked{storeID: storeID, products: make([]int64, len(items)), storeAt: "body.store_id",
		productAt: func(i int) string { return fmt.Sprintf("body.items[%d].product_id", i) }}
	for i, it := range items {
		is.products[i] = it.ProductID
	}
	return is
}

func reserve(ctx context.Context, q *db.Queries, storeID int64, items []order.Item, hold time.Duration) (inventory.Reservation, error) {
	if err := knownStore(ctx, q, wanted(storeID, items), true); err != nil {
		return inventory.Reservation{}, err
	}
	demand := order.Demand(items)
	p := db.OpenReservationParams{StoreID: storeID, Seconds: hold.Seconds()}
	for _, line := range demand {
		p.ProductIds, p.Quantities = append(p.ProductIds, line.ProductID), append(p.Quantities, int32(line.Quantity))
	}
	rows, err := q.LockCartLines(ctx, db.LockCartLinesParams{StoreID: storeID, ProductIds: p.ProductIds})
	if err != nil {
		return inventory.Reservation{}, fmt.Errorf("lock stock lines: %w", err)
	}
	available := make(map[int64]int64, len(rows))
	for _, r := range rows {
		available[r.ProductID] = inventory.Available(int64(r.Quantity), int64(r.Held))
	}
	if status, reasons := order.Decide(demand, available); status != order.Confirmed {
		return inventory.Reservation{}, shortage(ctx, q, storeID, items, reasons)
	}
	return openReservation(ctx, q, p, items)
}

// shortage is the refusal, with the other stores that have what is short.
func shortage(ctx context.Context, q *db.Queries, storeID int64, items []order.Item, reasons []order.Reason) error {
	short := make(map[stockKey][]*order.Reason, len(reasons))
	for i := range reasons {
		reasons[i].Elsewhere = []order.Elsewhere{}
		if i < order.MaxLocated {
			short[stockKey{storeID, reasons[i].ProductID}] = []*order.Reason{&reasons[i]}
		}
	}
	if err := nameElsewhere(ctx, q, short); err != nil {
		return err
	}
	return order.NewShortage(items, reasons)
}

func openReservation(ctx context.Context, q *db.Queries, p db.OpenReservationParams, items []order.Item) (inventory.Reservation, error) {
	row, err := q.OpenReservation(ctx, p)
	if err == nil && row.HeldLines != int64(len(p.ProductIds)) {
		err = fmt.Errorf("%d stock lines were locked but %d held", len(p.ProductIds), row.HeldLines)
	}
	if err != nil {
		return inventory.Reservation{}, fmt.Errorf("hold stock: %w", err)
	}
	made := inventory.Reservation{ID: row.ID, StoreID: p.StoreID, ExpiresAt: row.ExpiresAt, Items: make([]inventory.HeldItem, len(items))}
	for i, it := range items {
		made.Items[i] = inventory.HeldItem{ProductID: it.ProductID, Quantity: it.Quantity}
	}
	return made, nil
}

// Release gives back what a reservation holds. One that has ended, however it
// did, holds nothing and stays as it is. fault.NotFound when there is none.
func (d *DB) Release(ctx context.Context, id int64) error {
	err := d.inTx(ctx, func(_ pgx.Tx, q *db.Queries) error {
		status, err := q.LockReservation(ctx, id)
		if err != nil || status != string(inventory.Active) {
			return err
		}
		if err := q.LockHeldLines(ctx, []int64{id}); err != nil {
			return err
		}
		_, err = q.EndReservations(ctx, db.EndReservationsParams{Ids: []int64{id}, Status: string(inventory.Released)})
		return err
	})
	return translate(err, fmt.Sprintf("release reservation %d", id))
}
