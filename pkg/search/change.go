package search

// Version is a document's version: a position in PostgreSQL's write-ahead log
// (an LSN) that is not beyond what the document was read from. Of two writes of
// one product the one with the higher version wins.
type Version int64

// Change says what of a product changed; several may have.
type Change uint8

const (
	// Text: what is searched for by words, and all that has no sort of its own.
	Text Change = 1 << iota
	// Price: what it costs.
	Price
	// Availability: a store began or ceased to have it in stock, or to carry it.
	Availability
	// Quantity: how much a store has, without a change of availability.
	Quantity
	// Listing: what suggestions are made of: title, brand, category, attributes (for
	// the type), and which stores carry it.
	Listing
)

// Anything is every Change: what is not known in detail.
const Anything = Text | Price | Availability | Quantity | Listing

// Write is one document to store, or one to remove (Document nil).
type Write struct {
	ID       int64
	Version  Version
	Document *Document
	// Yield: what the index holds stays when it has this very version. A build
	// beside the stream yields, so that a tie goes to the stream's later reading.
	Yield bool
	// Listing: what suggestions are made of (Titles) is written as well. Otherwise
	// it did not change. What is removed is always removed from both parts.
	Listing bool
}

// Outcome is what became of one Write: of two documents the worse.
type Outcome int

// The outcomes. Only Stored, Late and Refused are final.
const (
	// Stored: the index holds it now.
	Stored Outcome = iota
	// Late: the index holds a version as new or newer.
	Late
	// Retry: the index was too busy or away for it; the same write may succeed.
	Retry
	// Refused: the index will never take this document as it is.
	Refused
	// Foreign: the index holds a version from another history of the database.
	Foreign
)

// WriteResult is the outcome of one Write, with the engine's reason when Refused.
type WriteResult struct {
	ID      int64
	Outcome Outcome
	Reason  string
	// Stored is the version the index already held, when Late or Foreign: the
	// higher one of two documents.
	Stored Version
}

// History names one unbroken line of a database's life. Versions of different
// histories cannot be compared.
type History struct {
	SystemID string `json:"system_id"`
	Timeline int32  `json:"timeline"`
	Database string `json:"database"`
}
