package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"aforro/pkg/catalog"
	"aforro/pkg/importer"
)

// ImportProducts lends feed a sink for products, alone among all imports.
func (d *DB) ImportProducts(ctx context.Context, feed func(importer.ProductSink) error) error {
	return d.withImport(ctx, productStaging, func(conn *pgx.Conn) error {
		return feed(&productSink{conn: conn, held: importer.ChunkRows})
	})
}

// productSink writes chunks of products through import_products. Rows without
// an id wait in import_held until the file has been read, since only then is it
// known which ids the file itself uses.
type productSink struct {
	conn *pgx.Conn
	// held is how many rows the next FinishProducts takes.
	held int
}

// WriteProducts is importer.ProductSink's.
func (s *productSink) WriteProducts(ctx context.Context, rows []importer.ProductRow) (importer.Outcome, error) {
	return landRows(ctx, s.conn, rows, writeProducts, func(r importer.ProductRow) importer.Refusal {
		return refusedByDatabase(r.Line, r.Text)
	})
}

func writeProducts(ctx context.Context, tx pgx.Tx, rows []importer.ProductRow) (o importer.Outcome, err error) {
	known, unknown, highest, replaced := splitProducts(rows)
	if err := copyProducts(ctx, tx, "import_held", unknown); err != nil {
		return o, err
	}
	if len(known) == 0 {
		return o, nil
	}
	if err := copyProducts(ctx, tx, "import_products", known); err != nil {
		return o, err
	}
	if err := raiseSequence(ctx, tx, "products", highest); err != nil {
		return o, err
	}
	o, err = mergeProducts(ctx, tx)
	o.Replaced += replaced
	return o, err
}

// splitProducts parts the rows that have an id, the last of each, from those
// that have none.
func splitProducts(rows []importer.ProductRow) (known, unknown []importer.ProductRow, highest, replaced int64) {
	at := make(map[int64]int, len(rows))
	for _, r := range rows {
		id := r.Product.ID
		if id == 0 {
			unknown = append(unknown, r)
			continue
		}
		highest = max(highest, id)
		if i, twice := at[id]; twice {
			known[i] = r
			replaced++
			continue
		}
		at[id] = len(known)
		known = append(known, r)
	}
	return known, unknown, highest, replaced
}

var productColumns = []string{"line", "row", "id", "sku", "title", "description", "brand", "category",
	"cents", "gtin", "image_url", "attributes", "released_on", "active"}

// copyProducts sends the price in cents: exact, and cheap to encode.
func copyProducts(ctx context.Context, tx pgx.Tx, table string, rows []importer.ProductRow) error {
	if len(rows) == 0 {
		return nil
	}
	_, err := tx.CopyFrom(ctx, pgx.Identifier{table}, productColumns, pgx.CopyFromSlice(len(rows), func(i int) ([]any, error) {
		r, p := &rows[i], &rows[i].Product
		var row *string
		if p.ID == 0 {
			row = &r.Text
		}
		return []any{r.Line, row, orNull(p.ID), p.SKU, p.Title, p.Description, p.Brand, p.Category,
			int64(p.Price), orNull(p.GTIN), orNull(p.ImageURL), attributesOf(p), p.ReleasedOn, r.Active}, nil
	}))
	return err
}

func attributesOf(p *catalog.Product) []byte {
	if len(p.Attributes) == 0 {
		return []byte("{}")
	}
	return p.Attributes
}

// orNull is nil for the zero value.
func orNull[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

// mergeProducts brings import_products into the catalogue.
func mergeProducts(ctx context.Context, tx pgx.Tx) (o importer.Outcome, err error) {
	if _, err := tx.Exec(ctx, addCategories); err != nil {
		return o, err
	}
	err = tx.QueryRow(ctx, upsertProducts).Scan(&o.New, &o.Changed, &o.Same)
	return o, err
}

// FinishProducts is importer.ProductSink's. When the server refuses the data it
// takes fewer rows the next time, until the guilty one stands alone.
func (s *productSink) FinishProducts(ctx context.Context) (importer.Outcome, bool, error) {
	taken := int64(0)
	o, err := inImportTx(ctx, s.conn, func(tx pgx.Tx) (o importer.Outcome, err error) {
		tag, err := tx.Exec(ctx, takeHeld, s.held)
		taken = tag.RowsAffected()
		if err != nil || taken == 0 {
			return o, err
		}
		return writeHeld(ctx, tx)
	})
	switch {
	case badData(err) && s.held == 1:
		return s.refuseHeld(ctx)
	case badData(err):
		s.held = (s.held + 1) / 2
		return importer.Outcome{}, true, nil
	case err != nil:
		return o, false, translate(err, "import products without an id")
	}
	s.held = importer.ChunkRows
	return o, taken > 0, nil
}

// refuseHeld drops the first row that is held back.
func (s *productSink) refuseHeld(ctx context.Context) (o importer.Outcome, more bool, err error) {
	var r importer.Refusal
	if err := s.conn.QueryRow(ctx, dropHeld).Scan(&r.Line, &r.Row); err != nil {
		return o, false, translate(err, "refuse a product without an id")
	}
	s.held = importer.ChunkRows
	o.Refused = append(o.Refused, refusedByDatabase(r.Line, r.Row))
	return o, true, nil
}

// writeHeld finds or gives the ids of the rows in import_products, which have
// none, and writes them.
func writeHeld(ctx context.Context, tx pgx.Tx) (o importer.Outcome, err error) {
	tag, err := tx.Exec(ctx, dropReplaced)
	if err != nil {
		return o, err
	}
	refused, err := refuseAmbiguous(ctx, tx)
	if err != nil {
		return o, err
	}
	if _, err := tx.Exec(ctx, findIDs); err != nil {
		return o, err
	}
	if _, err := tx.Exec(ctx, giveIDs); err != nil {
		return o, err
	}
	o, err = mergeProducts(ctx, tx)
	o.Replaced, o.Refused = tag.RowsAffected(), refused
	return o, err
}

func refuseAmbiguous(ctx context.Context, tx pgx.Tx) ([]importer.Refusal, error) {
	rows, err := tx.Query(ctx, dropAmbiguous)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (importer.Refusal, error) {
		r := importer.Refusal{Reason: "the row has no id and several products have its SKU and title"}
		return r, row.Scan(&r.Line, &r.Row)
	})
}
