package postgres

import (
	"context"
	"fmt"
	"math"

	"aforro/pkg/fault"
	"aforro/pkg/idempotency"
	"aforro/pkg/inventory"
	"aforro/pkg/postgres/db"
)

// Adjust corrects a store's stock by hand, in one transaction: all lines or
// none. A product that the store does not carry yet gets a line. The ledger
// records the adjustment's reason, and its id as reference. It returns the
// lines as they are then, in the order asked; replayed when the key was used
// before, and nothing was done.
//
// fault.Invalid for what is no adjustment (inventory.Adjustment.Validate),
// fault.NotFound for an unknown store or product, fault.Conflict when a line
// would have less than no pieces or more than fit; the fields name them.
func (d *DB) Adjust(ctx context.Context, storeID int64, a inventory.Adjustment, r idempotency.Request) ([]inventory.Stock, bool, error) {
	if err := a.Validate(); err != nil {
		return nil, false, err
	}
	lines, replayed, err := once(ctx, d, r, func(q *db.Queries) ([]inventory.Stock, error) {
		return adjust(ctx, q, storeID, a)
	})
	switch {
	case violates(err, "inventory_store_id_fkey"):
		return nil, false, adjusted(storeID, a).noStore()
	case violates(err, "inventory_product_id_fkey"):
		return nil, false, fault.Wrap(err, fault.NotFound, "a product of the adjustment does not exist")
	}
	return lines, replayed, translate(err, fmt.Sprintf("adjust the stock of store %d", storeID))
}

// adjusted is what an adjustment names.
func adjusted(storeID int64, a inventory.Adjustment) asked {
	is := asked{storeID: storeID, products: make([]int64, len(a.Lines)), storeAt: "path.id",
		productAt: func(i int) string { return fmt.Sprintf("body.lines[%d].product_id", i) }}
	for i, l := range a.Lines {
		is.products[i] = l.ProductID
	}
	return is
}

func adjust(ctx context.Context, q *db.Queries, storeID int64, a inventory.Adjustment) ([]inventory.Stock, error) {
	is := adjusted(storeID, a)
	if err := knownStore(ctx, q, is, false); err != nil {
		return nil, err
	}
	if err := q.LockOrMakeLines(ctx, db.LockOrMakeLinesParams{StoreID: storeID, ProductIds: is.products}); err != nil {
		return nil, fmt.Errorf("lock stock lines: %w", err)
	}
	rows, err := q.ListLines(ctx, db.ListLinesParams{StoreID: storeID, ProductIds: is.products})
	if err != nil {
		return nil, fmt.Errorf("read stock lines: %w", err)
	}
	before := make(map[int64]db.ListLinesRow, len(rows))
	for _, r := range rows {
		before[r.ProductID] = r
	}
	after, err := applied(a, before)
	if err != nil {
		return nil, err
	}
	return after, setLines(ctx, q, storeID, a, before, after)
}

// applied gives the lines after the adjustment, in the order asked.
func applied(a inventory.Adjustment, before map[int64]db.ListLinesRow) ([]inventory.Stock, error) {
	after := make([]inventory.Stock, len(a.Lines))
	var wrong []fault.Field
	for i, l := range a.Lines {
		was := before[l.ProductID]
		onHand, ok := l.Apply(int64(was.Quantity))
		if !ok {
			wrong = append(wrong, fault.Field{Location: fmt.Sprintf("body.lines[%d].%s", i, l.Change), Value: l.Pieces,
				Message: fmt.Sprintf("product %d has %d pieces on hand, and would have %d; 0 to %d can be", l.ProductID, was.Quantity, onHand, inventory.MaxQuantity)})
		}
		after[i] = inventory.Stock{ProductID: l.ProductID, OnHand: onHand, Held: int64(was.Held)}
	}
	if len(wrong) > 0 {
		return nil, fault.New(fault.Conflict, "a line would have less than no pieces, or more than fit; nothing was changed").With(wrong...)
	}
	return after, nil
}

// setLines writes the lines that change. The adjustment is recorded also when
// none does: a recount that finds what was expected is worth knowing.
func setLines(ctx context.Context, q *db.Queries, storeID int64, a inventory.Adjustment, before map[int64]db.ListLinesRow, after []inventory.Stock) error {
	p := db.SetLinesParams{StoreID: storeID}
	for _, s := range after {
		if s.OnHand != int64(before[s.ProductID].Quantity) {
			p.ProductIds, p.Quantities = append(p.ProductIds, s.ProductID), append(p.Quantities, int32(s.OnHand))
		}
	}
	if _, err := q.OpenAdjustment(ctx, db.OpenAdjustmentParams{StoreID: storeID, Reason: a.Reason, Note: a.Note}); err != nil {
		return fmt.Errorf("record the adjustment: %w", err)
	}
	n, err := q.SetLines(ctx, p)
	if err == nil && n != int64(len(p.ProductIds)) {
		err = fmt.Errorf("%d stock lines were locked but %d set", len(p.ProductIds), n)
	}
	if err != nil {
		return fmt.Errorf("set stock lines: %w", err)
	}
	return nil
}

// Movements returns up to limit entries of a line's ledger, newest first: those
// with an id below beforeID, or from the newest when beforeID is 0.
// fault.NotFound for a store or product that does not exist and has no entries.
func (d *DB) Movements(ctx context.Context, storeID, productID, beforeID int64, limit int) ([]inventory.Movement, error) {
	if beforeID <= 0 {
		beforeID = math.MaxInt64
	}
	rows, err := d.q.ListMovements(ctx, db.ListMovementsParams{StoreID: storeID, ProductID: productID, BeforeID: beforeID, PageSize: int32(limit)})
	if err != nil {
		return nil, translate(err, fmt.Sprintf("list the movements of product %d in store %d", productID, storeID))
	}
	if len(rows) == 0 {
		return []inventory.Movement{}, d.needLine(ctx, storeID, productID)
	}
	list := make([]inventory.Movement, len(rows))
	for i, r := range rows {
		list[i] = inventory.Movement{ID: r.ID, StoreID: storeID, ProductID: productID, At: r.At, Delta: r.Delta,
			Reason: r.Reason, Reference: r.Reference}
	}
	return list, nil
}
