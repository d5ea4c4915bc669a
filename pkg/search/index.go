package search

import (
	"context"
	"encoding/json"
	"time"
)

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
	// Reindex: a reindex made it, and it has not been live yet.
	Reindex bool `json:"reindex,omitempty"`
	// RetiredAt is when another took its place; it is still written for a while.
	RetiredAt time.Time `json:"retired_at,omitzero"`
	// Judged is why it was let take over; nil for a first build.
	Judged *Judgement `json:"judged,omitempty"`
}

// Judgement is the verdict by which a version took over.
type Judgement struct {
	At      time.Time `json:"at"`
	Verdict Verdict   `json:"verdict"`
	// Reason is what was given for accepting a check that failed.
	Reason string `json:"reason,omitempty"`
}

// IndexVersion is one index behind (or beside) the alias.
type IndexVersion struct {
	Name string
	// Current: it was made with the settings and mappings of this program.
	Current bool
	// Live: the alias points to it, searches read it.
	Live bool
	Docs int64
	Meta IndexMeta
}

// Lock keeps others away until Release.
type Lock interface {
	// Held reports nil while it is held for certain.
	Held(ctx context.Context) error
	Release()
}

// StoredDocument is one document as an index holds it.
type StoredDocument struct {
	ID      int64
	Version Version
	// Source is the document's JSON.
	Source json.RawMessage
}
