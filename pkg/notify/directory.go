package notify

import (
	"context"
	"crypto/rand"
	"time"
)

// EndpointStore keeps endpoints. An unknown one is fault.NotFound.
type EndpointStore interface {
	Endpoints(ctx context.Context) ([]Endpoint, error)
	Endpoint(ctx context.Context, id int64) (Endpoint, error)
	// AddEndpoint refuses more than MaxEndpoints as fault.Conflict.
	AddEndpoint(ctx context.Context, url, description string, secret Secret) (Endpoint, error)
	ChangeEndpoint(ctx context.Context, id int64, change Change) (Endpoint, error)
	// RemoveEndpoint also drops its deliveries.
	RemoveEndpoint(ctx context.Context, id int64) error
}

// SecretStore keeps the secrets of endpoints.
type SecretStore interface {
	Target(ctx context.Context, id int64) (Target, error)
	// RotateSecret makes secret the one that signs; the one before signs too
	// for the time of Overlap, whose end is returned.
	RotateSecret(ctx context.Context, id int64, secret Secret) (until time.Time, err error)
}

// DeliveryStore reads deliveries of an endpoint.
type DeliveryStore interface {
	// Deliveries lists those in a state, or in any when it is empty, newest
	// first, with ids below before (0: from the newest).
	Deliveries(ctx context.Context, endpointID int64, state State, before int64, limit int) ([]Record, error)
	// RetryParked makes every parked one due again, and its day begin anew.
	RetryParked(ctx context.Context, endpointID int64) (int64, error)
}

// Sender sends a signed body to an endpoint, within a bounded time.
type Sender interface {
	Send(ctx context.Context, to Target, id string, body []byte) Result
}

// Change is what is changed of an endpoint; nil leaves as it is.
type Change struct {
	URL, Description *string
}

// Directory manages the endpoints.
type Directory struct {
	Store   EndpointStore
	Secrets SecretStore
	Outbox  DeliveryStore
	Sender  Sender
	// AllowPrivate lets http and addresses that are not public pass.
	AllowPrivate bool
}

// AddEndpoint adds a receiver and returns it with its secret, which nothing
// shows again.
func (d *Directory) AddEndpoint(ctx context.Context, url, description string) (Endpoint, Secret, error) {
	if err := d.check(&url, &description); err != nil {
		return Endpoint{}, Secret{}, err
	}
	secret, err := NewSecret()
	if err != nil {
		return Endpoint{}, Secret{}, err
	}
	added, err := d.Store.AddEndpoint(ctx, url, description, secret)
	return added, secret, err
}

// RotateSecret gives an endpoint a new secret. The one before signs too until
// the returned time.
func (d *Directory) RotateSecret(ctx context.Context, id int64) (Secret, time.Time, error) {
	secret, err := NewSecret()
	if err != nil {
		return Secret{}, time.Time{}, err
	}
	until, err := d.Secrets.RotateSecret(ctx, id, secret)
	return secret, until, err
}

// Ping sends a signed ping now and says what came of it.
func (d *Directory) Ping(ctx context.Context, id int64) (Result, error) {
	target, err := d.Secrets.Target(ctx, id)
	if err != nil {
		return Result{}, err
	}
	body, err := pingPayload(id, time.Now())
	if err != nil {
		return Result{}, err
	}
	return d.Sender.Send(ctx, target, "msg_ping_"+rand.Text(), body), nil
}

// Endpoints lists every endpoint by id.
func (d *Directory) Endpoints(ctx context.Context) ([]Endpoint, error) { return d.Store.Endpoints(ctx) }

// Endpoint reads one.
func (d *Directory) Endpoint(ctx context.Context, id int64) (Endpoint, error) {
	return d.Store.Endpoint(ctx, id)
}

// ChangeEndpoint changes an endpoint's URL or description. What is due goes to
// the new URL.
func (d *Directory) ChangeEndpoint(ctx context.Context, id int64, c Change) (Endpoint, error) {
	if err := d.check(c.URL, c.Description); err != nil {
		return Endpoint{}, err
	}
	return d.Store.ChangeEndpoint(ctx, id, c)
}

// RemoveEndpoint removes an endpoint with its deliveries.
func (d *Directory) RemoveEndpoint(ctx context.Context, id int64) error {
	return d.Store.RemoveEndpoint(ctx, id)
}

// check reads what is given of an endpoint.
func (d *Directory) check(url, description *string) error {
	if url != nil {
		if err := CheckURL(*url, d.AllowPrivate); err != nil {
			return err
		}
	}
	if description != nil {
		return checkDescription(*description)
	}
	return nil
}

// Deliveries lists an endpoint's deliveries; fault.NotFound when there is no
// such endpoint.
func (d *Directory) Deliveries(ctx context.Context, id int64, state State, before int64, limit int) ([]Record, error) {
	if _, err := d.Store.Endpoint(ctx, id); err != nil {
		return nil, err
	}
	return d.Outbox.Deliveries(ctx, id, state, before, limit)
}

// RetryParked makes an endpoint's parked deliveries due again and says how many
// those were.
func (d *Directory) RetryParked(ctx context.Context, id int64) (int64, error) {
	if _, err := d.Store.Endpoint(ctx, id); err != nil {
		return 0, err
	}
	return d.Outbox.RetryParked(ctx, id)
}
