package api

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
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

// BenchmarkCachedSearch is a page of ten results from the cache, without the
// network and Redis: from Redis, from this process, and as a whole answer.
// BenchmarkNothing is a handler that does nothing.
func BenchmarkCachedSearch(b *testing.B) {
	page := hits(180)
	page.Hits[0].Description = strings.Repeat("x", 400)
	for len(page.Hits) < 10 {
		page.Hits = append(page.Hits, page.Hits[0])
	}
	for _, level := range []struct {
		name  string
		bytes int64
		other string // makes each request another one that means the same
	}{{"redis", 0, ""}, {"process", 8 << 20, "&n="}, {"whole", 8 << 20, ""}} {
		b.Run(level.name, func(b *testing.B) {
			server := mustServe(b, &shop{page: page}, func(o *Options) { o.CacheBytes = level.bytes })
			n := 0
			get := func() *httptest.ResponseRecorder {
				target := searchPath + "?q=laptop&page=2"
				if n++; level.other != "" {
					target += level.other + strconv.Itoa(n)
				}
				return call(server, http.MethodGet, target, "")
			}
			get()
			b.ReportAllocs()
			for b.Loop() {
				if w := get(); w.Header().Get("Age") == "" {
					b.Fatal(w.Code)
				}
			}
		})
	}
}

func BenchmarkNothing(b *testing.B) {
	server := mustServe(b, &shop{})
	body := make([]byte, 6<<10)
	register(server, huma.Operation{OperationID: "nothing", Method: http.MethodGet, Path: "/nothing/"},
		func(context.Context, *struct{}) (*readyMade, error) {
			return &readyMade{Status: http.StatusOK, ContentType: jsonUTF8, Body: body}, nil
		})
	b.ReportAllocs()
	for b.Loop() {
		if w := call(server, http.MethodGet, "/nothing/", ""); w.Code != http.StatusOK {
			b.Fatal(w.Code)
		}
	}
}
