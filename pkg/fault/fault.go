// Package fault is the one error type that crosses layers: a code that says
// what the caller can do about it, a message that a person may read, and the
// cause, which is for logs only.
//
// Adapters translate their driver's errors into it once; api holds the one
// table from code to HTTP status. A driver's text never becomes a Message.
package fault

import (
	"errors"
	"fmt"
	"time"
)

// Code says what a caller can do about an error.
type Code string

// The codes. Anything without a code is Internal.
const (
	// Invalid: the request can never succeed as it is.
	Invalid Code = "invalid"
	// Unprocessable: the request is well formed and contradicts an earlier one
	// (an idempotency key with another body).
	Unprocessable Code = "unprocessable"
	// NotFound: something named by the request does not exist.
	NotFound Code = "not_found"
	// Conflict: the request does not fit the present state.
	Conflict Code = "conflict"
	// Gone: it existed and has ended (an expired cursor).
	Gone Code = "gone"
	// Unavailable: a dependency is down; the same request may succeed later.
	Unavailable Code = "unavailable"
	// Internal: a fault of ours.
	Internal Code = "internal"
)

// Field names one part of a request that is wrong.
type Field struct {
	// Location is a path such as "body.items[0].product_id" or "query.page".
	Location string
	// Message says what is wrong with it and what would be right.
	Message string
	// Value is what was sent, or nil.
	Value any
}

// Error is the one error type that crosses layers.
type Error struct {
	Code    Code
	Message string
	Fields  []Field
	// RetryAfter is how long to wait before trying again; zero when unknown.
	RetryAfter time.Duration
	cause      error
}

// New returns an error with a code and a message that is safe to show.
func New(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Wrap is New with the cause kept for logs.
func Wrap(cause error, code Code, format string, args ...any) *Error {
	e := New(code, format, args...)
	e.cause = cause
	return e
}

// With returns e with fields added.
func (e *Error) With(fields ...Field) *Error {
	e.Fields = append(e.Fields, fields...)
	return e
}

// Error gives code, message and cause: for logs, never for callers.
func (e *Error) Error() string {
	if e.cause == nil {
		return fmt.Sprintf("%s: %s", e.Code, e.Message)
	}
	return fmt.Sprintf("%s: %s: %v", e.Code, e.Message, e.cause)
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.cause }

// CodeOf returns the code of the first Error in err's chain: Internal when
// there is none, "" for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return Internal
}

// MessageOf returns what of err is safe to show: the message of the first Error
// in its chain, else words that say nothing.
func MessageOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Message
	}
	return "something went wrong; the log says what"
}

// Is reports whether err carries the code.
func Is(err error, code Code) bool { return err != nil && CodeOf(err) == code }
