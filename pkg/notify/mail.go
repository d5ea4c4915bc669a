package notify

import (
	"fmt"
	"strings"
	"unicode"

	"aforro/pkg/order"
)

// Mail is a message to a customer, in plain text.
type Mail struct {
	// ID is the message's: what the Message-ID is made of.
	ID            string
	To            string
	Subject, Body string
}

// opening says what happened, for people: subject and first line.
var opening = map[EventType][2]string{
	OrderConfirmed: {"Order %d is confirmed", "Your order %d is confirmed. Everything is in stock and set aside for you."},
	OrderRejected:  {"Order %d could not be accepted", "We are sorry: your order %d could not be accepted, because not everything was in stock."},
	OrderCancelled: {"Order %d is cancelled", "Your order %d is cancelled."},
}

// Mail is the message as an e-mail to the customer. Whatever is in the data, the
// subject and the address are one line each.
func (m Message) Mail() Mail {
	words := opening[m.Type()]
	var b strings.Builder
	fmt.Fprintf(&b, words[1]+"\n\n", m.Order.ID)
	m.writeReasons(&b)
	m.writeLines(&b)
	fmt.Fprintf(&b, "\nTotal: %s\n", m.Order.Total)
	fmt.Fprintf(&b, "\nOrdered on %s at %s.\n", m.Order.CreatedAt.UTC().Format("2 January 2006, 15:04 UTC"), m.place())
	return Mail{ID: m.ID(), To: oneLine(m.Email), Subject: fmt.Sprintf(words[0], m.Order.ID), Body: b.String()}
}

func (m Message) place() string {
	store, city := oneLine(m.Store), oneLine(m.City)
	if store == "" {
		return fmt.Sprintf("store %d", m.Order.StoreID)
	}
	if city == "" || strings.Contains(store, city) {
		return store
	}
	return store + ", " + city
}

// writeLines lists what was ordered: pieces, title, and the price of one and of all.
func (m Message) writeLines(b *strings.Builder) {
	b.WriteString("You ordered:\n")
	for _, it := range m.Order.Items {
		fmt.Fprintf(b, "  %d x %s: %s\n", it.Quantity, m.title(it.ProductID), lineTotal(it))
	}
}

func lineTotal(it order.Item) string {
	sum, ok := it.UnitPrice.Times(it.Quantity)
	if it.Quantity == 1 || !ok {
		return it.UnitPrice.String()
	}
	return fmt.Sprintf("%s each, %s", it.UnitPrice, sum)
}

// writeReasons says of each product that was short what was asked and left, and
// where else it is.
func (m Message) writeReasons(b *strings.Builder) {
	for _, r := range m.Order.Reasons {
		switch r.Code {
		case order.NotCarried:
			fmt.Fprintf(b, "  %s: this store does not sell it.", m.title(r.ProductID))
		default:
			fmt.Fprintf(b, "  %s: you asked for %d, and %s.", m.title(r.ProductID), r.Requested, left(r.Available))
		}
		for i, e := range r.Elsewhere {
			lead := ","
			if i == 0 {
				lead = " Other stores have it:"
			}
			fmt.Fprintf(b, "%s %s (%d, %.1f km away)", lead, oneLine(e.City), e.Available, e.DistanceKM)
		}
		if len(r.Elsewhere) > 0 {
			b.WriteString(".")
		}
		b.WriteString("\n")
	}
	if len(m.Order.Reasons) > 0 {
		b.WriteString("\n")
	}
}

func left(available int64) string {
	switch available {
	case 0:
		return "none is left"
	case 1:
		return "1 is left"
	}
	return fmt.Sprintf("%d are left", available)
}

func (m Message) title(product int64) string {
	if t := oneLine(m.Titles[product]); t != "" {
		return t
	}
	return fmt.Sprintf("product %d", product)
}

// oneLine makes one line of text that may hold anything.
func oneLine(s string) string {
	s = strings.Map(func(c rune) rune {
		if unicode.IsControl(c) || c == '\u2028' || c == '\u2029' {
			return ' '
		}
		return c
	}, strings.ToValidUTF8(s, "?"))
	return strings.Join(strings.Fields(s), " ")
}
