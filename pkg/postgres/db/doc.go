// Package db is what sqlc makes of pkg/postgres/queries (sqlc.yaml): one method for
// each query. `make generate` writes it anew.
package db
