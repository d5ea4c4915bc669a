package postgres

import (
	"context"
	"errors"
	"math"
	"strconv"

	"aforro/pkg/postgres/db"
)

// everything stands for no limit.
const everything = math.MaxInt32

// findings are all that a repair has to know of, and what follows from it.
type findings struct {
	stock        []db.AuditStockRow
	movements    []db.AuditMovementsRow
	orphans      []db.AuditOrphansRow
	pending      []db.AuditPendingRow
	held         []db.AuditHeldRow
	reservations []db.AuditReservationsRow
	totals       []db.AuditTotalsRow
	lines        []db.AuditLinesRow
	events       []db.AuditEventsRow
}

func (f *findings) read(ctx context.Context, q *db.Queries) error {
	errs := make([]error, 9)
	f.stock, errs[0] = q.AuditStock(ctx, everything)
	f.movements, errs[1] = q.AuditMovements(ctx, everything)
	f.orphans, errs[2] = q.AuditOrphans(ctx, everything)
	f.pending, errs[3] = q.AuditPending(ctx, everything)
	f.held, errs[4] = q.AuditHeld(ctx, everything)
	f.reservations, errs[5] = q.AuditReservations(ctx, everything)
	f.totals, errs[6] = q.AuditTotals(ctx, everything)
	f.lines, errs[7] = q.AuditLines(ctx, everything)
	f.events, errs[8] = q.AuditEvents(ctx, everything)
	return errors.Join(errs...)
}

// doubted are the orders whose movements or lines are not right: nothing else
// of them is derived from these.
func (f *findings) doubted() map[int64]bool {
	ids := map[int64]bool{}
	for _, r := range f.movements {
		ids[r.OrderID] = true
	}
	for _, r := range f.lines {
		ids[r.OrderID] = true
	}
	return ids
}

func (f *findings) wrongTotals() (ids []int64) {
	doubted := f.doubted()
	for _, r := range f.totals {
		if !doubted[r.ID] {
			ids = append(ids, r.ID)
		}
	}
	return ids
}

// untold are the decided orders of whose decision there is no event, and
// nothing that contradicts it.
func (f *findings) untold() (ids []int64) {
	doubted := f.doubted()
	for _, r := range f.events {
		if r.Status != nil && *r.Status != "PENDING" && r.Decision == "" && !doubted[r.OrderID] {
			ids = append(ids, r.OrderID)
		}
	}
	return ids
}

// undecided are the orders that wait for too long and that nothing says to have
// been decided before.
func (f *findings) undecided() (ids []int64) {
	doubted := f.doubted()
	for _, r := range f.events {
		doubted[r.OrderID] = true
	}
	for _, r := range f.pending {
		if !doubted[r.ID] {
			ids = append(ids, r.ID)
		}
	}
	return ids
}

// wrongHeld are the lines to count again; one that is gone has nothing to set.
func (f *findings) wrongHeld() (lines []auditLine) {
	for _, r := range f.held {
		if r.Held != nil {
			lines = append(lines, auditLine{r.StoreID, r.ProductID})
		}
	}
	return lines
}

// auditLine is the key of a stock line.
type auditLine struct{ store, product int64 }

// lostMovement is a movement of an order that the ledger does not have.
type lostMovement struct {
	line   auditLine
	order  int64
	delta  int64
	reason string
}

type lostMovements []lostMovement

// missing is the movement that the finding lacks, when that is all that is
// wrong with it.
func missing(r db.AuditMovementsRow) (lostMovement, bool) {
	m := lostMovement{line: auditLine{r.StoreID, r.ProductID}, order: r.OrderID}
	sold := r.Sales == 1 && r.Sold == r.Pieces
	switch {
	case r.Pieces == 0: // it should have none
	case r.Status == "CONFIRMED" && r.Sales == 0 && r.Returns == 0,
		r.Status == "CANCELLED" && r.Sales == 0 && r.Returns == 1 && r.Returned == r.Pieces:
		m.delta, m.reason = -r.Pieces, "order"
	case r.Status == "CANCELLED" && sold && r.Returns == 0:
		m.delta, m.reason = r.Pieces, "cancel"
	}
	return m, m.delta != 0
}

// lost are the movements that can be proven to be missing in the ledger: on
// their lines nothing else is wrong with movements of orders, and together they
// are what the line's quantity and its ledger differ in.
func (f *findings) lost() (all lostMovements) {
	byLine, sum, doubtful := map[auditLine]lostMovements{}, map[auditLine]int64{}, map[auditLine]bool{}
	for _, r := range f.movements {
		m, ok := missing(r)
		if !ok {
			doubtful[auditLine{r.StoreID, r.ProductID}] = true
			continue
		}
		byLine[m.line] = append(byLine[m.line], m)
		sum[m.line] += m.delta
	}
	for _, r := range f.orphans {
		doubtful[auditLine{r.StoreID, r.ProductID}] = true
	}
	for _, r := range f.stock {
		line := auditLine{r.StoreID, r.ProductID}
		if r.Quantity != nil && !doubtful[line] && sum[line] == int64(*r.Quantity)-r.Moved {
			all = append(all, byLine[line]...)
		}
	}
	return all
}

func (f *findings) lostOrders() (ids []int64) {
	for _, m := range f.lost() {
		ids = append(ids, m.order)
	}
	return ids
}

// unbalanced are the lines whose ledger is to be balanced: those that no
// movement of an order in doubt is about, which might be the reason.
func (f *findings) unbalanced() (lines []auditLine) {
	inDoubt := map[auditLine]bool{}
	for _, r := range f.movements {
		inDoubt[auditLine{r.StoreID, r.ProductID}] = true
	}
	for _, r := range f.orphans {
		inDoubt[auditLine{r.StoreID, r.ProductID}] = true
	}
	for _, r := range f.stock {
		if line := (auditLine{r.StoreID, r.ProductID}); !inDoubt[line] {
			lines = append(lines, line)
		}
	}
	return lines
}

func (all lostMovements) lines() (lines []auditLine) {
	for _, m := range all {
		lines = append(lines, m.line)
	}
	return lines
}

func (all lostMovements) params() (p db.RepairMovementsParams) {
	for _, m := range all {
		p.StoreIds, p.ProductIds = append(p.StoreIds, m.line.store), append(p.ProductIds, m.line.product)
		p.Deltas, p.Reasons = append(p.Deltas, m.delta), append(p.Reasons, m.reason)
		p.Refs = append(p.Refs, strconv.FormatInt(m.order, 10))
	}
	return p
}

// lineColumns are the keys of stock lines as queries take them.
type lineColumns struct{ StoreIds, ProductIds []int64 }

func columns(lines []auditLine) (c lineColumns) {
	for _, l := range lines {
		c.StoreIds, c.ProductIds = append(c.StoreIds, l.store), append(c.ProductIds, l.product)
	}
	return c
}
