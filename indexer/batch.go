package indexer

import (
	"slices"
	"time"

	"aforro/pkg/search"
)

// kind is a sort of change by which freshness is measured.
type kind int

const (
	text kind = iota
	price
	availability
	quantity
	kindCount
	// heartbeat is measured like a change, though nothing changes.
	heartbeat = kindCount
)

var kindNames = [...]string{"text", "price", "availability", "quantity", "heartbeat"}

var changeOfKind = [kindCount]search.Change{search.Text, search.Price, search.Availability, search.Quantity}

// sample is a change whose way to being searchable is measured.
type sample struct {
	kind kind
	at   time.Time
}

// batch is what is written at once.
type batch struct {
	entries      []*entry
	categories   map[int64]struct{}
	transactions map[uint32]struct{}
	// everything: a table was truncated.
	everything bool
	// targets: the set of written indices has changed.
	targets    bool
	heartbeats []sample
	// When the batch is done, everything up to confirm is, and everything that is
	// searched for up to searchable; 0 is unknown. asOf is the time of that.
	confirm, searchable search.Version
	asOf                time.Time
}

// idle: there is nothing to write, only a position to confirm.
func (b *batch) idle() bool {
	return len(b.entries)+len(b.categories)+len(b.transactions) == 0 && !b.everything && !b.targets
}

// urgent: something is in it that is searched for.
func (b *batch) urgent() bool {
	return b.everything || len(b.categories)+len(b.heartbeats) > 0 ||
		slices.ContainsFunc(b.entries, func(e *entry) bool { return e.lane != relaxed })
}

// samples are the changes of the batch, one for each product and kind: the
// first of those that were gathered.
func (b *batch) samples() []sample {
	list := slices.Clone(b.heartbeats)
	for _, e := range b.entries {
		for k, at := range e.first {
			if !at.IsZero() {
				list = append(list, sample{kind: kind(k), at: at})
			}
		}
	}
	return list
}

// ids gives the products of the batch in order, and which of them need their
// suggestions written anew.
func (b *batch) ids() (ids []int64, listing map[int64]bool) {
	listing = map[int64]bool{}
	for _, e := range b.entries {
		ids = append(ids, e.id)
		if e.change&search.Listing != 0 {
			listing[e.id] = true
		}
	}
	slices.Sort(ids)
	return ids, listing
}
