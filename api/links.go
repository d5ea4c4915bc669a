package api

import (
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
)

// Address is where a request went, to make links from. It is embedded in the
// input of operations that answer with links.
type Address struct {
	request *http.Request
}

// Resolve is called by huma for each request.
func (a *Address) Resolve(ctx huma.Context) []error {
	a.request = humagin.Unwrap(ctx).Request
	return nil
}

// link is an absolute link to the same path with the same parameters but those
// of change.
func (s *Server) link(a Address, change map[string]string) string {
	to := s.links(a)
	for name, value := range change {
		to.query.Set(name, value)
	}
	return to.String()
}

// links makes absolute links to the path of one request, whose parameters it has
// read once.
type links struct {
	path  string
	query url.Values
}

func (s *Server) links(a Address) links {
	return links{path: s.base(a.request) + (&url.URL{Path: a.request.URL.Path}).EscapedPath(), query: a.request.URL.Query()}
}

// String is the link with the parameters as they are set now.
func (l links) String() string { return l.path + "?" + l.query.Encode() }

// base is what absolute links begin with.
func (s *Server) base(r *http.Request) string {
	if s.o.PublicURL != "" {
		return strings.TrimSuffix(s.o.PublicURL, "/")
	}
	scheme := "http"
	if r.TLS != nil || (r.Header.Get("X-Forwarded-Proto") == "https" && s.trusts(r.RemoteAddr)) {
		scheme = "https"
	}
	return scheme + "://" + r.Host
}

func (s *Server) trusts(remote string) bool {
	addr, err := netip.ParseAddrPort(remote)
	if err != nil {
		return false
	}
	for _, p := range s.proxies {
		if p.Contains(addr.Addr().Unmap()) {
			return true
		}
	}
	return false
}
