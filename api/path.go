package api

import (
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/gin-gonic/gin"
)

// plainPaths are the routes whose path does not end in a slash.
var plainPaths = map[string]bool{"/healthz": true, "/readyz": true, "/metrics": true, "/openapi.json": true, "/docs": true}

// canonical rewrites a request before it is routed: its path gets the last
// slash that its route is written with, and HEAD is routed as GET (net/http
// drops the body). The caller's request is left as it is.
func canonical(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		clone, address := *r, *r.URL
		clone.URL = &address
		address.Path = canonicalPath(r.URL.Path)
		// A semicolon separates nothing (WHATWG URL), but net/url refuses it.
		address.RawQuery = strings.ReplaceAll(r.URL.RawQuery, ";", "%3B")
		if r.Method == http.MethodHead {
			clone.Method = http.MethodGet
		}
		next.ServeHTTP(w, &clone)
	})
}

func canonicalPath(path string) string {
	bare := strings.TrimSuffix(path, "/")
	if plainPaths[bare] {
		return bare
	}
	if !strings.HasPrefix(bare, "/") {
		return "/"
	}
	return bare + "/"
}

// wellFormed refuses a query that cannot be read, naming the parameter.
func (s *Server) wellFormed(c *gin.Context) {
	if name, ok := readableQuery(c.Request.URL.RawQuery); !ok {
		p := problem(http.StatusBadRequest, name+" is not percent-encoded UTF-8",
			ProblemField{Location: "query." + name, Message: "must be percent-encoded UTF-8"})
		s.refuse(c, p)
	}
}

// readableQuery returns the name of the first parameter that is not
// percent-encoded UTF-8, as far as it can be read, and false.
func readableQuery(raw string) (name string, ok bool) {
	for pair := range strings.SplitSeq(raw, "&") {
		key, value, _ := strings.Cut(pair, "=")
		k, err := url.QueryUnescape(key)
		if err != nil {
			k = key
		}
		v, err2 := url.QueryUnescape(value)
		if err != nil || err2 != nil || !utf8.ValidString(k) || !utf8.ValidString(v) {
			return strings.ToValidUTF8(k, "�"), false
		}
	}
	return "", true
}

// wrongMethod completes the Allow header that Gin has set, and answers OPTIONS.
func (s *Server) wrongMethod(c *gin.Context) {
	allow := c.Writer.Header().Get("Allow")
	if strings.Contains(allow, http.MethodGet) {
		allow += ", " + http.MethodHead
	}
	c.Header("Allow", allow+", "+http.MethodOptions)
	if c.Request.Method == http.MethodOptions {
		c.Status(http.StatusNoContent)
		return
	}
	s.refuse(c, problem(http.StatusMethodNotAllowed, "this path does not answer "+c.Request.Method+"; the Allow header lists what it answers"))
}

func (s *Server) noRoute(c *gin.Context) {
	s.refuse(c, problem(http.StatusNotFound, "there is nothing at this path; /docs lists what there is"))
}
