package inventory

// Stock is one line as it stands. The tags are those of an answer that is kept
// for a repeat of its request.
type Stock struct {
	ProductID int64 `json:"product_id"`
	// OnHand is what is on the shelf, held or not.
	OnHand int64 `json:"on_hand"`
	// Held is what reservations hold of it.
	Held int64 `json:"held"`
}

// Available is what can be sold of the line.
func (s Stock) Available() int64 { return Available(s.OnHand, s.Held) }

// Available is what can be sold: on hand minus held, and never less than
// nothing, since a recount may find less on the shelf than is held.
func Available(onHand, held int64) int64 { return max(0, onHand-held) }
