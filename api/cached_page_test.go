package api

import (
	"math"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"aforro/pkg/search"
)

// stopwatch is a time that a test moves.
type stopwatch struct {
	mu sync.Mutex
	at time.Time
}

func (s *stopwatch) now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.at
}

func (s *stopwatch) pass(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at = s.at.Add(d)
}

// The page has product 1.
func TestACachedPageIsGoodUntilSomethingOnItChanges(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		then   func(s *shop, clock *stopwatch)
		age    time.Duration
		cached bool
	}{
		"nothing happens":               {func(*shop, *stopwatch) {}, 50 * time.Second, true},
		"another product changes":       {func(s *shop, _ *stopwatch) { s.hear(2, 0x200, 7) }, 50 * time.Second, true},
		"its product changes":           {func(s *shop, _ *stopwatch) { s.hear(2, 0x200, 1) }, 0, false},
		"a message is missing":          {func(s *shop, _ *stopwatch) { s.hear(3, 0x200) }, 0, false},
		"something is not understood":   {func(s *shop, _ *stopwatch) { s.watch.Lose(); s.hear(2, 0x200) }, 0, true},
		"one is not, and one missing":   {func(s *shop, _ *stopwatch) { s.watch.Lose(); s.hear(3, 0x200) }, 0, false},
		"another indexer takes over":    {func(s *shop, _ *stopwatch) { s.watch.Hear(search.Progress{Epoch: "f", Sequence: 1}) }, 0, false},
		"everything changes":            {func(s *shop, _ *stopwatch) { s.watch.Hear(search.Progress{Epoch: "e", Sequence: 2, Everything: true}) }, 0, false},
		"silence, and it is old":        {func(_ *shop, clock *stopwatch) { clock.pass(time.Second) }, 1001 * time.Millisecond, false},
		"silence, and it is not old":    {func(_ *shop, clock *stopwatch) { clock.pass(time.Second) }, 900 * time.Millisecond, true},
		"silence, then the next":        {func(s *shop, clock *stopwatch) { clock.pass(time.Minute); s.hear(2, 0x200) }, 50 * time.Second, true},
		"silence, then its change":      {func(s *shop, clock *stopwatch) { clock.pass(time.Minute); s.hear(2, 0x200, 1) }, 50 * time.Second, false},
		"silence, and messages missing": {func(s *shop, clock *stopwatch) { clock.pass(time.Minute); s.hear(9, 0x200) }, 50 * time.Second, false},
	} {
		clock := &stopwatch{at: time.Unix(1000, 0)}
		s := &shop{page: hits(25), age: c.age, watch: search.NewWatch(time.Minute, clock.now)}
		s.hear(1, 0x100)
		server := mustServe(t, s)
		call(server, http.MethodGet, searchPath, "")
		c.then(s, clock)
		w := call(server, http.MethodGet, searchPath, "")
		if got := w.Header().Get("Age") != ""; got != c.cached || w.Code != 200 {
			t.Errorf("%s: %d, cached %t", name, w.Code, got)
		}
	}
}

// A process that has heard nothing yet serves what others have made only when it
// is hardly old.
func TestANewProcessTrustsNothing(t *testing.T) {
	t.Parallel()
	first := &shop{page: hits(25), age: time.Second + time.Millisecond}
	call(mustServe(t, first), http.MethodGet, searchPath, "")
	if len(first.kept) != 1 {
		t.Fatal("nothing was kept")
	}
	second := &shop{page: hits(25), age: first.age, kept: first.kept, watch: search.NewWatch(time.Minute, time.Now)}
	if w := call(mustServe(t, second), http.MethodGet, searchPath, ""); w.Header().Get("Age") != "" {
		t.Error("before it hears anything it serves an old page")
	}
}

func TestAPageThatIsKnownIsNotSentAgain(t *testing.T) {
	t.Parallel()
	s := &shop{page: hits(25), titles: []string{"Canon"}}
	server := mustServe(t, s)
	for _, target := range []string{searchPath + "?q=can", "/api/search/suggest/?q=can"} {
		first := call(server, http.MethodGet, target, "")
		tag := first.Header().Get("ETag")
		if !strings.HasPrefix(tag, `"`) || len(tag) < 10 {
			t.Fatalf("%s: ETag %q", target, tag)
		}
		for _, given := range []string{tag, "W/" + tag, `"x", ` + tag, "*"} {
			w := call(server, http.MethodGet, target, "", "If-None-Match: "+given)
			if w.Code != 304 || w.Body.Len() != 0 || w.Header().Get("ETag") != tag || w.Header().Get("Cache-Control") != first.Header().Get("Cache-Control") ||
				w.Header().Get(positionHeader) == "" || w.Header().Get("Age") == "" {
				t.Errorf("%s, %s: %d %v %s", target, given, w.Code, w.Header(), w.Body)
			}
		}
		if w := call(server, http.MethodGet, target, "", `If-None-Match: "x"`); w.Code != 200 || w.Body.String() != first.Body.String() || w.Header().Get("ETag") != tag {
			t.Errorf("%s: another ETag: %d", target, w.Code)
		}
	}
	tag := call(server, http.MethodGet, searchPath+"?q=can", "").Header().Get("ETag")
	for _, other := range []string{"?q=can&page=2", "?q=can&page_size=5", "?q=can&colour=red"} {
		if got := call(server, http.MethodGet, searchPath+other, "").Header().Get("ETag"); got == tag {
			t.Errorf("%s has other links and the same ETag", other)
		}
	}
	s.page.Hits[0].Price++
	s.hear(2, 0x200, 1)
	if w := call(server, http.MethodGet, searchPath+"?q=can", "", "If-None-Match: "+tag); w.Code != 200 || w.Header().Get("ETag") == tag {
		t.Errorf("another price: %d", w.Code)
	}
}

func TestPagesTravelThroughTheCache(t *testing.T) {
	t.Parallel()
	for _, p := range []packedPage{
		{Results: []byte("[]"), IDs: []int64{}, Known: search.Known{AsOf: time.Time{}}},
		{Results: []byte("[]"), IDs: []int64{}, Facets: []byte(`[{"field":"brand"}]`)},
		{Count: 1 << 40, Number: 7, Took: time.Second, DidYouMean: "wireless mouse", Relaxed: []string{"qqq", ""}, Results: []byte(`[{"id":1}]`), IDs: []int64{5, -1, math.MaxInt64}, digest: digestOf([]byte("x")),
			Known: search.Known{Stamp: search.Stamp{Epoch: "e", Sequence: 9}, Visible: 1 << 50, AsOf: time.UnixMicro(1 << 50).UTC()}},
	} {
		if got, ok := unpackPage(p.pack()); !ok || !reflect.DeepEqual(got, p) {
			t.Errorf("%+v came back as %+v, %t", p, got, ok)
		}
		for n := range p.pack() {
			if n < len(p.pack())-len(p.Results) {
				if _, ok := unpackPage(p.pack()[:n]); ok {
					t.Errorf("the first %d bytes were read", n)
				}
			}
		}
	}
}

// FuzzCachedPage: whatever is in the cache, it is a page or none.
func FuzzCachedPage(f *testing.F) {
	f.Add((packedPage{Results: []byte("[]"), IDs: []int64{1, 2}}).pack())
	f.Add([]byte("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, ok := unpackPage(b)
		if again, ok2 := unpackPage(p.pack()); ok && (!ok2 || !reflect.DeepEqual(again, p)) {
			t.Errorf("%+v came back as %+v", p, again)
		}
	})
}
