package api

import (
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// timestamp is written as RFC 3339 in UTC with its offset as digits, "+00:00",
// as the clients of the replaced system read it.
type timestamp time.Time

const timestampForm = "2006-01-02T15:04:05.999999-07:00"

// MarshalJSON writes it.
func (t timestamp) MarshalJSON() ([]byte, error) {
	return []byte(`"` + time.Time(t).UTC().Format(timestampForm) + `"`), nil
}

// Schema describes it to clients.
func (timestamp) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: "string", Format: "date-time", Examples: []any{"2026-11-22T16:26:32.28+00:00"}}
}
