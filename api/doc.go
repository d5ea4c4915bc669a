// Package api is the HTTP role: search, suggestions, orders and stock for
// clients. Gin routes, huma describes: one file a resource, each route typed,
// its OpenAPI 3.1 description made from the same Go types.
//
// The package knows no database, queue or search engine. It declares the small
// interfaces that it needs (options.go) and is handed what fulfils them.
//
// What holds for every route:
//
//   - Paths answer alike with and without the last slash, without a redirect
//     (path.go).
//   - Every refusal is an RFC 9457 problem with a detail for people and a list
//     of the fields that are wrong. The one table from fault codes to statuses
//     is in problem.go; whatever has no code is a 500 that tells nothing, logged
//     once with the request's id.
//   - Parameters arrive as text and are read by params.go, since huma's own
//     reading answers 422 where our clients rely on 400 and 404.
//   - No odd request is answered with a 5xx other than 503.
package api
