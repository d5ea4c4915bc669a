// Package indexer keeps the search index equal to the database: it follows
// every committed change, reads what the changed products are now, and writes
// whole documents. It also builds an index from nothing, builds a new version
// beside the live one, and compares an index with the database.
//
// The stream says what changed, the database says what it is now. The rules
// that make this exact (docs/decisions/0001-change-capture.md says why):
//
//   - Nothing is read before every transaction of the batch is visible: a commit
//     is streamed before it is visible.
//   - A document's version is the log's flush position, taken after that and
//     before the reading snapshot: never newer than what was read, and never
//     older than a reading that missed one of the batch's changes.
//   - One flusher writes; one product is never in two bulks under way. A build
//     in another process yields on equal versions.
//   - "The index has a newer version" is believed only when that version lies in
//     the log's past and the index belongs to this database's history.
//   - What was read too long ago is read again: the index forgets deletes.
//   - The position is confirmed only when every document of the batch is in, or in
//     quarantine, and nothing from before it waits.
//   - What is urgent goes first: price and availability, then text, then
//     quantities (docs/decisions/0010-urgent-first-and-told-to-all.md).
//
// The package knows neither PostgreSQL's nor Elasticsearch's driver; ports.go
// says what it needs of them.
package indexer
