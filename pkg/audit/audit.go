// Package audit names what must hold between orders, stock, the ledger and
// reservations, and carries what an audit found and what a repair did. It looks
// at nothing itself: the database's adapter does.
package audit

import "time"

// Check is one rule that an audit looks after.
type Check string

// The checks.
const (
	Stock        Check = "stock"
	Negative     Check = "negative"
	Movements    Check = "movements"
	Orphans      Check = "orphans"
	Pending      Check = "pending"
	Held         Check = "held"
	Reservations Check = "reservations"
	Totals       Check = "totals"
	Lines        Check = "lines"
	Events       Check = "events"
	Keys         Check = "keys"
	// HeldBeyond is only noted: a recount may find less on the shelf than carts
	// hold, and what can be sold is then nothing.
	HeldBeyond Check = "held-beyond"
)

// Finding is one thing that is off, named by the ids that it concerns.
type Finding struct {
	Order       int64  `json:"order,omitempty"`
	Store       int64  `json:"store,omitempty"`
	Product     int64  `json:"product,omitempty"`
	Reservation int64  `json:"reservation,omitempty"`
	Movement    int64  `json:"movement,omitempty"`
	Key         string `json:"key,omitempty"`
	// Text says what is off, in words.
	Text string `json:"text"`
}

// MostNamed is how many findings of one check a report names; all are counted.
const MostNamed = 20

// Result is what one check came to.
type Result struct {
	Check Check `json:"check"`
	// Holds is the rule in words.
	Holds string `json:"holds"`
	// Checked is how many rows were looked at, of what Of says.
	Checked int64     `json:"checked"`
	Of      string    `json:"of"`
	Found   int64     `json:"found"`
	First   []Finding `json:"first"`
	Seconds float64   `json:"seconds"`
}

// Report is what one audit came to. All of it is of one moment.
type Report struct {
	// At is the moment, by the database's clock.
	At      time.Time `json:"at"`
	Seconds float64   `json:"seconds"`
	Results []Result  `json:"results"`
	// Notes are worth knowing and not wrong.
	Notes []Result `json:"notes"`
}

// Found counts the findings of all checks.
func (r Report) Found() (n int64) {
	for _, c := range r.Results {
		n += c.Found
	}
	return n
}

// Off counts the checks that found something.
func (r Report) Off() (n int) {
	for _, c := range r.Results {
		if c.Found > 0 {
			n++
		}
	}
	return n
}

// Repair is one thing that was put right.
type Repair struct {
	Check Check  `json:"check"`
	Text  string `json:"text"`
}
