package api

import (
	"net/http"

	"github.com/gin-gonic/gin"
)

// shelve remembers the whole answer that was made of a cached page, for those who
// send the same.
func (s *Server) shelve(a Address, got given, f form) {
	if shelvedRoutes[a.request.URL.Path] && got.cached != nil && !got.doubtful() && f.want.asked == 0 {
		f.page, f.want.make = got.cached, nil
		s.answers.shelf.remember(s.sent(a.request), &f)
	}
}

// sent is all of a request that its answer hangs on, but headers.
func (s *Server) sent(r *http.Request) string {
	return s.base(r) + r.URL.Path + "?" + r.URL.RawQuery
}

// shelved answers a request that was answered from the cache before, as long as
// the same answer is due: without reading its parameters again. Everything else
// goes on.
func (s *Server) shelved(c *gin.Context) {
	r := c.Request
	if s.answers.shelf == nil || r.Method != http.MethodGet || !shelvedRoutes[r.URL.Path] || r.Header.Get(positionHeader) != "" ||
		wantsFresh(r.Header.Get("Cache-Control")) {
		return
	}
	f := s.answers.shelf.recall(s.sent(r))
	if f == nil || s.answers.judge(f.want, f.page) != "shown" {
		return
	}
	if _, fresh := s.stores.knows(f.store); f.store != 0 && !fresh {
		return
	}
	if f.search != nil {
		s.sample(*f.search)
	}
	s.answers.found.WithLabelValues("shown").Inc()
	s.answers.spread(f.want, f.page)
	out := f.answer
	out.grow(f.page, f.page.Known)
	out.unlessKnown(r.Header.Get("If-None-Match")).write(c)
	c.Abort()
}

var shelvedRoutes = map[string]bool{searchRoute: true, suggestRoute: true}

// write sends the answer as huma does.
func (r *readyMade) write(c *gin.Context) {
	h := c.Writer.Header()
	for _, f := range []struct{ name, value string }{
		{"Content-Type", r.ContentType}, {"Content-Length", r.Length}, {"Cache-Control", r.CacheControl}, {"Age", r.Age}, {"Etag", r.ETag}, {"Vary", r.Vary},
		{positionHeader, r.Position}, {"X-Aforro-Index-Age", r.IndexAge}, {"X-Aforro-Stale", r.Stale},
	} {
		if f.value != "" {
			h[f.name] = []string{f.value}
		}
	}
	c.Status(r.Status)
	c.Writer.WriteHeaderNow()
	if r.Status == http.StatusOK {
		_, _ = c.Writer.Write(r.Body) // whoever left needs no answer
	}
}
