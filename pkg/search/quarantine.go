package search

import "time"

// Refusal is a document that an index will not take as it is.
type Refusal struct {
	Product int64
	Reason  string
}

// Quarantined is a refused document that waits for its product to change, or to
// be tried again.
type Quarantined struct {
	Index string
	Refusal
	// Refusals is how often it was refused, between First and Last.
	Refusals    int64
	First, Last time.Time
}
