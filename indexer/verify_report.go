package indexer

import (
	"cmp"
	"slices"

	"aforro/pkg/search"
)

// mostNamed bounds how many documents a Report names; the rest is counted.
const mostNamed = 1_000_000

// Kind says how a document is wrong.
type Kind string

// The kinds.
const (
	// Missing: a product without its document.
	Missing Kind = "missing"
	// Extra: a document without its product.
	Extra Kind = "extra"
	// Different: a document that is not what the product makes of it, or whose
	// version this database never had.
	Different Kind = "different"
	// Stray: a document under a name that no product has.
	Stray Kind = "stray"
)

// Kinds are all of them.
var Kinds = [...]Kind{Missing, Extra, Different, Stray}

// Difference is one document that is not right.
type Difference struct {
	Kind Kind        `json:"kind"`
	Part search.Part `json:"part"`
	// ID is the product's; 0 for a Stray, which has a Name.
	ID   int64  `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
}

// Report is what a comparison of an index with the database found.
type Report struct {
	Index string `json:"index"`
	// Method is "quick" or "full".
	Method string `json:"method"`
	// Compared counts products.
	Compared int64 `json:"compared"`
	// Counts is how many documents are wrong, by kind.
	Counts map[Kind]int64 `json:"counts"`
	// Changing counts documents that were written anew at every look, so that no
	// judgement was possible, nor needed: whatever was wrong is overwritten.
	Changing int64 `json:"changing"`
	// Named holds the differences, up to a million.
	Named []Difference `json:"differences"`
}

// Differences counts the documents that are not right.
func (r Report) Differences() int64 {
	sum := int64(0)
	for _, n := range r.Counts {
		sum += n
	}
	return sum
}

// outside counts the differences but for those of some products.
func (r Report) outside(products map[int64]bool) int64 {
	n := r.Differences()
	for _, d := range r.Named {
		if d.Kind != Stray && products[d.ID] {
			n--
		}
	}
	return n
}

// IDs lists the products whose document differs so, in any part, by id.
func (r Report) IDs(kinds ...Kind) []int64 {
	var ids []int64
	for _, d := range r.Named {
		if d.Kind != Stray && slices.Contains(kinds, d.Kind) {
			ids = append(ids, d.ID)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// names lists the strays of a part.
func (r Report) names(part search.Part) []string {
	var names []string
	for _, d := range r.Named {
		if d.Kind == Stray && d.Part == part {
			names = append(names, d.Name)
		}
	}
	return names
}

func (r *Report) add(d Difference) {
	if r.Counts == nil {
		r.Counts = map[Kind]int64{}
	}
	r.Counts[d.Kind]++
	if len(r.Named) < mostNamed {
		r.Named = append(r.Named, d)
	}
}

// sort puts the differences in order: by kind, part and id.
func (r *Report) sort() {
	slices.SortFunc(r.Named, func(a, b Difference) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Part, b.Part), cmp.Compare(a.ID, b.ID), cmp.Compare(a.Name, b.Name))
	})
}
