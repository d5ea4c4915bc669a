// Package importer gets data in: it reads files of products (NDJSON) and stock
// (CSV), judges each row, and hands the good ones to a sink in chunks. It knows
// no database and no transport.
//
// # What a run promises
//
//   - Memory is bounded: one line is at most MaxLine bytes, one chunk at most
//     ChunkRows rows and ChunkBytes bytes of text, and two chunks are held.
//   - A bad row never stops a run: it is refused with its line and a reason, in
//     a report (NDJSON: line, reason, row), and the good rows land.
//   - A chunk lands whole or not at all, so a run may be interrupted, and
//     repeated: what is the same already is counted and not written.
//   - A file that breaks off (a cut gzip stream, a disk that fails) lands up to
//     there; the run then fails and names the line.
//   - On several rows about the same thing the last one wins. Within one chunk
//     the earlier ones are counted as Replaced and never written.
//
// # Products
//
// One JSON object a line: id, sku, title, category and price are needed (id:
// see below), description, brand, gtin, image_url, released_on (YYYY-MM-DD),
// attributes (an object) and active may be absent. Unknown keys are ignored. A
// row is the whole product: what it leaves out is emptied, except active, which
// then stays as it is. Products that a file does not name stay as they are; to
// take one out of sale, import it with "active": false.
//
// A product's identity is its id. A row without one means the product with that
// SKU and title if there is exactly one; if there is none it becomes a new
// product, whose id lies above every id of the file, so these rows land last.
//
// # Stock
//
// A header and then one line a store and product: store_id, quantity, and
// product_id or sku, in any order, other columns ignored. The quantity replaces
// what is there. A SKU must belong to one product only.
package importer
