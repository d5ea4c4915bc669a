package search

import "time"

// Progress is what the indexer that follows the changes tells every process of
// the index: at least every 250 ms, also when nothing changes.
type Progress struct {
	// Epoch names one session of one indexer. Sequence counts its messages from
	// 1: after a gap something was not heard.
	Epoch    string
	Sequence int64
	// Visible: searches find every change that was committed up to here.
	Visible Version
	// AsOf is a time up to which that was everything, by the database's clock.
	AsOf time.Time
	// Changed are products of which something that a page shows has changed, or
	// has become visible: what was read of them before this message is out of date.
	Changed []int64
	// Everything: whatever was read before this message is out of date.
	Everything bool
	// Freshness is set now and then.
	Freshness []Freshness
}

// Freshness is how long changes of one kind took lately from their commit to
// being searchable.
type Freshness struct {
	// Kind is price, text, availability, quantity or heartbeat.
	Kind string
	// Changes is how many were measured.
	Changes       int64
	P50, P99, Max time.Duration
}
