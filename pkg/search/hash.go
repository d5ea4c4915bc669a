package search

import "math"

// HashesSummed is of how many hashes a sum is exact: each has 40 bits, and an
// index adds up in floating point, which is exact below 2^53.
const HashesSummed = 4096

// ProductHash is what the documents of one product hold as their hashes.
type ProductHash struct {
	ID               int64
	Hash, TitlesHash int64
}

// Of is the hash of the document in a part.
func (h ProductHash) Of(part Part) int64 {
	if part == Titles {
		return h.TitlesHash
	}
	return h.Hash
}

// ProductSum is consecutive products as the sums of their hashes.
type ProductSum struct {
	Products int64
	// Last is the highest of their ids.
	Last int64
	// Hash and TitlesHash are the sums.
	Hash, TitlesHash int64
}

// Of is the sum in a part.
func (s ProductSum) Of(part Part) int64 {
	return ProductHash{Hash: s.Hash, TitlesHash: s.TitlesHash}.Of(part)
}

// StoredSum is what an index holds within a Span.
type StoredSum struct {
	Docs int64
	// Hash is the sum of their hashes.
	Hash int64
	// Newest is the highest of their versions, 0 when there are none.
	Newest Version
}

// Span is the ids above After up to UpTo.
type Span struct{ After, UpTo int64 }

// Everywhere is all ids, but for the lowest number there is.
var Everywhere = Span{After: math.MinInt64, UpTo: math.MaxInt64}
