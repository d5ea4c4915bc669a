package postgres

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"aforro/pkg/notify"
	"aforro/pkg/order"
	"aforro/pkg/postgres/db"
)

// Deliveries lists deliveries of an endpoint in a state, or in any when it is
// empty, newest first: those with an id below before, or from the newest when
// before is 0.
func (d *DB) Deliveries(ctx context.Context, endpointID int64, in notify.State, before int64, limit int) ([]notify.Record, error) {
	if before <= 0 {
		before = math.MaxInt64
	}
	rows, err := d.listDeliveries(ctx, in, db.ListDueDeliveriesParams{EndpointID: endpointID, BeforeID: before, PageSize: int32(limit)})
	if err != nil {
		return nil, translate(err, fmt.Sprintf("list deliveries of webhook endpoint %d", endpointID))
	}
	list := make([]notify.Record, len(rows))
	for i, r := range rows {
		list[i] = deliveryRecord(r)
	}
	return list, nil
}

func (d *DB) listDeliveries(ctx context.Context, in notify.State, p db.ListDueDeliveriesParams) (list []db.ListDeliveriesRow, err error) {
	switch in {
	case notify.Due:
		rows, err := d.q.ListDueDeliveries(ctx, p)
		for _, r := range rows {
			list = append(list, db.ListDeliveriesRow(r))
		}
		return list, err
	case notify.Parked:
		rows, err := d.q.ListParkedDeliveries(ctx, db.ListParkedDeliveriesParams(p))
		for _, r := range rows {
			list = append(list, db.ListDeliveriesRow(r))
		}
		return list, err
	}
	return d.q.ListDeliveries(ctx, db.ListDeliveriesParams{EndpointID: p.EndpointID, BeforeID: p.BeforeID, PageSize: p.PageSize,
		OnlyDelivered: in == notify.Delivered})
}

func deliveryRecord(r db.ListDeliveriesRow) notify.Record {
	c := r.Confirmation
	record := notify.Record{ID: c.ID, OrderID: c.OrderID, Sequence: c.Sequence, Type: notify.EventOf(order.Status(r.Status)),
		State: notify.Due, Attempts: int(c.Attempts), QueuedAt: c.CreatedAt, NextAt: &c.NextAt,
		DeliveredAt: c.DeliveredAt, ParkedAt: c.ParkedAt, LastError: c.LastError}
	switch {
	case c.DeliveredAt != nil:
		record.State, record.NextAt = notify.Delivered, nil
	case c.ParkedAt != nil:
		record.State, record.NextAt = notify.Parked, nil
	}
	return record
}

// confirmationStep is how many rows one statement parks, retries or looks at.
const confirmationStep = 1000

// RetryParked makes every parked delivery of an endpoint due again, in steps,
// and says how many those were. It goes by id, so that one that is parked again
// meanwhile is not taken twice.
func (d *DB) RetryParked(ctx context.Context, endpointID int64) (all int64, err error) {
	p := db.RetryParkedParams{EndpointID: endpointID, Most: confirmationStep}
	for {
		ids, err := d.q.RetryParked(ctx, p)
		all += int64(len(ids))
		if err != nil || len(ids) < confirmationStep {
			return all, translate(err, fmt.Sprintf("retry what is parked of webhook endpoint %d", endpointID))
		}
		p.AfterID = slices.Max(ids)
	}
}

// ParkOverdue parks what is due of an endpoint and has been waiting for a day,
// with the reason. It is for an endpoint that answers nothing: what has piled up
// would otherwise be tried one by one.
func (d *DB) ParkOverdue(ctx context.Context, endpointID int64, reason string) (all int64, err error) {
	for {
		n, err := d.q.ParkOverdue(ctx, db.ParkOverdueParams{EndpointID: endpointID, Error: reason,
			OlderSeconds: notify.Day.Seconds(), Most: confirmationStep})
		all += n
		if err != nil || n < confirmationStep {
			return all, translate(err, fmt.Sprintf("park what is overdue of webhook endpoint %d", endpointID))
		}
	}
}

// Backlog says how the outbox stands.
func (d *DB) Backlog(ctx context.Context) (notify.Backlog, error) {
	row, err := d.q.GetBacklog(ctx)
	return notify.Backlog{Parked: row.Parked, Overdue: seconds(row.OverdueSeconds)}, translate(err, "read how the outbox stands")
}

// PurgeDeliveries drops what was delivered or parked longer ago than that, in
// steps, and says how many rows those were. Rows are walked in the order in
// which they were queued, up to the first step of which all is young.
func (d *DB) PurgeDeliveries(ctx context.Context, delivered, parked time.Duration) (purged int64, err error) {
	p := db.PurgeConfirmationsParams{DeliveredSeconds: delivered.Seconds(), ParkedSeconds: parked.Seconds(), PageSize: confirmationStep}
	for {
		step, err := d.q.PurgeConfirmations(ctx, p)
		purged += step.Purged
		if err != nil || step.Seen < confirmationStep || step.Young {
			return purged, translate(err, "purge old deliveries")
		}
		p.AfterID = step.LastID
	}
}
