package importer

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"aforro/pkg/catalog"
	"aforro/pkg/fault"
	"aforro/pkg/inventory"
)

// StockRow is one line of a stock file: what a store has of a product. The
// product is named by ProductID, or, when that is 0, by SKU.
type StockRow struct {
	Line      int64
	Text      string
	StoreID   int64
	ProductID int64
	SKU       string
	// Quantity is in pieces and replaces what is there.
	Quantity int32
}

func (r StockRow) size() int { return len(r.Text) + len(r.SKU) + 64 }

// StockReader reads stock from CSV.
type StockReader struct {
	lines *lineReader
	// Where the columns are; -1 where the header has none.
	store, product, sku, quantity int
}

// NewStockReader reads from r, which is not compressed. The first row that is
// not blank must be a header.
func NewStockReader(r io.Reader) (*StockReader, error) {
	s := &StockReader{lines: newLineReader(r), store: -1, product: -1, sku: -1, quantity: -1}
	l, err := s.nextLine()
	switch {
	case errors.Is(err, io.EOF):
		return nil, fault.New(fault.Invalid, "the file is empty: its first line must be a header such as store_id,product_id,quantity")
	case err != nil:
		return nil, err
	}
	return s, s.readHeader(l)
}

func (s *StockReader) readHeader(l line) error {
	names, err := splitCSV(l)
	if err != nil {
		return fault.New(fault.Invalid, "line %d: the header cannot be read: %v", l.number, err)
	}
	columns := map[string]*int{"store_id": &s.store, "product_id": &s.product, "sku": &s.sku, "quantity": &s.quantity}
	for i, name := range names {
		at, known := columns[strings.ToLower(strings.TrimSpace(name))]
		if known && *at >= 0 {
			return fault.New(fault.Invalid, "line %d: the header names the column %s twice", l.number, strings.TrimSpace(name))
		}
		if known {
			*at = i
		}
	}
	if s.store < 0 || s.quantity < 0 || s.product < 0 && s.sku < 0 {
		return fault.New(fault.Invalid, "line %d: the header must name store_id, quantity, and product_id or sku, separated by commas", l.number)
	}
	return nil
}

// Next returns the next row, or the refusal of it. Blank lines are passed over.
// At a clean end the error is io.EOF; any other is the stream's.
func (s *StockReader) Next() (StockRow, *Refusal, error) {
	l, err := s.nextLine()
	if err != nil {
		return StockRow{}, nil, err
	}
	row, err := s.parse(l)
	if err != nil {
		return StockRow{}, l.refuse(err), nil
	}
	return row, nil, nil
}

func (s *StockReader) nextLine() (line, error) {
	for {
		l, err := s.lines.next()
		if err != nil {
			return l, brokenAt(l.number, err)
		}
		if l.tooLong || len(bytes.TrimSpace(l.text)) > 0 {
			return l, nil
		}
	}
}

func (s *StockReader) parse(l line) (StockRow, error) {
	fields, err := splitCSV(l)
	if err != nil {
		return StockRow{}, err
	}
	if need := max(s.store, s.product, s.sku, s.quantity) + 1; len(fields) < need {
		return StockRow{}, fmt.Errorf("the line has %d fields, the header needs %d", len(fields), need)
	}
	row := StockRow{Line: l.number, Text: string(l.text)}
	if row.StoreID, err = parseNumber("store_id", fields[s.store], 1, 1<<63-1); err != nil {
		return row, err
	}
	quantity, err := parseNumber("quantity", fields[s.quantity], 0, inventory.MaxQuantity)
	if err != nil {
		return row, err
	}
	row.Quantity = int32(quantity)
	return row, s.parseProduct(fields, &row)
}

func (s *StockReader) parseProduct(fields []string, row *StockRow) (err error) {
	if s.product >= 0 && strings.TrimSpace(fields[s.product]) != "" {
		row.ProductID, err = parseNumber("product_id", fields[s.product], 1, 1<<63-1)
		return err
	}
	if s.sku >= 0 {
		row.SKU = strings.TrimSpace(fields[s.sku])
	}
	switch {
	case row.SKU == "":
		return errors.New("the line names no product")
	case len([]rune(row.SKU)) > catalog.MaxSKU:
		return fmt.Errorf("sku: is longer than %d characters", catalog.MaxSKU)
	case strings.IndexByte(row.SKU, 0) >= 0:
		return errors.New("sku: contains a NUL character")
	}
	return nil
}

func parseNumber(name, text string, least, most int64) (int64, error) {
	text = strings.TrimSpace(text)
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < least || n > most {
		return 0, fmt.Errorf("%s: %q is no whole number from %d to %d", name, clip(text), least, most)
	}
	return n, nil
}

// splitCSV splits one line, so that a stray quote spoils no line but its own.
func splitCSV(l line) ([]string, error) {
	if err := l.check(); err != nil {
		return nil, err
	}
	if bytes.IndexByte(l.text, '"') < 0 {
		return strings.Split(string(l.text), ","), nil
	}
	fields, err := csv.NewReader(bytes.NewReader(l.text)).Read()
	if err != nil {
		return nil, errors.New("the line's quotes do not match")
	}
	return fields, nil
}

// brokenAt says where a stream broke off; io.EOF, the clean end, passes.
func brokenAt(number int64, err error) error {
	if errors.Is(err, io.EOF) {
		return io.EOF
	}
	return fault.Wrap(err, fault.Invalid, "line %d: the file breaks off or is damaged here; everything before it was imported", number)
}
