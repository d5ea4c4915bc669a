package importer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"aforro/pkg/catalog"
)

// MaxID is the largest product id: beyond it, programs that read JSON numbers
// as floats (browsers) lose digits.
const MaxID = 1<<53 - 1

// ProductRow is one row of a file of products. Product.Active is not used: see
// Active.
type ProductRow struct {
	Line int64
	// Text is the line as it was read, for a sink that refuses the row.
	Text string
	// Product.ID is 0 when the row has none.
	Product catalog.Product
	// Active is nil when the row does not say: a new product is active, one that
	// exists stays what it is.
	Active *bool
}

// size is roughly what the row holds in memory.
func (r ProductRow) size() int { return 2*len(r.Text) + 200 }

// ProductReader reads products from NDJSON.
type ProductReader struct{ lines *lineReader }

// NewProductReader reads from r, which is not compressed.
func NewProductReader(r io.Reader) *ProductReader {
	return &ProductReader{lines: newLineReader(r)}
}

// Next returns the next row, or the refusal of it. Blank lines are passed over.
// At a clean end the error is io.EOF; any other is the stream's.
func (p *ProductReader) Next() (ProductRow, *Refusal, error) {
	for {
		l, err := p.lines.next()
		if err != nil {
			return ProductRow{}, nil, brokenAt(l.number, err)
		}
		if len(bytes.TrimSpace(l.text)) == 0 && !l.tooLong {
			continue
		}
		row, err := parseProduct(l)
		if err != nil {
			return ProductRow{}, l.refuse(err), nil
		}
		return row, nil, nil
	}
}

// productJSON is a row as it is written. Numbers stay text, so that a price
// never becomes a float.
type productJSON struct {
	ID          json.RawMessage `json:"id"`
	SKU         string          `json:"sku"`
	Title       string          `json:"title"`
	Description string          `json:"description"`
	Brand       string          `json:"brand"`
	Category    string          `json:"category"`
	Price       json.RawMessage `json:"price"`
	GTIN        string          `json:"gtin"`
	ImageURL    string          `json:"image_url"`
	Attributes  json.RawMessage `json:"attributes"`
	ReleasedOn  string          `json:"released_on"`
	Active      *bool           `json:"active"`
}

func parseProduct(l line) (ProductRow, error) {
	if err := l.check(); err != nil {
		return ProductRow{}, err
	}
	var in productJSON
	if err := json.Unmarshal(l.text, &in); err != nil {
		return ProductRow{}, jsonReason(err)
	}
	row := ProductRow{Line: l.number, Text: string(l.text), Active: in.Active}
	row.Product = catalog.Product{
		SKU: strings.TrimSpace(in.SKU), Title: strings.TrimSpace(in.Title), Description: in.Description,
		Brand: strings.TrimSpace(in.Brand), Category: strings.TrimSpace(in.Category),
		GTIN: in.GTIN, ImageURL: in.ImageURL, Attributes: in.Attributes,
	}
	if err := parseValues(in, &row.Product); err != nil {
		return ProductRow{}, err
	}
	return row, checkTexts(&row.Product)
}

// parseValues reads what is not plain text.
func parseValues(in productJSON, p *catalog.Product) (err error) {
	if p.ID, err = parseID(in.ID); err != nil {
		return err
	}
	if p.Price, err = parsePrice(in.Price); err != nil {
		return err
	}
	if p.Attributes, err = parseAttributes(in.Attributes); err != nil {
		return err
	}
	if in.ReleasedOn != "" {
		day, err := time.Parse(time.DateOnly, in.ReleasedOn)
		if err != nil || day.Year() < 1 {
			return fmt.Errorf("released_on: %q is no date such as 2026-01-31", clip(in.ReleasedOn))
		}
		p.ReleasedOn = &day
	}
	return nil
}

func parseID(raw json.RawMessage) (int64, error) {
	if absent(raw) {
		return 0, nil
	}
	id, err := strconv.ParseInt(string(raw), 10, 64)
	if err != nil || id <= 0 || id > MaxID {
		return 0, fmt.Errorf("id: %s is no whole number from 1 to %d", clip(string(raw)), int64(MaxID))
	}
	return id, nil
}

// parsePrice reads a price from a JSON number or a string, digit by digit.
func parsePrice(raw json.RawMessage) (catalog.Price, error) {
	if absent(raw) {
		return 0, errors.New("price: is missing")
	}
	text := string(raw)
	if raw[0] == '"' {
		if err := json.Unmarshal(raw, &text); err != nil {
			return 0, fmt.Errorf("price: %s is no price", clip(string(raw)))
		}
	}
	price, err := catalog.ParsePrice(text)
	if err != nil {
		return 0, fmt.Errorf("price: %s is no price: it must be a decimal such as 27.95, from 0 to %s, with at most two decimals", clip(text), catalog.MaxPrice)
	}
	return price, nil
}

func absent(raw json.RawMessage) bool { return len(raw) == 0 || string(raw) == "null" }

// jsonReason says in our words what is wrong with a row's JSON.
func jsonReason(err error) error {
	var kind *json.UnmarshalTypeError
	if errors.As(err, &kind) {
		if kind.Field == "" {
			return errors.New("the line is no JSON object")
		}
		want := map[string]string{"string": "a text", "bool": "true or false"}[kind.Type.Kind().String()]
		return fmt.Errorf("%s: must be %s, not a %s", kind.Field, want, kind.Value)
	}
	return errors.New("the line is no valid JSON")
}

// check refuses a line that cannot be read at all.
func (l line) check() error {
	switch {
	case l.tooLong:
		return fmt.Errorf("the line is longer than %d bytes", MaxLine)
	case !utf8.Valid(l.text):
		return errors.New("the line is not valid UTF-8")
	}
	return nil
}

func (l line) refuse(reason error) *Refusal {
	return &Refusal{Line: l.number, Reason: reason.Error(), Row: string(l.text)}
}

// clip shortens a value for a message.
func clip(s string) string {
	const most = 60
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most]) + "…"
}
