package notify_test

import (
	"strings"
	"testing"
	"time"

	"aforro/pkg/notify"
	"aforro/pkg/order"
)

var ordered = time.Date(2026, 11, 22, 16, 26, 32, 280_000_000, time.UTC)

// message is of order 12 of two lines in a state.
func message(status order.Status) notify.Message {
	m := notify.Message{
		Order: order.Order{ID: 12, StoreID: 2, Status: status, CreatedAt: ordered, Total: 179700,
			Items: []order.Item{{ProductID: 7, Quantity: 2, UnitPrice: 74950}, {ProductID: 8, Quantity: 1, UnitPrice: 29800}}},
		Sequence: 2, At: ordered.Add(time.Second), Store: "Camp", City: "Pune",
		Titles: map[int64]string{7: "Canon EOS 7D", 8: "Bag"}, Email: "a@example.com",
	}
	if status == order.Rejected {
		m.Order.Reasons = []order.Reason{
			{ProductID: 7, Code: order.InsufficientStock, Requested: 2, Available: 1, Elsewhere: []order.Elsewhere{
				{StoreID: 7, City: "Mumbai", Available: 9, DistanceKM: 120.4}, {StoreID: 9, City: "Delhi", Available: 3, DistanceKM: 1173}}},
			{ProductID: 8, Code: order.NotCarried, Requested: 1, Elsewhere: []order.Elsewhere{}}}
	}
	return m
}

func TestPayloads(t *testing.T) {
	t.Parallel()
	const items = `"items":[{"product":7,"quantity_requested":2,"unit_price":"749.50"},{"product":8,"quantity_requested":1,"unit_price":"298.00"}],"total":"1797.00"`
	const head = `"timestamp":"2026-11-22T16:26:33.28+00:00","data":{"id":12,"store_id":2,"status":`
	for status, want := range map[order.Status]string{
		order.Confirmed: `{"type":"order.confirmed",` + head + `"CONFIRMED","created_at":"2026-11-22T16:26:32.28+00:00",` + items + `}}`,
		order.Cancelled: `{"type":"order.cancelled",` + head + `"CANCELLED","created_at":"2026-11-22T16:26:32.28+00:00",` + items + `}}`,
		order.Rejected: `{"type":"order.rejected",` + head + `"REJECTED","created_at":"2026-11-22T16:26:32.28+00:00",` + items +
			`,"reasons":[{"product":7,"code":"insufficient_stock","requested":2,"available":1,"elsewhere":[` +
			`{"store_id":7,"city":"Mumbai","available":9,"distance_km":120.4},{"store_id":9,"city":"Delhi","available":3,"distance_km":1173}]},` +
			`{"product":8,"code":"not_carried","requested":1,"available":0,"elsewhere":[]}]}}`,
	} {
		m := message(status)
		got, err := m.Payload()
		if err != nil || string(got) != want {
			t.Errorf("%s: %v\ngot  %s\nwant %s", status, err, got, want)
		}
		if m.ID() != "msg_12_2" {
			t.Errorf("its id is %s", m.ID())
		}
	}
	if e := notify.EventOf(order.Pending); e != "" {
		t.Errorf("PENDING is told of as %s", e)
	}
}

func TestMailsAreUnderstood(t *testing.T) {
	t.Parallel()
	const lines = `You ordered:
  2 x Canon EOS 7D: 749.50 each, 1499.00
  1 x Bag: 298.00

Total: 1797.00

Ordered on 22 November 2026, 16:26 UTC at Camp, Pune.
`
	for status, want := range map[order.Status][2]string{
		order.Confirmed: {"Order 12 is confirmed", "Your order 12 is confirmed. Everything is in stock and set aside for you.\n\n" + lines},
		order.Cancelled: {"Order 12 is cancelled", "Your order 12 is cancelled.\n\n" + lines},
		order.Rejected: {"Order 12 could not be accepted", `We are sorry: your order 12 could not be accepted, because not everything was in stock.

  Canon EOS 7D: you asked for 2, and 1 is left. Other stores have it: Mumbai (9, 120.4 km away), Delhi (3, 1173.0 km away).
  Bag: this store does not sell it.

` + lines},
	} {
		m := message(status).Mail()
		if m.Subject != want[0] || m.Body != want[1] || m.To != "a@example.com" || m.ID != "msg_12_2" {
			t.Errorf("got %+v\nwant %s\n%s", m, want[0], want[1])
		}
	}
}

func TestOddDataStaysInItsLine(t *testing.T) {
	t.Parallel()
	m := message(order.Confirmed)
	m.Titles = map[int64]string{7: "A\r\nBcc: x@evil.test\r\n\r\n.\r\nB\x00\u2028C\xff"}
	m.Store, m.City, m.Email = "", "", "a@example.com\r\nBcc: x@evil.test"
	got := m.Mail()
	if strings.ContainsAny(got.Subject+got.To, "\r\n") || strings.Contains(got.Body, "\r") || strings.Contains(got.Body, "\n.") {
		t.Errorf("got %+v", got)
	}
	for _, want := range []string{"2 x A Bcc: x@evil.test . B C?: 749.50", "1 x product 8: 298.00", " at store 2."} {
		if !strings.Contains(got.Body, want) {
			t.Errorf("%q is not in:\n%s", want, got.Body)
		}
	}
}
