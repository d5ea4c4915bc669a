package api

import (
	"net/http"
	"unicode"
	"unicode/utf8"

	"aforro/pkg/idempotency"
)

// keyed reads an Idempotency-Key for a body on a route. Without the header the
// request is without a key; one that cannot be a key is a 400.
func keyed(route, key string, body []byte) (idempotency.Request, error) {
	bad := func(message string) (idempotency.Request, error) {
		return idempotency.Request{}, problem(http.StatusBadRequest, "Idempotency-Key "+message,
			ProblemField{Location: "header.Idempotency-Key", Message: message})
	}
	if !utf8.ValidString(key) {
		return bad("must be UTF-8")
	}
	if utf8.RuneCountInString(key) > idempotency.MaxKey {
		return bad("must have at most 255 characters")
	}
	for _, c := range key {
		if unicode.IsControl(c) {
			return bad("must not hold control characters")
		}
	}
	return idempotency.New(route, key, body), nil
}
