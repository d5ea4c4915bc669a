package api

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strconv"

	"aforro/pkg/fault"
	"aforro/pkg/order"
)

// object is a JSON object whose values have not been read yet.
type object map[string]json.RawMessage

// bodyReader reads the values of a body and gathers everything that is wrong
// with it. Unknown properties are ignored.
type bodyReader struct {
	wrong []fault.Field
}

func (r *bodyReader) refuse(location, message string, raw json.RawMessage) {
	f := fault.Field{Location: location, Message: message}
	if len(raw) > 0 && len(raw) <= 100 {
		f.Value = string(raw) // as text: a number may be too large for whoever reads it
	}
	r.wrong = append(r.wrong, f)
}

// object reads a whole body. Broken JSON is a 400, another value than an object
// fault.Invalid.
func (r *bodyReader) object(body []byte) (object, error) {
	if !json.Valid(body) {
		return nil, problem(http.StatusBadRequest, "the body is not JSON", ProblemField{Location: "body", Message: "must be JSON"})
	}
	var whole object
	if json.Unmarshal(body, &whole) != nil || whole == nil {
		r.refuse("body", "must be an object", nil)
		return nil, r.err()
	}
	return whole, nil
}

func (r *bodyReader) pieces(at string, raw json.RawMessage) int64 {
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
func (r *bodyReader) id(at string, raw json.RawMessage) int64 {
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

func (r *bodyReader) err() error {
	if len(r.wrong) == 0 {
		return nil
	}
	first := r.wrong[0]
	return fault.New(fault.Invalid, "%s %s", first.Location, first.Message).With(r.wrong...)
}
