package postgres

import (
	"context"
	"fmt"
	"time"

	"aforro/pkg/fault"
	"aforro/pkg/notify"
	"aforro/pkg/postgres/db"
)

// Endpoints lists every webhook endpoint by id.
func (d *DB) Endpoints(ctx context.Context) ([]notify.Endpoint, error) {
	rows, err := d.q.ListEndpoints(ctx)
	if err != nil {
		return nil, translate(err, "list the webhook endpoints")
	}
	list := make([]notify.Endpoint, len(rows))
	for i, r := range rows {
		list[i] = endpoint(r)
	}
	return list, nil
}

// Endpoint reads one endpoint; fault.NotFound when there is none.
func (d *DB) Endpoint(ctx context.Context, id int64) (notify.Endpoint, error) {
	row, err := d.q.GetEndpoint(ctx, id)
	return endpointOr(db.ListEndpointsRow(row), err, id)
}

// AddEndpoint adds one; fault.Conflict when there are as many as there may be.
func (d *DB) AddEndpoint(ctx context.Context, url, description string, secret notify.Secret) (notify.Endpoint, error) {
	row, err := d.q.AddEndpoint(ctx, db.AddEndpointParams{Url: url, Description: description,
		Secret: secret.Reveal(), Most: notify.MaxEndpoints})
	err = translate(err, "add a webhook endpoint")
	if fault.Is(err, fault.NotFound) {
		return notify.Endpoint{}, fault.New(fault.Conflict, "there are %d webhook endpoints, which is the most; remove one first", notify.MaxEndpoints)
	}
	return endpoint(db.ListEndpointsRow(row)), err
}

// ChangeEndpoint changes what is given; fault.NotFound when there is no such endpoint.
func (d *DB) ChangeEndpoint(ctx context.Context, id int64, c notify.Change) (notify.Endpoint, error) {
	row, err := d.q.ChangeEndpoint(ctx, db.ChangeEndpointParams{ID: id, Url: c.URL, Description: c.Description})
	return endpointOr(db.ListEndpointsRow(row), err, id)
}

// endpointOr is the endpoint that was read, or what the error means.
func endpointOr(row db.ListEndpointsRow, err error, id int64) (notify.Endpoint, error) {
	if err != nil {
		return notify.Endpoint{}, unknownEndpoint(translate(err, fmt.Sprintf("read webhook endpoint %d", id)), id)
	}
	return endpoint(row), nil
}

func unknownEndpoint(err error, id int64) error {
	if fault.Is(err, fault.NotFound) {
		return fault.New(fault.NotFound, "there is no webhook endpoint %d", id)
	}
	return err
}

func endpoint(r db.ListEndpointsRow) notify.Endpoint {
	e := notify.Endpoint{ID: r.ID, URL: r.Url, Description: r.Description, CreatedAt: r.CreatedAt}
	if r.PreviousUntil != nil && r.PreviousUntil.After(time.Now()) {
		e.PreviousUntil = r.PreviousUntil
	}
	return e
}

// dropStep is how many deliveries are dropped in one statement.
const dropStep = 5000

// RemoveEndpoint removes an endpoint with its deliveries, those first and in
// steps, since they may be many; fault.NotFound when there is none. When it is
// cut off, calling it again goes on.
func (d *DB) RemoveEndpoint(ctx context.Context, id int64) error {
	doing := fmt.Sprintf("remove webhook endpoint %d", id)
	for {
		n, err := d.q.DropDeliveries(ctx, db.DropDeliveriesParams{EndpointID: id, Most: dropStep})
		if err != nil {
			return translate(err, doing)
		}
		if n < dropStep {
			break
		}
	}
	n, err := d.q.RemoveEndpoint(ctx, id)
	if err == nil && n == 0 {
		return fault.New(fault.NotFound, "there is no webhook endpoint %d", id)
	}
	return translate(err, doing)
}

// RotateSecret makes secret the endpoint's; the one before signs too until the
// returned time.
func (d *DB) RotateSecret(ctx context.Context, id int64, secret notify.Secret) (time.Time, error) {
	until, err := d.q.RotateSecret(ctx, db.RotateSecretParams{ID: id, Secret: secret.Reveal(), OverlapSeconds: notify.Overlap.Seconds()})
	return until, unknownEndpoint(translate(err, fmt.Sprintf("rotate the secret of webhook endpoint %d", id)), id)
}

// Target gives an endpoint with its secrets, to send to.
func (d *DB) Target(ctx context.Context, id int64) (notify.Target, error) {
	row, err := d.q.GetTarget(ctx, id)
	if err != nil {
		return notify.Target{}, unknownEndpoint(translate(err, fmt.Sprintf("read webhook endpoint %d", id)), id)
	}
	return target(row)
}

// target reads the secrets: the present one, and the one before while it signs.
func target(r db.GetTargetRow) (notify.Target, error) {
	t := notify.Target{EndpointID: r.ID, URL: r.Url}
	texts := []string{r.Secret}
	if r.PreviousSigns && r.PreviousSecret != nil {
		texts = append(texts, *r.PreviousSecret)
	}
	for _, text := range texts {
		secret, err := notify.ParseSecret(text)
		if err != nil {
			return t, fmt.Errorf("read a secret of webhook endpoint %d: %w", r.ID, err)
		}
		t.Secrets = append(t.Secrets, secret)
	}
	return t, nil
}
