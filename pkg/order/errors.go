package order

import (
	"errors"
	"fmt"
	"time"

	"aforro/pkg/fault"
)

// OrderError is what went wrong with one order of several.
type OrderError struct {
	ID  int64
	Err error
}

// Error names the order.
func (e *OrderError) Error() string { return fmt.Sprintf("order %d: %v", e.ID, e.Err) }

// Unwrap gives the cause.
func (e *OrderError) Unwrap() error { return e.Err }

// Join is one error for those of several orders; nil for none.
func Join(failed []*OrderError) error {
	errs := make([]error, len(failed))
	for i, e := range failed {
		errs[i] = e
	}
	return errors.Join(errs...)
}

// ErrTooSlow marks the error of a batch that may do in parts.
var ErrTooSlow = errors.New("too many at once for the time there is")

// errIsHeld marks the errors of orders whose stock somebody holds.
var errIsHeld = errors.New("held")

// Held reports whether an order failed since somebody else holds its stock,
// which says nothing about the database.
func Held(err error) bool { return errors.Is(err, errIsHeld) }

// errHeld: a transaction of somebody holds a stock line that the order wants.
func errHeld(id int64) error {
	f := fault.Wrap(errIsHeld, fault.Unavailable, "the stock of order %d is held by somebody", id)
	f.RetryAfter = time.Second
	return f
}
