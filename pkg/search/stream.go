package search

import "time"

// EventKind says what an Event of the change stream is.
type EventKind int

// The kinds. A transaction is Begin, its changes, Commit; it is streamed only
// after it has committed. Idle stands between transactions.
const (
	// Begin opens a committed transaction: Transaction and At are set.
	Begin EventKind = iota
	// ProductChanged: the document of product ID may have changed.
	ProductChanged
	// CategoryChanged: every document of category ID may have changed.
	CategoryChanged
	// EverythingChanged: a table was truncated.
	EverythingChanged
	// Heartbeat: nothing changed, At is when it was sent; what comes of it
	// measures how far behind the index is.
	Heartbeat
	// TargetsChanged: an index began or ceased to be written; what follows in
	// the stream belongs to the new set.
	TargetsChanged
	// Commit closes the transaction: Position and At are set.
	Commit
	// Idle: there is nothing for the index before Position.
	Idle
)

// Event is one message of the change stream.
type Event struct {
	Kind EventKind
	// ID is a product's or a category's.
	ID int64
	// Change says what of the product changed.
	Change Change
	// Transaction is the low 32 bits of the transaction's id.
	Transaction uint32
	// Position is where the stream resumes when everything up to here is done.
	Position Version
	// At is when the transaction committed, by the server's clock.
	At time.Time
}

// Projection is what some products are, read from one snapshot.
type Projection struct {
	// Version was taken before the snapshot.
	Version Version
	// Documents holds the active ones of the products asked for, by id.
	Documents []Document
}

// ChangeStream is every committed change of what documents are made of, in
// commit order, from the position confirmed last.
type ChangeStream interface {
	// Events is closed when the stream ends; Err says why then.
	Events() <-chan Event
	Err() error
	// Confirm says that everything up to position is done.
	Confirm(position Version)
	// Close ends the stream.
	Close()
}

// SlotState is what the database says of the place where a stream is kept.
type SlotState struct {
	// Active: somebody follows it.
	Active bool
	// Confirmed is the position up to which everything was done.
	Confirmed Version
	// Retained is how many bytes of log are kept for it, Lag how many of them are
	// not confirmed.
	Retained, Lag int64
}
