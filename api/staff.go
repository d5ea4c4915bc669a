package api

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
)

// needStaff lets only requests with the staff key through. It is a middleware
// of each operation that is neither one of the contract's nor opened by a
// token, and goes before readBody, so that strangers have no body read.
func (s *Server) needStaff(ctx huma.Context, next func(huma.Context)) {
	if !s.o.Staff.Check(ctx.Header("Authorization")) {
		s.refuse(humagin.Unwrap(ctx), unauthorized("this wants the staff key, as Authorization: Bearer"))
		return
	}
	next(ctx)
}

func unauthorized(detail string, fields ...ProblemField) *Problem {
	return problem(http.StatusUnauthorized, detail, fields...).with("WWW-Authenticate", "Bearer")
}
