package notify

import "time"

// State is where a delivery stands.
type State string

// The states of a delivery.
const (
	Due       State = "due"
	Delivered State = "delivered"
	Parked    State = "parked"
)

// Delivery is one message that is to be sent now to one receiver.
type Delivery struct {
	ID int64
	// Lease is until when this process has the delivery for itself; it also
	// tells this taking from any other.
	Lease time.Time
	// Attempts is how many there were before, Age how long the delivery has been
	// waiting since it was queued, or since it was taken out of parking.
	Attempts int
	Age      time.Duration
	// Target is the endpoint, nil for e-mail.
	Target  *Target
	Message Message
	// Broken says why it cannot be sent as it is stored; else empty. Such a one
	// fails alone.
	Broken string
}

// Kind names the way of a delivery, for metrics and logs.
func (d Delivery) Kind() string {
	if d.Target == nil {
		return "mail"
	}
	return "webhook"
}

// Lane is the number of the receiver: the endpoint's id, 0 for e-mail.
func (d Delivery) Lane() int64 {
	if d.Target == nil {
		return 0
	}
	return d.Target.EndpointID
}

// Room is how many deliveries a process takes at once.
type Room struct {
	// Each is for every endpoint that Endpoints does not name.
	Each      int
	Endpoints map[int64]int
	Mail      int
}

// Result is what became of one attempt.
type Result struct {
	Delivered bool
	// Status is what the receiver answered, in the numbers of its protocol; 0
	// without an answer.
	Status int
	// Detail says in a few words why it was not delivered. It holds nothing of
	// an answer's body and no secret.
	Detail string
	// Final: no later attempt can succeed.
	Final bool
}

// Failed is a result without an answer.
func Failed(detail string) Result { return Result{Detail: detail} }

// Refused is a result that no later attempt can better.
func Refused(status int, detail string) Result {
	return Result{Status: status, Detail: detail, Final: true}
}

// Outcome is what is recorded of an attempt.
type Outcome struct {
	DeliveryID int64
	Lease      time.Time
	State      State
	// RetryIn is when the next attempt is due, from now; for Due only.
	RetryIn time.Duration
	// Error is why it was not delivered.
	Error string
}

// Record is a delivery as a list shows it.
type Record struct {
	ID       int64
	OrderID  int64
	Sequence int32
	Type     EventType
	State    State
	Attempts int
	QueuedAt time.Time
	// NextAt is when the next attempt is due, for Due only.
	NextAt      *time.Time
	DeliveredAt *time.Time
	ParkedAt    *time.Time
	LastError   string
}

// Backlog is how the outbox stands.
type Backlog struct {
	Parked int64
	// Overdue is how long the delivery that is due longest has been so.
	Overdue time.Duration
}
