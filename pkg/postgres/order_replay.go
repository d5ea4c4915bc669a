package postgres

import (
	"context"
	"fmt"

	"aforro/pkg/crash"
	"aforro/pkg/fault"
	"aforro/pkg/order"
)

// replay gives the drafts whose key was used before the identity of the order of
// that use.
func (b *saveBatch) replay() {
	for _, e := range b.earlier {
		saved := &b.saved[e.draft]
		switch {
		case e.err != nil:
			saved.Err = e.err
		case e.orderID == 0:
			// The transaction that took the key was rolled back since, or the key
			// was forgotten at this moment: the caller sends again.
			saved.Err = fault.New(fault.Unavailable, "the Idempotency-Key is being used by another request, try again shortly")
		default:
			saved.Err = b.drafts[e.draft].Request.Matches(e.fingerprint)
		}
		if saved.Err == nil {
			saved.Replayed = true
			saved.Order = order.Order{ID: e.orderID, StoreID: b.drafts[e.draft].StoreID, Status: order.Pending, CreatedAt: e.createdAt}
		}
	}
}

// findUses looks up those uses that committed while the batch's statement ran.
// The batch is saved by now: what fails here concerns those uses alone.
func (d *DB) findUses(ctx context.Context, b *saveBatch) {
	at := map[string][]*earlierUse{}
	var keys []string
	for i := range b.earlier {
		if e := &b.earlier[i]; e.fingerprint == nil {
			key := b.drafts[e.draft].Request.Key
			at[key] = append(at[key], e)
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 {
		return
	}
	rows, err := d.q.ListOrderKeys(ctx, keys)
	for _, uses := range at {
		for _, e := range uses {
			e.err = translate(err, fmt.Sprintf("look up %d keys", len(keys)))
		}
	}
	for _, r := range rows {
		for _, e := range at[r.Key] {
			e.orderID, e.createdAt, e.fingerprint = r.OrderID, r.CreatedAt, r.Fingerprint
		}
	}
}

// Confirm waits until the saved orders are on disk. It returns order.Lost for
// each that is not there any more: a crash of the server undid its saving before
// anybody was told of it.
func (d *DB) Confirm(ctx context.Context, orders []order.Order) ([]error, error) {
	ids := make([]int64, len(orders))
	for i, o := range orders {
		ids[i] = o.ID
	}
	there := make(map[int64]bool, len(orders))
	// The statement is a transaction of its own, and writes: its commit waits for
	// the disk, and what was written before it is on disk with it.
	rows, err := d.q.ConfirmSaved(ctx, ids)
	if err != nil {
		return nil, translate(err, fmt.Sprintf("wait for %d orders to be on disk", len(orders)))
	}
	crash.At(crash.SaveFlushed)
	for _, r := range rows {
		for _, o := range orders {
			there[o.ID] = there[o.ID] || o.Same(r.ID, r.CreatedAt)
		}
	}
	lost := make([]error, len(orders))
	for i, o := range orders {
		if !there[o.ID] {
			lost[i] = order.Lost()
		}
	}
	return lost, nil
}
