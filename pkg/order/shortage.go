package order

import (
	"fmt"

	"aforro/pkg/fault"
)

// Shortage is a fault.Conflict with a reason for each product of which there
// is too little: how a request is refused that is judged as an order is, and
// leaves nothing behind.
type Shortage struct {
	Reasons []Reason
	fault   *fault.Error
}

// NewShortage makes one; items are what was asked for, to name their lines.
func NewShortage(items []Item, reasons []Reason) *Shortage {
	s := &Shortage{Reasons: reasons, fault: fault.New(fault.Conflict, "the store has too little of what is asked for")}
	short := make(map[int64]Reason, len(reasons))
	for _, r := range reasons {
		short[r.ProductID] = r
	}
	for i, it := range items {
		if r, found := short[it.ProductID]; found {
			s.fault = s.fault.With(fault.Field{Location: fmt.Sprintf("body.items[%d].quantity_requested", i), Message: r.words(), Value: it.Quantity})
		}
	}
	return s
}

func (r Reason) words() string {
	if r.Code == NotCarried {
		return fmt.Sprintf("the store does not carry product %d", r.ProductID)
	}
	return fmt.Sprintf("%d are available of product %d, and %d are asked for", r.Available, r.ProductID, r.Requested)
}

// Error gives code and message: for logs.
func (s *Shortage) Error() string { return s.fault.Error() }

// Unwrap gives the fault.Conflict.
func (s *Shortage) Unwrap() error { return s.fault }
