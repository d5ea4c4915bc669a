package main

import (
	"time"
)

// The states of an order.
const (
	pending   = "PENDING"
	confirmed = "CONFIRMED"
	rejected  = "REJECTED"
	cancelled = "CANCELLED"
)

// line is one line of an order: product and quantity.
type line [2]int64

// entry is one order as its client knows it.
type entry struct {
	key   string
	store int64
	lines []line
	// async: the client does not wait for the decision.
	async bool

	// What the client was told. id is 0 until the order is acknowledged.
	id     int64
	token  string
	status string
	// page is where the order is found.
	page string
	// took is the time from the first attempt to the acknowledgement.
	took    time.Duration
	retries int
	// cancelAsked: a cancellation was sent. That it was carried out is a status.
	cancelAsked bool
}

// saw notes a state that the API told, and reports whether it may follow the one
// that was told before.
func (e *entry) saw(status string) bool {
	before := e.status
	e.status = status
	switch before {
	case "", pending:
		return status == pending || status == confirmed || status == rejected
	case confirmed:
		return status == confirmed || (status == cancelled && e.cancelAsked)
	}
	return status == before
}

// Kinds of findings that are made while the run goes on.
const (
	foundFailure = "failure" // an answer that is no acknowledgement and no reason to try again
	foundChange  = "change"  // a client was told something else than before
	foundLate    = "late"    // not acknowledged, decided or cancelled in time
)
