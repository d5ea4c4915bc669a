package postgres

import (
	"cmp"
	"fmt"
	"time"

	"aforro/pkg/audit"
	"aforro/pkg/postgres/db"
)

func stockFinding(r db.AuditStockRow) (int64, audit.Finding) {
	text := fmt.Sprintf("product %d is not in store %d any more, its movements sum to %d", r.ProductID, r.StoreID, r.Moved)
	if r.Quantity != nil {
		text = fmt.Sprintf("product %d in store %d: quantity %d, its movements sum to %d", r.ProductID, r.StoreID, *r.Quantity, r.Moved)
	}
	return r.Found, audit.Finding{Store: r.StoreID, Product: r.ProductID, Text: text}
}

func negativeFinding(r db.AuditNegativeRow) (int64, audit.Finding) {
	return r.Found, audit.Finding{Store: r.StoreID, Product: r.ProductID,
		Text: fmt.Sprintf("product %d in store %d: quantity %d, held %d", r.ProductID, r.StoreID, r.Quantity, r.Held)}
}

func movementsFinding(r db.AuditMovementsRow) (int64, audit.Finding) {
	text := fmt.Sprintf("order %d (%s), product %d in store %d: asked for %d, taken %d by %d movements, given back %d by %d",
		r.OrderID, r.Status, r.ProductID, r.StoreID, r.Pieces, r.Sold, r.Sales, r.Returned, r.Returns)
	return r.Found, audit.Finding{Order: r.OrderID, Store: r.StoreID, Product: r.ProductID, Text: text}
}

func orphanFinding(r db.AuditOrphansRow) (int64, audit.Finding) {
	text := fmt.Sprintf("movement %d: %+d of product %d in store %d, reason %q, is of no order (reference %q)",
		r.ID, r.Delta, r.ProductID, r.StoreID, r.Reason, r.Reference)
	return r.Found, audit.Finding{Movement: r.ID, Store: r.StoreID, Product: r.ProductID, Text: text}
}

func pendingFinding(r db.AuditPendingRow) (int64, audit.Finding) {
	return r.Found, audit.Finding{Order: r.ID, Store: r.StoreID,
		Text: fmt.Sprintf("order %d has been PENDING for %s", r.ID, inSeconds(r.AgeSeconds))}
}

func heldFinding(r db.AuditHeldRow) (int64, audit.Finding) {
	text := fmt.Sprintf("product %d is not in store %d any more, live reservations hold %d", r.ProductID, r.StoreID, r.Reserved)
	if r.Held != nil {
		text = fmt.Sprintf("product %d in store %d: held %d, live reservations hold %d", r.ProductID, r.StoreID, *r.Held, r.Reserved)
	}
	return r.Found, audit.Finding{Store: r.StoreID, Product: r.ProductID, Text: text}
}

func heldBeyondFinding(r db.AuditHeldBeyondRow) (int64, audit.Finding) {
	return r.Found, audit.Finding{Store: r.StoreID, Product: r.ProductID,
		Text: fmt.Sprintf("product %d in store %d: held %d of %d", r.ProductID, r.StoreID, r.Held, r.Quantity)}
}

func reservationFinding(r db.AuditReservationsRow) (int64, audit.Finding) {
	return r.Found, audit.Finding{Reservation: r.ID, Store: r.StoreID,
		Text: fmt.Sprintf("reservation %d is live %s after its end", r.ID, inSeconds(r.LateSeconds))}
}

func totalFinding(r db.AuditTotalsRow) (int64, audit.Finding) {
	return r.Found, audit.Finding{Order: r.ID,
		Text: fmt.Sprintf("order %d: total %s, its lines sum to %s", r.ID, r.Total, r.Amount)}
}

func linesFinding(r db.AuditLinesRow) (int64, audit.Finding) {
	text := fmt.Sprintf("order %d has no lines", r.OrderID)
	if !r.Known {
		text = fmt.Sprintf("there are lines of order %d, which does not exist", r.OrderID)
	}
	return r.Found, audit.Finding{Order: r.OrderID, Text: text}
}

func eventsFinding(r db.AuditEventsRow) (int64, audit.Finding) {
	f := audit.Finding{Order: r.OrderID}
	if r.Status == nil {
		f.Text = fmt.Sprintf("there are events of order %d, which does not exist", r.OrderID)
		return r.Found, f
	}
	decision := cmp.Or(r.Decision, "none")
	if r.Decision != "" && !r.OnTime {
		decision += " at another time"
	}
	f.Text = fmt.Sprintf("order %d is %s; its events say: decision %s, cancellation %s", r.OrderID, *r.Status, decision, cmp.Or(r.Cancellation, "none"))
	if !r.Begun {
		f.Text += ", the first is not the saving"
	}
	if r.Others > 0 {
		f.Text += fmt.Sprintf(", and %d beyond", r.Others)
	}
	return r.Found, f
}

func keyFinding(r db.AuditKeysRow) (int64, audit.Finding) {
	return r.Found, audit.Finding{Order: *r.OrderID, Key: r.Key,
		Text: fmt.Sprintf("a key of %s names order %d, which does not exist", r.Route, *r.OrderID)}
}

func inSeconds(n int64) time.Duration { return time.Duration(n) * time.Second }
