package inventory

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"aforro/pkg/fault"
)

// Limits of one adjustment.
const (
	MaxAdjusted = 500
	// MaxNote is in characters.
	MaxNote = 1000
)

// ReasonManual is recorded for a correction that gives no reason of its own.
const ReasonManual = "manual"

// reserved are the reasons that say something else than a correction by hand:
// who reads the ledger relies on them.
var reserved = map[string]bool{"sql": true, "order": true, "cancel": true, "import": true, "seed": true, "repair": true}

var reasonWord = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,39}$`)

// Adjustment is a correction of a store's stock by hand: all of its lines are
// applied, or none.
type Adjustment struct {
	// Reason is a short word that the ledger keeps ("recount", "damaged").
	Reason string
	// Note is for people; it may be empty.
	Note  string
	Lines []AdjustmentLine
}

// Change is how a line is corrected.
type Change string

// The changes.
const (
	// Set: so many pieces are on the shelf, as a recount says.
	Set Change = "set"
	// Add: so many came, or, below zero, went.
	Add Change = "add"
)

// AdjustmentLine corrects one product's line.
type AdjustmentLine struct {
	ProductID int64
	Change    Change
	Pieces    int64
}

// Apply gives the quantity on hand after the change. It reports false when that
// is less than none or more than a line can hold.
func (l AdjustmentLine) Apply(onHand int64) (int64, bool) {
	after := l.Pieces
	if l.Change == Add {
		after += onHand
	}
	return after, after >= 0 && after <= MaxQuantity
}

// Validate returns a fault.Invalid that names everything in Faults.
func (a Adjustment) Validate() error {
	wrong := a.Faults()
	if len(wrong) == 0 {
		return nil
	}
	return fault.New(fault.Invalid, "%s %s", wrong[0].Location, wrong[0].Message).With(wrong...)
}

// Faults names what is wrong with the adjustment, as paths of a request's body.
func (a Adjustment) Faults() []fault.Field {
	wrong := append(a.reasonFaults(), a.noteFaults()...)
	if len(a.Lines) == 0 || len(a.Lines) > MaxAdjusted {
		return append(wrong, fault.Field{Location: "body.lines",
			Message: fmt.Sprintf("must have 1 to %d lines, and has %d", MaxAdjusted, len(a.Lines))})
	}
	seen := make(map[int64]bool, len(a.Lines))
	for i, l := range a.Lines {
		wrong = append(wrong, l.faults(fmt.Sprintf("body.lines[%d]", i), seen)...)
	}
	return wrong
}

func (a Adjustment) reasonFaults() []fault.Field {
	message := ""
	switch {
	case !reasonWord.MatchString(a.Reason):
		message = "must be a short word: a small letter, then up to 39 of a-z, 0-9, _ and -"
	case reserved[a.Reason]:
		message = "is a word that the ledger keeps for other changes"
	default:
		return nil
	}
	return []fault.Field{{Location: "body.reason", Message: message, Value: a.Reason}}
}

func (a Adjustment) noteFaults() []fault.Field {
	message := ""
	switch {
	case utf8.RuneCountInString(a.Note) > MaxNote:
		message = fmt.Sprintf("must have at most %d characters", MaxNote)
	case !utf8.ValidString(a.Note) || strings.ContainsRune(a.Note, 0):
		message = "must be text without NUL characters"
	default:
		return nil
	}
	return []fault.Field{{Location: "body.note", Message: message}}
}

// faults checks one line; seen are the products of the lines before it. A
// product id below 1 is not known to be wrong here: it names nothing that exists.
func (l AdjustmentLine) faults(at string, seen map[int64]bool) (wrong []fault.Field) {
	if seen[l.ProductID] && l.ProductID > 0 {
		wrong = append(wrong, fault.Field{Location: at + ".product_id", Message: "has a line already", Value: l.ProductID})
	}
	seen[l.ProductID] = true
	switch {
	case l.Change != Set && l.Change != Add:
		wrong = append(wrong, fault.Field{Location: at, Message: "must have either set or add"})
	case l.Change == Set && (l.Pieces < 0 || l.Pieces > MaxQuantity), l.Pieces < -MaxQuantity, l.Pieces > MaxQuantity:
		wrong = append(wrong, fault.Field{Location: at + "." + string(l.Change), Message: l.Change.bounds(), Value: l.Pieces})
	}
	return wrong
}

func (c Change) bounds() string {
	low := 0
	if c == Add {
		low = -MaxQuantity
	}
	return fmt.Sprintf("must be between %d and %d", low, MaxQuantity)
}
