// Package demo carries what a first run loads: a real catalogue, stores and
// stock for it, and judged queries. The catalogue is Open Icecat data through
// the Chorus project; see NOTICE.
package demo

import _ "embed"

// Products is the catalogue: gzip-compressed NDJSON in the form that `aforro
// import products` reads.
//
//go:embed products.ndjson.gz
var Products []byte

// Judgments is a CSV file of query, product_id and rating.
//
//go:embed judgments.csv
var Judgments []byte
