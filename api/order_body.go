package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"aforro/pkg/fault"
	"aforro/pkg/order"
)

// orderBody describes what POST /orders/ takes; readOrder reads it.
type orderBody struct {
	StoreID int64      `json:"store_id" doc:"Where it is bought." example:"2"`
	Items   []itemBody `json:"items" minItems:"1" maxItems:"500" nullable:"false"`
}

type itemBody struct {
	ProductID int64 `json:"product_id" example:"77388652"`
	Requested int64 `json:"quantity_requested,omitempty" minimum:"1" maximum:"2147483647" doc:"Pieces; one product's lines count as their sum." example:"2"`
	Quantity  int64 `json:"quantity,omitempty" minimum:"1" maximum:"2147483647" doc:"What older clients say for quantity_requested."`
}

func (s *Server) describeOrderBody() {
	doc := s.huma.OpenAPI()
	schema := doc.Components.Schemas.Schema(typeOf[orderBody](), true, "")
	doc.Paths["/orders/"].Post.RequestBody = &huma.RequestBody{Required: true,
		Content: map[string]*huma.MediaType{"application/json": {Schema: schema}}}
}

// object is a JSON object whose values have not been read yet.
type object map[string]json.RawMessage

// orderReader reads a body and gathers everything that is wrong with it.
type orderReader struct {
	wrong []fault.Field
	sums  map[int64]int64
}

func (r *orderReader) refuse(location, message string, raw json.RawMessage) {
	f := fault.Field{Location: location, Message: message}
	if len(raw) > 0 && len(raw) <= 100 {
		f.Value = string(raw) // as text: a number may be too large for whoever reads it
	}
	r.wrong = append(r.wrong, f)
}

// readOrder reads the body of an order. Broken JSON is a 400; values that
// cannot be are fault.Invalid, all named at once; an id that no id can be is
// fault.NotFound.
func readOrder(body []byte) (storeID int64, items []order.Item, err error) {
	if !json.Valid(body) {
		return 0, nil, problem(http.StatusBadRequest, "the body is not JSON", ProblemField{Location: "body", Message: "must be JSON"})
	}
	r := orderReader{sums: map[int64]int64{}}
	var whole object
	if json.Unmarshal(body, &whole) != nil || whole == nil {
		r.refuse("body", "must be an object", nil)
		return 0, nil, r.err()
	}
	storeID = r.id("body.store_id", whole["store_id"])
	items = r.items(whole["items"])
	if err := r.err(); err != nil {
		return 0, nil, err
	}
	return storeID, items, missing(storeID, items)
}

func (r *orderReader) items(raw json.RawMessage) []order.Item {
	var lines []json.RawMessage
	switch {
	case json.Unmarshal(raw, &lines) != nil || lines == nil:
		r.refuse("body.items", "must be a list of lines", raw)
	case len(lines) == 0:
		r.refuse("body.items", "must have at least one line", nil)
	case len(lines) > order.MaxLines:
		r.refuse("body.items", fmt.Sprintf("must have at most %d lines, and has %d", order.MaxLines, len(lines)), nil)
		return nil
	}
	items := make([]order.Item, len(lines))
	for i, line := range lines {
		items[i] = r.item(fmt.Sprintf("body.items[%d]", i), line)
	}
	return items
}

func (r *orderReader) item(at string, raw json.RawMessage) order.Item {
	var line object
	if json.Unmarshal(raw, &line) != nil || line == nil {
		r.refuse(at, "must be an object", raw)
		return order.Item{}
	}
	item := order.Item{ProductID: r.id(at+".product_id", line["product_id"]), Quantity: r.quantity(at, line)}
	if item.ProductID > 0 {
		before := r.sums[item.ProductID]
		r.sums[item.ProductID] = before + item.Quantity
		if before <= order.MaxQuantity && before+item.Quantity > order.MaxQuantity {
			r.refuse(at+".quantity_requested", "the product's lines come to more than 2147483647 pieces", nil)
		}
	}
	return item
}

// quantity reads quantity_requested, or quantity as older clients say; given
// both they must be the same.
func (r *orderReader) quantity(at string, line object) int64 {
	raw, other := line["quantity_requested"], line["quantity"]
	if absent(other) {
		return r.pieces(at+".quantity_requested", raw)
	}
	n := r.pieces(at+".quantity", other)
	if !absent(raw) && r.pieces(at+".quantity_requested", raw) != n {
		r.refuse(at+".quantity", "says something else than quantity_requested", other)
	}
	return n
}

func (r *orderReader) pieces(at string, raw json.RawMessage) int64 {
	if !integerLiteral.Match(raw) {
		r.refuse(at, "must be a whole number", raw)
		return 0
	}
	n, err := strconv.ParseInt(string(raw), 10, 64)
	if err != nil || n < 1 || n > order.MaxQuantity {
		r.refuse(at, "must be between 1 and 2147483647", raw)
		return 0
	}
	return n
}

// integerLiteral is a JSON number without fraction or exponent.
var integerLiteral = regexp.MustCompile(`^-?[0-9]+$`)

// id reads an id: -1 for a whole number that no id can be, 0 when it is wrong.
func (r *orderReader) id(at string, raw json.RawMessage) int64 {
	if !integerLiteral.Match(raw) {
		r.refuse(at, "must be a whole number", raw)
		return 0
	}
	if id, err := strconv.ParseInt(string(raw), 10, 64); err == nil && id > 0 {
		return id
	}
	return -1
}

func absent(raw json.RawMessage) bool { return len(raw) == 0 || string(raw) == "null" }

func (r *orderReader) err() error {
	if len(r.wrong) == 0 {
		return nil
	}
	first := r.wrong[0]
	return fault.New(fault.Invalid, "%s %s", first.Location, first.Message).With(r.wrong...)
}

// missing names ids that cannot exist, so that no adapter meets them.
func missing(storeID int64, items []order.Item) error {
	if storeID < 0 {
		return notFound("store", fault.Field{Location: "body.store_id", Message: "there is no such store"})
	}
	for i, it := range items {
		if it.ProductID < 0 {
			return notFound("product", fault.Field{Location: fmt.Sprintf("body.items[%d].product_id", i), Message: "there is no such product"})
		}
	}
	return nil
}
