package worker

import (
	"context"
	"time"

	"aforro/pkg/idempotency"
)

// Holds is what the expirer needs of the database.
type Holds interface {
	// ExpireReservations gives back what reservations hold whose time is over,
	// limit of them in one transaction, and says how many those were.
	ExpireReservations(ctx context.Context, limit int) (int, error)
	// ForgetKeys deletes up to limit idempotency keys that are at least so old.
	ForgetKeys(ctx context.Context, olderThan time.Duration, limit int) (int, error)
}

const (
	// expirePage is how many reservations are ended in one transaction.
	expirePage = 500
	// forgetPage is how many keys are deleted in one statement.
	forgetPage = 5000
)

// expirer ends what has a time: reservations, and the memory of idempotency
// keys. It asks the database alone, so that stock comes back in time whatever
// becomes of the queue. Any number of workers may do the same at once.
type expirer struct {
	holds   Holds
	metrics *metrics
	expire  *chore
	forget  *chore
}

func newExpirer(o Options, m *metrics) *expirer {
	return &expirer{holds: o.Holds, metrics: m,
		expire: &chore{name: "return expired reservations", every: o.ExpireEvery, log: o.Log},
		forget: &chore{name: "forget old idempotency keys", every: o.ForgetEvery, log: o.Log}}
}

// expireAll runs until ctx ends.
func (e *expirer) expireAll(ctx context.Context) {
	e.expire.run(ctx, func(ctx context.Context) (more bool, err error) {
		n, err := e.holds.ExpireReservations(ctx, expirePage)
		e.metrics.expired.Add(float64(n))
		return false, err
	})
}

// forgetAll runs until ctx ends.
func (e *expirer) forgetAll(ctx context.Context) {
	e.forget.run(ctx, func(ctx context.Context) (more bool, err error) {
		n, err := e.holds.ForgetKeys(ctx, idempotency.Kept, forgetPage)
		e.metrics.forgotten.Add(float64(n))
		return n == forgetPage, err
	})
}
