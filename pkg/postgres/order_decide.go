package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strconv"

	"github.com/jackc/pgx/v5"

	"aforro/pkg/catalog"
	"aforro/pkg/order"
	"aforro/pkg/postgres/db"
)

// Decide decides a PENDING order, in the manner of DecidePending. An order that
// is decided already is returned as it is; fault.NotFound when there is none.
func (d *DB) Decide(ctx context.Context, id int64) (order.Order, error) {
	decided, err := d.DecidePending(ctx, id)
	if err != nil {
		return order.Order{}, err
	}
	if len(decided) == 0 {
		return d.Order(ctx, id)
	}
	return decided[0], nil
}

// DecidePending decides those of the orders that are PENDING and returns them,
// in one transaction: status, stock, ledger and event together. Deciding again,
// or at once from many places, decides once. An error means that this call
// decided nothing, or, when a commit's answer was lost, that it is not known;
// calling again settles both.
func (d *DB) DecidePending(ctx context.Context, ids ...int64) ([]order.Order, error) {
	var decided []order.Order
	err := d.inTx(ctx, func(_ pgx.Tx, q *db.Queries) (err error) {
		decided, err = decide(ctx, q, ids)
		return err
	})
	if err != nil {
		return nil, translate(err, fmt.Sprintf("decide orders %v", ids))
	}
	return decided, nil
}

// decide decides those of the orders that are PENDING, each on its own, by id:
// what one takes, the next does not find. Rows are locked orders first, then
// stock in (store, product) order.
func decide(ctx context.Context, q *db.Queries, ids []int64) ([]order.Order, error) {
	heads, err := q.LockPending(ctx, ids)
	if err != nil || len(heads) == 0 {
		return nil, err
	}
	cases, err := loadCases(ctx, q, heads)
	if err != nil {
		return nil, err
	}
	stock, err := lockStock(ctx, q, cases)
	if err != nil {
		return nil, err
	}
	decided := make([]order.Order, len(cases))
	for i, c := range cases {
		if decided[i], err = c.settle(ctx, q, stock); err != nil {
			return nil, fmt.Errorf("settle order %d: %w", c.head.ID, err)
		}
	}
	return decided, nil
}

// settle judges one order against the locked stock, writes what follows and
// takes what it sold out of stock.
func (c orderCase) settle(ctx context.Context, q *db.Queries, stock stockLines) (order.Order, error) {
	demand := order.Demand(c.items)
	status, reasons := order.Decide(demand, c.sellable(stock))
	var err error
	if status == order.Confirmed {
		err = c.deduct(ctx, q, demand, stock)
	} else {
		reasons, err = c.nameElsewhere(ctx, q, reasons)
	}
	if err != nil {
		return order.Order{}, err
	}
	if err := c.reprice(ctx, q); err != nil {
		return order.Order{}, err
	}
	return c.close(ctx, q, status, reasons)
}

// deduct takes the demand out of stock. The ledger's trigger records it with
// the order as reference.
func (c orderCase) deduct(ctx context.Context, q *db.Queries, demand []order.Line, stock stockLines) error {
	if err := q.SetOrderReason(ctx, strconv.FormatInt(c.head.ID, 10)); err != nil {
		return fmt.Errorf("set the ledger's reason: %w", err)
	}
	p := db.DeductStockParams{StoreID: c.head.StoreID}
	for _, line := range demand {
		p.ProductIds = append(p.ProductIds, line.ProductID)
		p.Quantities = append(p.Quantities, int32(line.Quantity))
		stock[stockKey{c.head.StoreID, line.ProductID}] -= line.Quantity
	}
	n, err := q.DeductStock(ctx, p)
	if err == nil && n != int64(len(demand)) {
		err = fmt.Errorf("%d stock lines were locked but %d deducted", len(demand), n)
	}
	if err != nil {
		return fmt.Errorf("deduct stock: %w", err)
	}
	return nil
}

// reprice stores the unit prices of the decision where they have changed since
// the order was saved.
func (c orderCase) reprice(ctx context.Context, q *db.Queries) error {
	p := db.SetUnitPricesParams{OrderID: c.head.ID}
	for i, it := range c.items {
		if it.UnitPrice != c.savedPrices[i] {
			p.Lines = append(p.Lines, int32(i))
			p.Prices = append(p.Prices, it.UnitPrice.String())
		}
	}
	if len(p.Lines) == 0 {
		return nil
	}
	if err := q.SetUnitPrices(ctx, p); err != nil {
		return fmt.Errorf("set unit prices: %w", err)
	}
	return nil
}

// close writes the status and its event.
func (c orderCase) close(ctx context.Context, q *db.Queries, status order.Status, reasons []order.Reason) (order.Order, error) {
	p := db.CloseOrderParams{ID: c.head.ID, Status: string(status)}
	if len(reasons) > 0 {
		text, err := json.Marshal(reasons)
		if err != nil {
			return order.Order{}, fmt.Errorf("write reasons: %w", err)
		}
		p.Reasons = text
	}
	at, err := q.CloseOrder(ctx, p)
	if err != nil {
		return order.Order{}, fmt.Errorf("close: %w", err)
	}
	total, _ := order.Total(c.items)
	return order.Order{ID: c.head.ID, StoreID: c.head.StoreID, Status: status, CreatedAt: c.head.CreatedAt,
		DecidedAt: &at, Items: c.items, Total: total, Reasons: reasons,
		History: []order.Event{{Status: order.Pending, At: c.head.CreatedAt}, {Status: status, At: at}}}, nil
}

// nameElsewhere adds to each reason the nearest other stores that have the
// product.
func (c orderCase) nameElsewhere(ctx context.Context, q *db.Queries, reasons []order.Reason) ([]order.Reason, error) {
	p := db.ListElsewhereParams{StoreID: c.head.StoreID, Latitude: c.head.Latitude, Longitude: c.head.Longitude, Most: order.MaxElsewhere}
	at := map[int64]*order.Reason{}
	for i := range reasons {
		reasons[i].Elsewhere = []order.Elsewhere{}
		if c.active[reasons[i].ProductID] {
			p.ProductIds = append(p.ProductIds, reasons[i].ProductID)
			at[reasons[i].ProductID] = &reasons[i]
		}
	}
	rows, err := q.ListElsewhere(ctx, p)
	if err != nil {
		return nil, fmt.Errorf("list other stores: %w", err)
	}
	here := catalog.Store{Latitude: c.head.Latitude, Longitude: c.head.Longitude}
	for _, r := range rows {
		there := catalog.Store{Latitude: r.Latitude, Longitude: r.Longitude}
		at[r.ProductID].Elsewhere = append(at[r.ProductID].Elsewhere, order.Elsewhere{
			StoreID: r.StoreID, City: r.City, Available: int64(r.Quantity), DistanceKM: math.Round(here.DistanceKM(there)*10) / 10})
	}
	return reasons, nil
}
