package api

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"aforro/pkg/fault"
)

// defaultRetryAfter is what callers are told to wait when nobody knows better.
const defaultRetryAfter = 2 * time.Second

// statuses is the one table from what a caller can do to what HTTP says.
var statuses = map[fault.Code]int{
	fault.Invalid:       http.StatusBadRequest,
	fault.Unprocessable: http.StatusUnprocessableEntity,
	fault.NotFound:      http.StatusNotFound,
	fault.Conflict:      http.StatusConflict,
	fault.Gone:          http.StatusGone,
	fault.Unavailable:   http.StatusServiceUnavailable,
	fault.Internal:      http.StatusInternalServerError,
}

// Problem is an RFC 9457 problem: the body of every refusal.
type Problem struct {
	Title  string         `json:"title" doc:"The status in words." example:"Bad Request"`
	Status int            `json:"status" doc:"The HTTP status." example:"400"`
	Detail string         `json:"detail" doc:"What is wrong, for a person." example:"page_size must be between 1 and 100"`
	Errors []ProblemField `json:"errors" nullable:"false" doc:"Each part of the request that is wrong."`
	// Reasons is an extension (RFC 9457, 3.2) of the refusal of a reservation.
	Reasons []reasonView `json:"reasons,omitempty" nullable:"false" doc:"Of what there is too little, as with a REJECTED order; only with the 409 of a reservation."`

	header http.Header
}

// ProblemField names one part of a request that is wrong.
type ProblemField struct {
	Location string `json:"location" doc:"Where it is." example:"query.page_size"`
	Message  string `json:"message" doc:"What is wrong with it." example:"must be between 1 and 100"`
	Value    any    `json:"value,omitempty" doc:"What was sent."`
}

// huma makes its own refusals through this variable, and reads the schema of
// errors from what it returns.
func init() {
	gin.SetMode(gin.ReleaseMode)
	huma.NewError = func(status int, detail string, errs ...error) huma.StatusError {
		p := problem(status, detail)
		for _, err := range errs {
			var d huma.ErrorDetailer
			if errors.As(err, &d) {
				e := d.ErrorDetail()
				p.Errors = append(p.Errors, ProblemField{Location: e.Location, Message: e.Message})
			}
		}
		return p
	}
}

func problem(status int, detail string, fields ...ProblemField) *Problem {
	if fields == nil {
		fields = []ProblemField{}
	}
	return &Problem{Title: http.StatusText(status), Status: status, Detail: detail, Errors: fields, header: http.Header{}}
}

// Error gives the detail.
func (p *Problem) Error() string { return p.Detail }

// GetStatus is asked by huma.
func (p *Problem) GetStatus() int { return p.Status }

// GetHeaders is asked by huma.
func (p *Problem) GetHeaders() http.Header { return p.header }

// ContentType is asked by huma.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

func (p *Problem) with(header, value string) *Problem {
	p.header.Set(header, value)
	return p
}

func (p *Problem) retryAfter(d time.Duration) *Problem {
	return p.with("Retry-After", strconv.Itoa(max(1, int(math.Ceil(d.Seconds())))))
}

// problemOf turns any error into a problem. What has no code tells nothing.
func problemOf(err error) *Problem {
	var p *Problem
	var f *fault.Error
	switch {
	case errors.As(err, &p):
		return p
	case errors.As(err, &f) && f.Code != fault.Internal:
		return problemOfFault(f).because(err)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return problem(http.StatusServiceUnavailable, "the answer took too long, try again shortly").retryAfter(defaultRetryAfter)
	}
	return problem(http.StatusInternalServerError, "something went wrong here; the log has it under this answer's X-Request-Id")
}

func problemOfFault(f *fault.Error) *Problem {
	p := problem(statuses[f.Code], f.Message)
	for _, field := range f.Fields {
		p.Errors = append(p.Errors, ProblemField(field))
		if f.Code == fault.Invalid && strings.HasPrefix(field.Location, "body") {
			p.Status = http.StatusUnprocessableEntity
			p.Title = http.StatusText(p.Status)
		}
	}
	if f.Code == fault.Unavailable {
		wait := f.RetryAfter
		if wait <= 0 {
			wait = defaultRetryAfter
		}
		p.retryAfter(wait)
	}
	return p
}

// refuse ends a request outside of huma with a problem.
func (s *Server) refuse(c *gin.Context, p *Problem) {
	if s.front.routes[c.FullPath()] && !wantsJSON(c.Request) {
		s.refusePage(c, p)
		return
	}
	for name, values := range p.header {
		c.Writer.Header()[name] = values
	}
	body, err := json.Marshal(p)
	if err != nil {
		// Only a Value that is no JSON could do this; the problem stands without.
		s.o.Log.Error("a problem could not be written", "error", err)
	}
	c.Abort()
	c.Data(p.Status, p.ContentType(""), body)
}
