package postgres

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"aforro/pkg/notify"
	"aforro/pkg/order"
	"aforro/pkg/postgres/db"
)

// TakeDeliveries takes what is due, as far as there is room, for the time of the
// lease: what is not recorded by then is due again. Nobody else gets the same
// meanwhile, nor a later message of the same order for the same receiver.
func (d *DB) TakeDeliveries(ctx context.Context, room notify.Room, lease time.Duration) ([]notify.Delivery, error) {
	var taken []notify.Delivery
	err := d.inTx(ctx, func(_ pgx.Tx, q *db.Queries) (err error) {
		taken, err = take(ctx, q, room, lease)
		return err
	})
	return taken, translate(err, "take due deliveries")
}

func take(ctx context.Context, q *db.Queries, room notify.Room, lease time.Duration) ([]notify.Delivery, error) {
	if err := q.RelaxCommit(ctx); err != nil {
		return nil, err
	}
	taken, err := takeWebhooks(ctx, q, room, lease)
	if err != nil {
		return nil, fmt.Errorf("take webhooks: %w", err)
	}
	if room.Mail > 0 {
		mails, err := q.TakeMails(ctx, db.TakeMailsParams{Room: int32(room.Mail), LeaseSeconds: lease.Seconds()})
		if err != nil {
			return nil, fmt.Errorf("take e-mails: %w", err)
		}
		for _, r := range mails {
			taken = append(taken, delivery(r))
		}
	}
	return taken, fill(ctx, q, taken)
}

func takeWebhooks(ctx context.Context, q *db.Queries, room notify.Room, lease time.Duration) ([]notify.Delivery, error) {
	p := db.TakeWebhooksParams{LeaseSeconds: lease.Seconds(), Each: int32(room.Each)}
	for id, n := range room.Endpoints {
		p.EndpointIds, p.Rooms = append(p.EndpointIds, id), append(p.Rooms, int32(n))
	}
	rows, err := q.TakeWebhooks(ctx, p)
	if err != nil {
		return nil, err
	}
	taken := make([]notify.Delivery, len(rows))
	for i, r := range rows {
		to, err := target(db.GetTargetRow{ID: r.EndpointID, Url: r.Url, Secret: r.Secret, PreviousSecret: r.PreviousSecret, PreviousSigns: r.PreviousSigns})
		taken[i] = delivery(db.TakeMailsRow{ID: r.ID, OrderID: r.OrderID, Sequence: r.Sequence, Attempts: r.Attempts, Lease: r.Lease, AgeSeconds: r.AgeSeconds})
		taken[i].Target = &to
		if err != nil {
			taken[i].Broken = err.Error()
		}
	}
	return taken, nil
}

// delivery is one without its receiver and its message's content.
func delivery(r db.TakeMailsRow) notify.Delivery {
	return notify.Delivery{ID: r.ID, Lease: r.Lease, Attempts: int(r.Attempts), Age: seconds(r.AgeSeconds),
		Message: notify.Message{Order: order.Order{ID: r.OrderID}, Sequence: r.Sequence}}
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// state names one state of an order.
type state struct {
	order    int64
	sequence int32
}

// fill reads the content of the deliveries' messages, each message once, and
// puts the deliveries in the order in which they were queued.
func fill(ctx context.Context, q *db.Queries, taken []notify.Delivery) error {
	if len(taken) == 0 {
		return nil
	}
	slices.SortFunc(taken, func(a, b notify.Delivery) int { return cmp.Compare(a.ID, b.ID) })
	var p db.ReadMessagesParams
	messages := map[state]*notify.Message{}
	for _, t := range taken {
		at := state{t.Message.Order.ID, t.Message.Sequence}
		if messages[at] == nil {
			messages[at] = &notify.Message{Order: t.Message.Order, Sequence: t.Message.Sequence, Titles: map[int64]string{}}
			p.OrderIds, p.Sequences = append(p.OrderIds, at.order), append(p.Sequences, at.sequence)
		}
	}
	rows, err := q.ReadMessages(ctx, p)
	if err != nil {
		return fmt.Errorf("read the messages: %w", err)
	}
	broken := map[state]string{}
	for _, r := range rows {
		at := state{r.OrderID, r.Sequence}
		if err := addLine(messages[at], r); err != nil {
			broken[at] = err.Error()
		}
	}
	for i, t := range taken {
		at := state{t.Message.Order.ID, t.Message.Sequence}
		taken[i].Message, taken[i].Broken = *messages[at], cmp.Or(t.Broken, broken[at])
	}
	return nil
}

// addLine adds a row of ReadMessages to its message.
func addLine(m *notify.Message, r db.ReadMessagesRow) error {
	o := &m.Order
	if len(o.Items) == 0 {
		o.StoreID, o.Status, o.CreatedAt = r.StoreID, order.Status(r.Status), r.CreatedAt
		m.At, m.Store, m.City = r.At, r.Store, r.City
		if r.Email != nil {
			m.Email = *r.Email
		}
		if o.Status == order.Rejected && len(r.Reasons) > 0 {
			if err := json.Unmarshal(r.Reasons, &o.Reasons); err != nil {
				return fmt.Errorf("read the reasons of order %d: %w", r.OrderID, err)
			}
		}
	}
	o.Items = append(o.Items, order.Item{ProductID: r.ProductID, Quantity: int64(r.QuantityRequested), UnitPrice: r.UnitPrice})
	o.Total, _ = order.Total(o.Items)
	m.Titles[r.ProductID] = r.Title
	return nil
}

// RecordDeliveries records what became of attempts, all at once. A failure of a
// delivery that somebody else has taken since is not recorded.
func (d *DB) RecordDeliveries(ctx context.Context, outcomes []notify.Outcome) error {
	var delivered []int64
	var failed db.RecordFailedParams
	for _, o := range outcomes {
		if o.State == notify.Delivered {
			delivered = append(delivered, o.DeliveryID)
			continue
		}
		failed.Ids, failed.Leases = append(failed.Ids, o.DeliveryID), append(failed.Leases, o.Lease)
		failed.Parked = append(failed.Parked, o.State == notify.Parked)
		failed.RetrySeconds, failed.Errors = append(failed.RetrySeconds, o.RetryIn.Seconds()), append(failed.Errors, o.Error)
	}
	err := d.inTx(ctx, func(_ pgx.Tx, q *db.Queries) error { return record(ctx, q, delivered, failed) })
	return translate(err, "record deliveries")
}

func record(ctx context.Context, q *db.Queries, delivered []int64, failed db.RecordFailedParams) error {
	if err := q.RelaxCommit(ctx); err != nil {
		return err
	}
	if len(delivered) > 0 {
		if err := q.RecordDelivered(ctx, delivered); err != nil {
			return fmt.Errorf("the delivered: %w", err)
		}
	}
	if len(failed.Ids) > 0 {
		if err := q.RecordFailed(ctx, failed); err != nil {
			return fmt.Errorf("the failed: %w", err)
		}
	}
	return nil
}
