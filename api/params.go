package api

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"github.com/danielgtaylor/huma/v2"

	"aforro/pkg/fault"
)

// integer is a parameter that is a whole number. Parameters are kept as the
// text that was sent: what a bad one means differs from place to place.
type integer string

// Schema describes it to clients.
func (integer) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: "integer", Format: "int64"}
}

// boolean is a parameter that is true or false.
type boolean string

// Schema describes it to clients.
func (boolean) Schema(huma.Registry) *huma.Schema { return &huma.Schema{Type: "boolean"} }

// pathID reads an id from a path: text that is no number, or one beyond 64
// bits, names nothing that exists.
func pathID(raw integer, what string) (int64, error) {
	id, err := strconv.ParseInt(string(raw), 10, 64)
	if err != nil {
		return 0, notFound(what, fault.Field{Location: "path.id", Message: "there is no such " + what, Value: string(raw)})
	}
	return id, nil
}

func notFound(what string, field fault.Field) error {
	return fault.New(fault.NotFound, "there is no such %s", what).With(field)
}

// reader reads query parameters and gathers what is wrong with them.
type reader struct {
	wrong []fault.Field
}

func (r *reader) refuse(name, value, message string) {
	r.wrong = append(r.wrong, fault.Field{Location: "query." + name, Message: message, Value: value})
}

// err is nil, or a fault that names every wrong parameter.
func (r *reader) err() error {
	if len(r.wrong) == 0 {
		return nil
	}
	said := make([]string, len(r.wrong))
	for i, f := range r.wrong {
		said[i] = strings.TrimPrefix(f.Location, "query.") + " " + f.Message
	}
	return fault.New(fault.Invalid, "%s", strings.Join(said, "; ")).With(r.wrong...)
}

// between reads a whole number of a range; empty gives missing.
func (r *reader) between(name string, raw integer, low, high, missing int) int {
	if raw == "" {
		return missing
	}
	n, err := strconv.Atoi(string(raw))
	if err != nil || n < low || n > high {
		r.refuse(name, string(raw), "must be a whole number between "+strconv.Itoa(low)+" and "+strconv.Itoa(high))
		return missing
	}
	return n
}

var wholeNumber = regexp.MustCompile(`^-?[0-9]+$`)

// id reads an id; empty gives 0. A number that no id can be gives -1: it is
// well formed, and names nothing that exists.
func (r *reader) id(name string, raw integer) int64 {
	if raw == "" {
		return 0
	}
	if !wholeNumber.MatchString(string(raw)) {
		r.refuse(name, string(raw), "must be a whole number")
		return 0
	}
	if id, err := strconv.ParseInt(string(raw), 10, 64); err == nil && id > 0 {
		return id
	}
	return -1
}

// flag reads true or false in any case, or 1 or 0; empty gives false.
func (r *reader) flag(name string, raw boolean) bool {
	switch strings.ToLower(string(raw)) {
	case "true", "1":
		return true
	case "", "false", "0":
		return false
	}
	r.refuse(name, string(raw), "must be true or false")
	return false
}

// clean trims text and takes control characters, NUL among them, for spaces:
// nothing that is searched holds any.
func clean(s string) string {
	return strings.TrimSpace(strings.Map(func(c rune) rune {
		if unicode.IsControl(c) {
			return ' '
		}
		return c
	}, s))
}

// wantsFresh reports whether the caller declines a cached answer.
func wantsFresh(cacheControl string) bool {
	for directive := range strings.SplitSeq(strings.ToLower(cacheControl), ",") {
		switch strings.TrimSpace(directive) {
		case "no-cache", "no-store", "max-age=0":
			return true
		}
	}
	return false
}

// nextLink is a Link header to the page after this one.
func nextLink(target string) string { return "<" + target + `>; rel="next"` }

// named gives a bare fault.NotFound of an adapter the name of what the path asks for.
func named(err error, what, id string) error {
	if fault.Is(err, fault.NotFound) {
		return notFound(what, fault.Field{Location: "path.id", Message: "there is no such " + what, Value: id})
	}
	return err
}
