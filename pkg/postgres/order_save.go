package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"aforro/pkg/crash"
	"aforro/pkg/fault"
	"aforro/pkg/order"
	"aforro/pkg/postgres/db"
)

// saveQuickly lets a transaction commit without waiting for the disk: nobody is
// told of a saved order before a later flush covers it (the decision's commit, or
// Confirm). Who holds a key is waited for briefly.
const saveQuickly = "set_config('synchronous_commit', 'off', true), set_config('lock_timeout', '2s', true), " + planOnce

// SaveOrders stores new orders as PENDING with the present prices, all in one
// statement, and returns what became of each: fault.Invalid for items that make
// no order (order.Validate), for inactive products and for a total beyond 64 bits
// of minor units; fault.NotFound for an unknown store or product, the fields
// naming them as paths of the request body; fault.Unprocessable for a key that
// was used for another body. A key that was used before gives the earlier order.
//
// The orders are not on disk yet: see Confirm. An error is about all of them:
// nothing is stored, or, when a commit's answer was lost, that is not known.
func (d *DB) SaveOrders(ctx context.Context, drafts []order.Draft) ([]order.Saved, error) {
	saved := make([]order.Saved, len(drafts))
	b := saveBatch{drafts: drafts, saved: saved}
	for i, draft := range drafts {
		if saved[i].Err = order.Validate(draft.Items); saved[i].Err == nil {
			b.add(i, draft)
		}
	}
	if len(b.index) == 0 {
		return saved, nil
	}
	err := d.run(ctx, pipeline{settings: saveQuickly,
		first: func(first *pgx.Batch) {
			crash.At(crash.SaveBegun)
			p := &b.params
			first.Queue(db.SaveOrders, p.StoreIds, p.ReservationIds, p.Emails, p.Keys, p.Fingerprints, p.LineOrders, p.Lines, p.ProductIds, p.Quantities)
		},
		read: func(r pgx.BatchResults) (err error) {
			b.rows, err = rowsOf[db.SaveOrdersRow](r)
			crash.At(crash.SaveWritten)
			return err
		},
	})
	switch {
	case err == nil:
		crash.At(crash.SaveCommitted)
		b.read()
		d.findUses(ctx, &b)
		b.replay()
		return saved, nil
	case len(b.index) == 1 && refusedAlone(err, drafts[b.index[0]]) != nil:
		saved[b.index[0]].Err = refusedAlone(err, drafts[b.index[0]])
		return saved, nil
	}
	return nil, tooSlow(err, translate(err, fmt.Sprintf("save %d orders", len(drafts))))
}

// refusedAlone says what a constraint means for the one order of a batch; nil
// when it is not the order's fault. Of a larger batch it is not known whose
// fault it is: the batch is tried in parts.
func refusedAlone(err error, draft order.Draft) error {
	switch {
	case violates(err, "orders_store_id_fkey"):
		return unknownStore(draft.StoreID)
	case violates(err, "order_items_product_id_fkey"):
		return fault.Wrap(err, fault.NotFound, "a product of the order does not exist")
	case violates(err, "orders_reservation_id_fkey"):
		return fault.Wrap(err, fault.NotFound, "there is no reservation %d", draft.Reservation).With(
			fault.Field{Location: "body.reservation.id", Message: "there is no such reservation", Value: draft.Reservation})
	case violates(err, "orders_total_check"), sqlState(err) == numericOverflow:
		return fault.Wrap(err, fault.Invalid, "the order's total is too large").With(
			fault.Field{Location: "body.items", Message: "comes to more than 92233720368547758.07"})
	}
	return nil
}

// saveBatch is the drafts of one statement and what the statement said of them.
type saveBatch struct {
	drafts []order.Draft
	saved  []order.Saved
	// index gives the draft of each order of the statement.
	index  []int
	params db.SaveOrdersParams
	rows   []db.SaveOrdersRow
	// earlier are the drafts whose key was used before.
	earlier []earlierUse
}

type earlierUse struct {
	draft       int
	orderID     int64
	createdAt   time.Time
	fingerprint []byte
	// err says why it could not be looked up.
	err error
}

func (b *saveBatch) add(i int, d order.Draft) {
	b.index = append(b.index, i)
	p, n := &b.params, int32(len(b.index))
	p.StoreIds = append(p.StoreIds, d.StoreID)
	p.ReservationIds = append(p.ReservationIds, d.Reservation)
	p.Emails = append(p.Emails, d.Email)
	p.Keys = append(p.Keys, d.Request.Key)
	p.Fingerprints = append(p.Fingerprints, d.Request.Fingerprint[:])
	for line, it := range d.Items {
		p.LineOrders = append(p.LineOrders, n)
		p.Lines = append(p.Lines, int32(line))
		p.ProductIds = append(p.ProductIds, it.ProductID)
		p.Quantities = append(p.Quantities, int32(it.Quantity))
	}
}

// read takes each order's rows, which come order by order, line by line.
func (b *saveBatch) read() {
	rows := b.rows
	for _, i := range b.index {
		n := len(b.drafts[i].Items)
		b.readOne(i, rows[:n])
		rows = rows[n:]
	}
}

func (b *saveBatch) readOne(i int, rows []db.SaveOrdersRow) {
	draft, first := b.drafts[i], rows[0]
	switch {
	case first.OrderID != 0:
		b.saved[i].Order = savedOrder(draft, rows)
	case first.EarlierFingerprint != nil:
		b.earlier = append(b.earlier, earlierUse{draft: i, orderID: first.EarlierID, createdAt: first.EarlierAt, fingerprint: first.EarlierFingerprint})
	default:
		if err := refusal(draft, rows); err != nil {
			b.saved[i].Err = err
			return
		}
		// Neither saved nor refused: the key was taken while the statement ran.
		b.earlier = append(b.earlier, earlierUse{draft: i})
	}
}

func savedOrder(draft order.Draft, rows []db.SaveOrdersRow) order.Order {
	o := order.Order{ID: rows[0].OrderID, StoreID: draft.StoreID, Status: order.Pending, CreatedAt: rows[0].CreatedAt, Total: rows[0].Total,
		Items: make([]order.Item, len(rows)), History: []order.Event{{Status: order.Pending, At: rows[0].CreatedAt}}}
	for i, r := range rows {
		o.Items[i] = order.Item{ProductID: draft.Items[i].ProductID, Quantity: draft.Items[i].Quantity, UnitPrice: r.Price}
	}
	return o
}

// refusal says why SaveOrders left an order out; nil when it does not. What does
// not exist goes before what may not be sold.
func refusal(draft order.Draft, rows []db.SaveOrdersRow) error {
	if !rows[0].StoreKnown {
		return unknownStore(draft.StoreID)
	}
	var unknown, inactive []fault.Field
	for i, r := range rows {
		id := draft.Items[i].ProductID
		field := fault.Field{Location: fmt.Sprintf("body.items[%d].product_id", i), Value: id}
		switch {
		case !r.Known:
			field.Message = fmt.Sprintf("there is no product %d", id)
			unknown = append(unknown, field)
		case !r.Active:
			field.Message = fmt.Sprintf("product %d is not sold any more", id)
			inactive = append(inactive, field)
		}
	}
	switch {
	case len(unknown) > 0:
		return fault.New(fault.NotFound, "a product of the order does not exist").With(unknown...)
	case len(inactive) > 0:
		return fault.New(fault.Invalid, "a product of the order is not sold any more").With(inactive...)
	}
	return nil
}

func unknownStore(id int64) error {
	return fault.New(fault.NotFound, "there is no store %d", id).With(fault.Field{
		Location: "body.store_id", Message: fmt.Sprintf("there is no store %d", id), Value: id})
}
