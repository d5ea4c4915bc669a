package notify

import (
	"encoding/json"
	"fmt"
	"time"

	"aforro/pkg/order"
)

// EventType says what happened to an order.
type EventType string

// The event types. A ping is sent by hand, to try an endpoint.
const (
	OrderConfirmed EventType = "order.confirmed"
	OrderRejected  EventType = "order.rejected"
	OrderCancelled EventType = "order.cancelled"
	Ping           EventType = "ping"
)

// EventOf is the event of an order that reached the status; empty for a status
// that nobody is told of.
func EventOf(s order.Status) EventType {
	switch s {
	case order.Confirmed:
		return OrderConfirmed
	case order.Rejected:
		return OrderRejected
	case order.Cancelled:
		return OrderCancelled
	}
	return ""
}

// Message tells that an order reached a state.
type Message struct {
	// Order is the order as it was then: its Status is that of the event, and
	// its Reasons are set for a rejection only.
	Order order.Order
	// Sequence is the number of the state in the order's history.
	Sequence int32
	// At is when the order reached the state.
	At time.Time
	// Store and City say where it was ordered, Titles what the products are
	// called, by id: for people.
	Store, City string
	Titles      map[int64]string
	// Email is the customer's address; empty when none was given.
	Email string
}

// ID is the message's identity, the same for each receiver and each attempt.
func (m Message) ID() string { return MessageID(m.Order.ID, m.Sequence) }

// MessageID names the message of one state of an order.
func MessageID(orderID int64, sequence int32) string {
	return fmt.Sprintf("msg_%d_%d", orderID, sequence)
}

// Type is the message's event; empty when its state is one that nobody is told of.
func (m Message) Type() EventType { return EventOf(m.Order.Status) }

// payload is the body of every webhook, as the specification has it.
type payload struct {
	Type      EventType `json:"type"`
	Timestamp string    `json:"timestamp"`
	Data      any       `json:"data"`
}

// orderData is an order as webhooks carry it: the fields of the HTTP API with
// the same names, and never its token or the customer's address.
type orderData struct {
	ID        int64          `json:"id"`
	StoreID   int64          `json:"store_id"`
	Status    order.Status   `json:"status"`
	CreatedAt string         `json:"created_at"`
	Items     []itemData     `json:"items"`
	Total     string         `json:"total"`
	Reasons   []order.Reason `json:"reasons,omitempty"`
}

type itemData struct {
	Product   int64  `json:"product"`
	Quantity  int64  `json:"quantity_requested"`
	UnitPrice string `json:"unit_price"`
}

// timeForm is how times are written everywhere: RFC 3339 in UTC, its offset as
// digits.
const timeForm = "2006-01-02T15:04:05.999999-07:00"

func timeText(t time.Time) string { return t.UTC().Format(timeForm) }

// Payload is the body that webhooks carry: the same bytes on each attempt.
func (m Message) Payload() ([]byte, error) {
	data := orderData{ID: m.Order.ID, StoreID: m.Order.StoreID, Status: m.Order.Status, CreatedAt: timeText(m.Order.CreatedAt),
		Items: make([]itemData, len(m.Order.Items)), Total: m.Order.Total.String(), Reasons: m.Order.Reasons}
	for i, it := range m.Order.Items {
		data.Items[i] = itemData{Product: it.ProductID, Quantity: it.Quantity, UnitPrice: it.UnitPrice.String()}
	}
	body, err := json.Marshal(payload{Type: m.Type(), Timestamp: timeText(m.At), Data: data})
	if err != nil {
		return nil, fmt.Errorf("write the payload of %s: %w", m.ID(), err)
	}
	return body, nil
}

// pingPayload is the body of a ping.
func pingPayload(endpointID int64, at time.Time) ([]byte, error) {
	body, err := json.Marshal(payload{Type: Ping, Timestamp: timeText(at), Data: map[string]int64{"webhook_id": endpointID}})
	if err != nil {
		return nil, fmt.Errorf("write a ping: %w", err)
	}
	return body, nil
}
