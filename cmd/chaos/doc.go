// Command chaos proves that no order is lost, doubled or changed, whatever dies.
//
// It starts PostgreSQL, Redis and Elasticsearch of its own, durable, puts
// toxiproxy before them, and runs two APIs, two workers and an indexer as
// processes. While clients place orders on a skewed catalogue, with
// Idempotency-Keys and retries, it kills, empties, delays and cuts off one or
// two of them at a time, drawn from a seed. Then everything is healed, and what
// clients were told is held against what PostgreSQL has.
//
// The same seed gives the same faults at the same times and the same orders; how
// they meet is up to the machine. Exit code 1 when anything is off.
package main
