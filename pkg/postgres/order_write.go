package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"aforro/pkg/catalog"
	"aforro/pkg/order"
	"aforro/pkg/postgres/db"
)

// write stores all that was decided, in one round trip, and gives the decisions
// their time.
func (b *decideBatch) write(ctx context.Context, tx *pgxpool.Conn) error {
	p := db.SettleOrdersParams{Movements: b.movements(), ReservationIds: b.consumed}
	b.addStock(&p)
	if err := b.addOrders(&p); err != nil {
		return err
	}
	var all pgx.Batch
	all.Queue(db.SettleOrders, p.Movements, p.StockStores, p.StockProducts, p.Taken, p.Freed, p.ReservationIds, p.Ids, p.Statuses, p.Reasons, p.Totals)
	all.Queue(db.QueueConfirmations, p.Ids, sequences(len(p.Ids), decidedSequence))
	b.reprice(&all)
	return together(ctx, tx, &all, func(r pgx.BatchResults) error { return b.written(r, p) })
}

func (b *decideBatch) written(r pgx.BatchResults, p db.SettleOrdersParams) error {
	done, err := rowsOf[db.SettleOrdersRow](r)
	if err != nil {
		return fmt.Errorf("settle: %w", err)
	}
	if int(done[0].StockLines) != len(p.StockStores) || int(done[0].Orders) != len(p.Ids) {
		return fmt.Errorf("settle: %d of %d stock lines and %d of %d orders were there", done[0].StockLines, len(p.StockStores), done[0].Orders, len(p.Ids))
	}
	told, err := r.Exec()
	if err != nil {
		return fmt.Errorf("queue confirmations: %w", err)
	}
	for i := range b.verdicts {
		b.verdicts[i].DecidedAt, b.verdicts[i].Confirm = done[0].At, told.RowsAffected() > 0
	}
	return nil
}

// The places of an order's states in its history; the first, PENDING, is the
// order's own row.
const decidedSequence, cancelledSequence = 2, 3

// sequences says of n orders that they reached the same place.
func sequences(n int, place int32) []int32 { return slices.Repeat([]int32{place}, n) }

// movements is the ledger's part list, in the form that its trigger reads; empty
// when nothing was taken.
func (b *decideBatch) movements() string {
	if len(b.moves) == 0 {
		return ""
	}
	text := []byte{'{'}
	for i, m := range b.moves {
		if i > 0 {
			text = append(text, ',')
		}
		text = append(text, '{')
		for j, n := range m {
			if j > 0 {
				text = append(text, ',')
			}
			text = strconv.AppendInt(text, n, 10)
		}
		text = append(text, '}')
	}
	return string(append(text, '}'))
}

func (b *decideBatch) addStock(p *db.SettleOrdersParams) {
	for k, line := range b.stock {
		if line.taken != 0 || line.freed != 0 {
			p.StockStores = append(p.StockStores, k.store)
			p.StockProducts = append(p.StockProducts, k.product)
			p.Taken = append(p.Taken, int32(line.taken))
			p.Freed = append(p.Freed, int32(line.freed))
		}
	}
}

func (b *decideBatch) addOrders(p *db.SettleOrdersParams) error {
	for _, v := range b.verdicts {
		reasons := ""
		if len(v.Reasons) > 0 {
			text, err := json.Marshal(v.Reasons)
			if err != nil {
				return fmt.Errorf("write reasons: %w", err)
			}
			reasons = string(text)
		}
		p.Ids = append(p.Ids, v.ID)
		p.Statuses = append(p.Statuses, string(v.Status))
		p.Reasons = append(p.Reasons, reasons)
		p.Totals = append(p.Totals, v.Total.String())
	}
	return nil
}

// reprice stores the unit prices of the decision where they have changed since
// the orders were saved.
func (b *decideBatch) reprice(all *pgx.Batch) {
	var p db.SetUnitPricesParams
	for _, c := range b.cases {
		for i, it := range c.items {
			if it.UnitPrice != c.savedPrices[i] {
				p.OrderIds = append(p.OrderIds, c.head.ID)
				p.Lines = append(p.Lines, int32(i))
				p.Prices = append(p.Prices, it.UnitPrice.String())
			}
		}
	}
	if len(p.Lines) > 0 {
		all.Queue(db.SetUnitPrices, p.OrderIds, p.Lines, p.Prices)
	}
}

// nameElsewhere adds to each reason the nearest other stores that have the
// product, unless it is not sold any more.
func (b *decideBatch) nameElsewhere(ctx context.Context, q *db.Queries) error {
	short := map[stockKey][]*order.Reason{}
	for i := range b.verdicts {
		c := &b.cases[i]
		for j := range b.verdicts[i].Reasons {
			r := &b.verdicts[i].Reasons[j]
			r.Elsewhere = []order.Elsewhere{}
			if k := (stockKey{c.head.StoreID, r.ProductID}); j < order.MaxLocated && !c.inactive[r.ProductID] {
				short[k] = append(short[k], r)
			}
		}
	}
	return nameElsewhere(ctx, q, short)
}

// nameElsewhere adds the nearest other stores to the reasons of each line that
// is short. What several miss is asked for once.
func nameElsewhere(ctx context.Context, q *db.Queries, short map[stockKey][]*order.Reason) error {
	if len(short) == 0 {
		return nil
	}
	p := db.ListElsewhereParams{Most: order.MaxElsewhere}
	for k := range short {
		p.StoreIds, p.ProductIds = append(p.StoreIds, k.store), append(p.ProductIds, k.product)
	}
	rows, err := q.ListElsewhere(ctx, p)
	if err != nil {
		return fmt.Errorf("list other stores: %w", err)
	}
	for _, r := range rows {
		for _, reason := range short[stockKey{r.FromID, r.ProductID}] {
			reason.Elsewhere = append(reason.Elsewhere, elsewhere(r))
		}
	}
	return nil
}

func elsewhere(r db.ListElsewhereRow) order.Elsewhere {
	here := catalog.Store{Latitude: r.FromLatitude, Longitude: r.FromLongitude}
	there := catalog.Store{Latitude: r.Latitude, Longitude: r.Longitude}
	return order.Elsewhere{StoreID: r.StoreID, City: r.City, Available: r.Available, DistanceKM: math.Round(here.DistanceKM(there)*10) / 10}
}
