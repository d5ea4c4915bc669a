package search

import (
	"encoding/json"
	"time"
)

// Part is one of the two indices that a version of the index is made of. They
// are made, written, made live and removed together.
type Part string

// The parts. A version has the name of its Products.
const (
	// Products is what searches read: whole documents.
	Products Part = "products"
	// Titles is what suggestions are made of: it changes with a Listing only.
	Titles Part = "titles"
)

// Parts are all of them.
var Parts = [...]Part{Products, Titles}

// IndexMeta is what one index version says of itself; it is kept with the index.
type IndexMeta struct {
	// History is the database that its documents come from.
	History History `json:"history"`
	// Mapping is the hash of the settings and mappings it was made with.
	Mapping   string    `json:"mapping"`
	CreatedAt time.Time `json:"created_at"`
	// BuiltTo is the product id up to which a build that is under way, or was
	// interrupted, is done.
	BuiltTo int64 `json:"built_to,omitempty"`
	// Complete is false until the first build of it has ended.
	Complete bool `json:"complete"`
	// Writer: every change is written to it.
	Writer bool `json:"writer"`
}

// IndexVersion is one version of the index, behind (or beside) the aliases.
type IndexVersion struct {
	Name string
	// Current: it was made with the settings and mappings of this program.
	Current bool
	// Live: the alias points to it, searches read it.
	Live bool
	// Whole: every part is there, and all are live or none is. Another one cannot
	// be written and is to be replaced, such as one of an older program.
	Whole bool
	// Docs is how many documents the part with the fewest holds.
	Docs int64
	Meta IndexMeta
}

// StoredDocument is one document as an index holds it.
type StoredDocument struct {
	ID      int64
	Version Version
	// Source is the document's JSON.
	Source json.RawMessage
}
