package audit

// rules are what must hold, in words, in the order of a report, and what a
// repair does about it.
var rules = []struct {
	check          Check
	holds, of, fix string
}{
	{Stock, "the movements of a stock line sum to its quantity", "stock lines",
		"the quantity stays, the ledger is balanced; not while a movement of an order on the line is in doubt"},
	{Negative, "no quantity is negative, nor what is held", "stock lines",
		"what is held is counted again; a quantity is only reported"},
	{Movements, "an order's movements are its lines, once", "orders",
		"what the ledger lost is written again when the quantity proves it; the rest is only reported"},
	{Orphans, "movements of orders name an order", "movements", "only reported"},
	{Pending, "no order is PENDING for more than a minute", "orders",
		"it is decided, unless its movements, lines or events are in doubt"},
	{Held, "a stock line holds what live reservations hold", "stock lines",
		"counted again; a line that is gone holds nothing until its reservations end"},
	{Reservations, "no reservation is live a minute after its end", "reservations", "it expires"},
	{Totals, "an order's total is the sum of its lines", "orders",
		"summed again, unless the order's movements are in doubt"},
	{Lines, "orders have lines, and lines have an order", "orders", "only reported"},
	{Events, "an order's events are its states", "orders",
		"a decision that is not told is told again; what contradicts is only reported"},
	{Keys, "idempotency keys name an order that exists", "keys", "only reported"},
	{HeldBeyond, "more is held than is there, after a recount", "stock lines", "nothing is wrong"},
}

// Rule says in words what the check wants to hold, what it looks at, and what a
// repair does about a finding.
func (c Check) Rule() (holds, of, fix string) {
	for _, r := range rules {
		if r.check == c {
			return r.holds, r.of, r.fix
		}
	}
	return string(c), "rows", "nothing is known of it"
}

// Checks are all that a report has results of, in its order; notes are not
// among them.
func Checks() []Check {
	var list []Check
	for _, r := range rules {
		if r.check != HeldBeyond {
			list = append(list, r.check)
		}
	}
	return list
}
