package api

import (
	"net/http"
	"testing"
)

// BenchmarkSearch is what the API itself adds to a search: everything but the
// engine, the network and Redis.
func BenchmarkSearch(b *testing.B) {
	page := hits(180)
	for len(page.Hits) < 10 {
		page.Hits = append(page.Hits, page.Hits[0])
	}
	s := &shop{page: page}
	server := mustServe(b, s, func(o *Options) { o.SearchCache = 0 })
	b.ReportAllocs()
	for b.Loop() {
		s.asked = s.asked[:0]
		if w := call(server, http.MethodGet, searchPath+"?q=laptop&page=2", ""); w.Code != http.StatusOK {
			b.Fatal(w.Code)
		}
	}
}
