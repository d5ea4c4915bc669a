package order

import "time"

// The kinds of task that a queue carries for orders. A task carries only the
// ids of orders: PostgreSQL says what they are.
const (
	// TaskDecide decides orders. Deciding twice decides once.
	TaskDecide = "order:decide"
	// TaskConfirm tells of what happened to orders, at least once.
	TaskConfirm = "order:confirmation"
)

// Waiting is an order that waits for its decision.
type Waiting struct {
	ID int64
	// Age is how long it has been waiting, by the database's clock.
	Age time.Duration
}
