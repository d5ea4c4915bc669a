package inventory

import (
	"fmt"
	"time"

	"aforro/pkg/fault"
)

// How long a reservation may hold stock.
const (
	MinHold     = time.Second
	MaxHold     = time.Hour
	DefaultHold = 10 * time.Minute
)

// ReservationStatus is where a reservation stands. It ends once: an ACTIVE one
// holds stock, the others hold none.
type ReservationStatus string

// The states of a reservation.
const (
	Active   ReservationStatus = "ACTIVE"
	Consumed ReservationStatus = "CONSUMED"
	Released ReservationStatus = "RELEASED"
	Expired  ReservationStatus = "EXPIRED"
)

// Reservation holds stock of one store for a cart until it is consumed by an
// order, given back, or its time is over. The tags are those of an answer that
// is kept for a repeat of its request.
type Reservation struct {
	ID        int64     `json:"id"`
	StoreID   int64     `json:"store_id"`
	ExpiresAt time.Time `json:"expires_at"`
	// Items are as they were asked for, line by line.
	Items []HeldItem `json:"items"`
}

// HeldItem is one line of a reservation.
type HeldItem struct {
	ProductID int64 `json:"product_id"`
	Quantity  int64 `json:"quantity"`
}

// CheckHold returns fault.Invalid for a time that a reservation cannot have.
func CheckHold(hold time.Duration) error {
	if hold >= MinHold && hold <= MaxHold {
		return nil
	}
	message := fmt.Sprintf("must be between %.0f and %.0f", MinHold.Seconds(), MaxHold.Seconds())
	return fault.New(fault.Invalid, "seconds %s", message).With(
		fault.Field{Location: "body.seconds", Message: message, Value: hold.Seconds()})
}
