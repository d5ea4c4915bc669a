package api

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
)

// maxBody is the largest body taken, in bytes.
const maxBody = 1 << 20

// readBody reads a JSON body whole, before huma does, which answers 500 to a
// body that breaks off.
func (s *Server) readBody(ctx huma.Context, next func(huma.Context)) {
	c := humagin.Unwrap(ctx)
	body, p := jsonBody(c.Writer, c.Request)
	if p != nil {
		s.refuse(c, p)
		return
	}
	c.Request.Body = io.NopCloser(bytes.NewReader(body))
	next(ctx)
}

func jsonBody(w http.ResponseWriter, r *http.Request) ([]byte, *Problem) {
	if !isJSON(r.Header) {
		return nil, bodyProblem(http.StatusUnsupportedMediaType, "the body must be sent as application/json in UTF-8, not compressed").with("Accept", "application/json")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, bodyProblem(http.StatusRequestEntityTooLarge, "the body must have at most 1 MiB")
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, bodyProblem(http.StatusRequestTimeout, "the body took too long to arrive")
	case err != nil:
		return nil, bodyProblem(http.StatusBadRequest, "the body broke off")
	case len(body) == 0:
		return nil, bodyProblem(http.StatusBadRequest, "the body is empty; it must be JSON")
	case !utf8.Valid(body):
		return nil, bodyProblem(http.StatusBadRequest, "the body is not UTF-8")
	}
	return body, nil
}

func bodyProblem(status int, detail string) *Problem {
	return problem(status, detail, ProblemField{Location: "body", Message: detail})
}

// isJSON reports whether the headers declare plain JSON. A body without a
// declared type is taken for JSON.
func isJSON(h http.Header) bool {
	if encoding := h.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return false
	}
	declared := h.Get("Content-Type")
	if declared == "" {
		return true
	}
	kind, params, err := mime.ParseMediaType(declared)
	if err != nil {
		return false
	}
	charset := params["charset"]
	return (kind == "application/json" || strings.HasSuffix(kind, "+json")) && (charset == "" || strings.EqualFold(charset, "utf-8"))
}
