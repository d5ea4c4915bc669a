// Package postgres is the adapter for PostgreSQL, the truth: the only importer
// of pgx, pglogrepl and goose. One file a noun; SQL lives in queries/ and is
// turned into Go by sqlc, except for COPY and replication.
//
// Errors leave as fault.Error, matched by SQLSTATE and constraint name, never
// by text.
package postgres
