package api

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"aforro/pkg/fault"
	"aforro/pkg/inventory"
)

// adjustmentBody describes what an adjustment takes; readAdjustment reads it.
type adjustmentBody struct {
	Reason string               `json:"reason" pattern:"^[a-z][a-z0-9_-]{0,39}$" doc:"A short word that the ledger keeps; not sql, order, cancel, import or seed." example:"recount"`
	Note   string               `json:"note,omitempty" maxLength:"1000" doc:"For people."`
	Lines  []adjustmentLineBody `json:"lines" minItems:"1" maxItems:"500" nullable:"false" doc:"One a product; all are applied, or none."`
}

type adjustmentLineBody struct {
	ProductID int64 `json:"product_id" example:"77388652"`
	Set       int64 `json:"set,omitempty" minimum:"0" maximum:"2147483647" doc:"So many are on the shelf, held ones included. Either this or add." example:"10"`
	Add       int64 `json:"add,omitempty" minimum:"-2147483647" maximum:"2147483647" doc:"So many came, or, below zero, went." example:"-2"`
}

// lineBody describes what the PATCH of one line takes; readLine reads it.
type lineBody struct {
	Quantity int64  `json:"quantity" minimum:"0" maximum:"2147483647" doc:"So many are on the shelf, held ones included." example:"10"`
	Reason   string `json:"reason,omitempty" pattern:"^[a-z][a-z0-9_-]{0,39}$" doc:"As of an adjustment; manual unless said." example:"manual"`
	Note     string `json:"note,omitempty" maxLength:"1000" doc:"For people."`
}

// describeBody says in the OpenAPI document what the body of an operation is
// that its handler reads by itself.
func describeBody[T any](s *Server, op *huma.Operation) {
	schema := s.huma.OpenAPI().Components.Schemas.Schema(typeOf[T](), true, "")
	op.RequestBody = &huma.RequestBody{Required: true, Content: jsonOf(schema)}
}

// readAdjustment reads the body of an adjustment. Broken JSON is a 400; values
// that cannot be are fault.Invalid, all named at once; an id that no id can be
// is fault.NotFound.
func readAdjustment(body []byte) (inventory.Adjustment, error) {
	var r bodyReader
	whole, err := r.object(body)
	if err != nil {
		return inventory.Adjustment{}, err
	}
	a := inventory.Adjustment{Reason: r.text("body.reason", whole["reason"], ""), Note: r.text("body.note", whole["note"], "")}
	a.Lines = r.lines(whole["lines"])
	r.judge(a.Faults())
	if err := r.err(); err != nil {
		return inventory.Adjustment{}, err
	}
	return a, missingLine(a.Lines)
}

// readLine reads the body of the PATCH of one line: an adjustment of that line.
func readLine(productID int64, body []byte) (inventory.Adjustment, error) {
	var r bodyReader
	whole, err := r.object(body)
	if err != nil {
		return inventory.Adjustment{}, err
	}
	a := inventory.Adjustment{
		Reason: r.text("body.reason", whole["reason"], inventory.ReasonManual), Note: r.text("body.note", whole["note"], ""),
		Lines: []inventory.AdjustmentLine{{ProductID: productID, Change: inventory.Set,
			Pieces: r.whole("body.quantity", whole["quantity"], 0, inventory.MaxQuantity)}},
	}
	r.judge(a.Faults())
	return a, r.err()
}

func (r *bodyReader) lines(raw json.RawMessage) []inventory.AdjustmentLine {
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil || list == nil {
		r.refuse("body.lines", "must be a list of lines", raw)
		return nil
	}
	lines := make([]inventory.AdjustmentLine, len(list))
	for i, line := range list[:min(len(list), inventory.MaxAdjusted)] {
		lines[i] = r.line(fmt.Sprintf("body.lines[%d]", i), line)
	}
	return lines
}

func (r *bodyReader) line(at string, raw json.RawMessage) inventory.AdjustmentLine {
	var line object
	if json.Unmarshal(raw, &line) != nil || line == nil {
		r.refuse(at, "must be an object", raw)
		return inventory.AdjustmentLine{}
	}
	l := inventory.AdjustmentLine{ProductID: r.id(at+".product_id", line["product_id"])}
	set, add := line["set"], line["add"]
	switch {
	case absent(set) == absent(add):
		r.refuse(at, "must have either set or add", nil)
	case absent(add):
		l.Change, l.Pieces = inventory.Set, r.whole(at+".set", set, 0, inventory.MaxQuantity)
	default:
		l.Change, l.Pieces = inventory.Add, r.whole(at+".add", add, -inventory.MaxQuantity, inventory.MaxQuantity)
	}
	return l
}

// text reads a string; absent gives missing.
func (r *bodyReader) text(at string, raw json.RawMessage, missing string) string {
	if absent(raw) {
		return missing
	}
	var s string
	if json.Unmarshal(raw, &s) != nil {
		r.refuse(at, "must be text", raw)
	}
	return s
}

// whole reads a whole number of a range.
func (r *bodyReader) whole(at string, raw json.RawMessage, low, high int64) int64 {
	if !integerLiteral.Match(raw) {
		r.refuse(at, "must be a whole number", raw)
		return 0
	}
	n, err := strconv.ParseInt(string(raw), 10, 64)
	if err != nil || n < low || n > high {
		r.refuse(at, fmt.Sprintf("must be between %d and %d", low, high), raw)
		return 0
	}
	return n
}

// judge adds what is wrong with the values to what could not be read.
func (r *bodyReader) judge(faults []fault.Field) {
	for _, f := range faults {
		if !slices.ContainsFunc(r.wrong, func(known fault.Field) bool { return known.Location == f.Location }) {
			r.wrong = append(r.wrong, f)
		}
	}
}

// missingLine names ids that cannot exist, so that no adapter meets them.
func missingLine(lines []inventory.AdjustmentLine) error {
	for i, l := range lines {
		if l.ProductID < 0 {
			return notFound("product", fault.Field{Location: fmt.Sprintf("body.lines[%d].product_id", i), Message: "there is no such product"})
		}
	}
	return nil
}
