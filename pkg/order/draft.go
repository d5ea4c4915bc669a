package order

import (
	"time"

	"aforro/pkg/catalog"
	"aforro/pkg/idempotency"
)

// Draft is an order as it comes in.
type Draft struct {
	StoreID int64
	Items   []Item
	// Reservation is what the order may consume; 0 is none.
	Reservation int64
	// Email is where the confirmation goes; empty is nowhere.
	Email string
	// Request makes a repeat find the order again; it may be without a key.
	Request idempotency.Request
}

// Saved is what became of one draft: an order, or why there is none.
type Saved struct {
	Order Order
	// Replayed: the draft's key was used before, and Order is no more than the
	// identity of the earlier one, which is still to be read.
	Replayed bool
	Err      error
}

// Decision is what was decided of an order. CreatedAt belongs to the order's
// identity: an id whose saving a crash of the database undid may be given again.
type Decision struct {
	ID        int64         `json:"id"`
	CreatedAt time.Time     `json:"created_at"`
	Status    Status        `json:"status"`
	DecidedAt time.Time     `json:"decided_at"`
	Total     catalog.Price `json:"total"`
	Reasons   []Reason      `json:"reasons,omitempty"`
	// Confirm: somebody is to be told of it, or of another of its batch.
	Confirm bool `json:"-"`
}

// maxToldReasons is how many reasons an announcement carries.
const maxToldReasons = 5

// ToAnnounce are those that are announced. One with many reasons is not, so that
// no message grows large: whoever waits for it finds it in the database.
func ToAnnounce(decided []Decision) []Decision {
	told := make([]Decision, 0, len(decided))
	for _, d := range decided {
		if len(d.Reasons) <= maxToldReasons {
			told = append(told, d)
		}
	}
	return told
}

// ToConfirm are the ids of those of which somebody is to be told.
func ToConfirm(decided []Decision) (ids []int64) {
	for _, d := range decided {
		if d.Confirm {
			ids = append(ids, d.ID)
		}
	}
	return ids
}

// Same reports whether the order is the one that was saved with this id at this
// time, and not another that was given the id after a crash.
func (o Order) Same(id int64, createdAt time.Time) bool {
	return o.ID == id && o.CreatedAt.Equal(createdAt)
}

// with is the order after its decision. The prices of the lines stay those of
// the saving; the total is the decision's.
func (o Order) with(d Decision) Order {
	o.Status, o.DecidedAt, o.Total, o.Reasons = d.Status, &d.DecidedAt, d.Total, d.Reasons
	o.History = append(o.History[:len(o.History):len(o.History)], Event{Status: d.Status, At: d.DecidedAt})
	return o
}
