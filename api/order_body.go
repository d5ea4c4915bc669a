package api

import (
	"encoding/json"
	"fmt"
	"net/mail"
	"strings"
	"unicode"

	"github.com/danielgtaylor/huma/v2"

	"aforro/pkg/auth"
	"aforro/pkg/fault"
	"aforro/pkg/order"
)

// orderBody describes what POST /orders/ takes; readOrder reads it.
type orderBody struct {
	StoreID     int64      `json:"store_id" doc:"Where it is bought." example:"2"`
	Items       []itemBody `json:"items" minItems:"1" maxItems:"500" nullable:"false"`
	Reservation *heldBody  `json:"reservation,omitempty" doc:"Stock held for this cart: the order may use it, and uses it up when it is CONFIRMED."`
	Email       string     `json:"email,omitempty" format:"email" maxLength:"254" doc:"Where the confirmation goes."`
}

type heldBody struct {
	ID    int64  `json:"id" example:"17"`
	Token string `json:"token" doc:"What POST /reservations/ answered with."`
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

// orderReader reads the body of an order.
type orderReader struct {
	bodyReader
	sums map[int64]int64
}

// readOrder reads the body of an order. Broken JSON is a 400; values that
// cannot be are fault.Invalid, all named at once; an id that no id can be is
// fault.NotFound.
func (s *Server) readOrder(body []byte) (order.Draft, error) {
	r := orderReader{sums: map[int64]int64{}}
	whole, err := r.object(body)
	if err != nil {
		return order.Draft{}, err
	}
	draft := order.Draft{StoreID: r.id("body.store_id", whole["store_id"]), Items: r.items(whole["items"]),
		Reservation: r.reservation(whole["reservation"], s.o.Tokens), Email: r.email(whole["email"])}
	if err := r.err(); err != nil {
		return order.Draft{}, err
	}
	return draft, missing(draft.StoreID, draft.Items)
}

// reservation reads the reservation that the order may consume, which its token
// opens; 0 is none.
func (r *orderReader) reservation(raw json.RawMessage, tokens auth.Tokens) int64 {
	if absent(raw) {
		return 0
	}
	var whole object
	if json.Unmarshal(raw, &whole) != nil || whole == nil {
		r.refuse("body.reservation", "must be an object with id and token", nil)
		return 0
	}
	id := r.id("body.reservation.id", whole["id"])
	var token string
	if json.Unmarshal(whole["token"], &token) != nil || !tokens.Check(token, reservationScope, id) {
		r.refuse("body.reservation.token", "is not this reservation's token", nil)
	}
	return id
}

// email reads a bare address; empty is none.
func (r *orderReader) email(raw json.RawMessage) string {
	if absent(raw) {
		return ""
	}
	var text string
	if json.Unmarshal(raw, &text) != nil {
		r.refuse("body.email", "must be text", raw)
		return ""
	}
	at, err := mail.ParseAddress(text)
	if err != nil || at.Name != "" || at.Address != text || len(text) > maxEmail || strings.ContainsFunc(text, unicode.IsControl) {
		r.refuse("body.email", "must be an e-mail address of at most 254 bytes, such as someone@example.com", raw)
		return ""
	}
	return text
}

// maxEmail is the longest address that mail can be sent to (RFC 5321, 4.5.3.1.3).
const maxEmail = 254

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
