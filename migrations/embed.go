// Package migrations carries the SQL that builds the schema, in the order of
// the file names, for goose. Every step has a way back.
package migrations

import "embed"

// FS holds the migration files.
//
//go:embed *.sql
var FS embed.FS
