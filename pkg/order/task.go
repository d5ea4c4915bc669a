package order

import "time"

// The kinds of task that a queue carries for orders. A task carries only the
// order's id: PostgreSQL says what the order is.
const (
	// TaskDecide decides an order. Deciding twice decides once.
	TaskDecide = "order:decide"
	// TaskConfirm tells the customer of a decision, at least once.
	TaskConfirm = "order:confirmation"
)

// Waiting is an order that waits for its decision or for its confirmation.
type Waiting struct {
	ID int64
	// Age is how long it has been waiting, by the database's clock.
	Age time.Duration
}
