// Package idempotency holds what makes a request safe to repeat: a key that the
// client chose, with what it was used for. Adapters keep it beside what the
// request made, in one transaction.
package idempotency

import (
	"crypto/sha256"
	"time"

	"aforro/pkg/fault"
)

// MaxKey is the longest key, in characters.
const MaxKey = 255

// Kept is how long a key is remembered, at least.
const Kept = 24 * time.Hour

// Request is one use of a key. Its zero value is a request without a key.
type Request struct {
	// Route keeps the keys of different routes apart ("orders").
	Route string
	Key   string
	// Fingerprint is the SHA-256 of the request's body.
	Fingerprint [sha256.Size]byte
}

// New is the use of a key for a body on a route; without a key it is the zero
// value.
func New(route, key string, body []byte) Request {
	if key == "" {
		return Request{}
	}
	return Request{Route: route, Key: key, Fingerprint: sha256.Sum256(body)}
}

// Keyed reports whether the request has a key.
func (r Request) Keyed() bool { return r.Key != "" }

// Matches returns nil when an earlier use of the key had the same body, else
// fault.Unprocessable.
func (r Request) Matches(earlier []byte) error {
	if string(earlier) == string(r.Fingerprint[:]) {
		return nil
	}
	return fault.New(fault.Unprocessable, "this Idempotency-Key was used for another body; take a new key for a new request").With(
		fault.Field{Location: "header.Idempotency-Key", Message: "was used for another body", Value: r.Key})
}
