package api

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"aforro/pkg/search"
)

// inProcess turns the cache's level in this process on.
func inProcess(o *Options) { o.CacheBytes, o.CacheStale = 8<<20, 5*time.Minute }

// lively makes a shop whose watch hears by the clock of the test.
func lively() *shop {
	s := &shop{page: hits(25), titles: []string{"Canon"}, watch: search.NewWatch(time.Hour, time.Now)}
	s.hear(1, 0x100)
	return s
}

// pass lets time go by; the channel stays alive meanwhile, unless it is silent.
func (s *shop) pass(d time.Duration) {
	time.Sleep(d)
	known := s.watch.Known()
	s.hear(known.Stamp.Sequence+1, known.Visible)
}

// forgetful is a Redis that is away.
type forgetful struct{}

func (forgetful) Get(context.Context, string) ([]byte, time.Duration, bool) { return nil, 0, false }
func (forgetful) Set(string, []byte, time.Duration)                         {}

func withoutRedis(o *Options) { inProcess(o); o.Cache = forgetful{} }

func TestThisProcessAnswersWithoutRedis(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := lively()
		server := mustServe(t, s, withoutRedis)
		for _, target := range []string{searchPath + "?q=can&store_id=2", suggestRoute + "?q=can&store_id=2"} {
			made := call(server, http.MethodGet, target, "")
			asked := len(s.asked) + len(s.typed)
			var again []*httptest.ResponseRecorder
			for range 3 { // from the page, and then twice from the whole answer
				s.pass(1100 * time.Millisecond)
				again = append(again, call(server, http.MethodGet, target, ""))
			}
			for i, w := range again {
				if w.Code != 200 || w.Body.String() != made.Body.String() || w.Header().Get("Age") != fmt.Sprint(i+1) || len(s.asked)+len(s.typed) != asked {
					t.Errorf("%s, answer %d: %d, Age %q", target, i, w.Code, w.Header().Get("Age"))
				}
			}
			for _, name := range []string{"ETag", "Cache-Control", "Vary", "Content-Type", "Content-Length", positionHeader, "X-Aforro-Stale", "X-Content-Type-Options"} {
				if got, want := again[2].Header().Values(name), again[0].Header().Values(name); !reflect.DeepEqual(got, want) {
					t.Errorf("%s: %s is %q in a whole answer, else %q", target, name, got, want)
				}
			}
			tag := made.Header().Get("ETag")
			if w := call(server, http.MethodGet, target, "", "If-None-Match: "+tag); w.Code != 304 || w.Body.Len() > 0 || w.Header().Get("ETag") != tag || w.Header().Get("Content-Type") != "" {
				t.Errorf("%s: known, and %d %v", target, w.Code, w.Header())
			}
		}
	})
}

// What was answered in the same words is not answered so any more when something
// is different now.
func TestAWholeAnswerIsNotTrustedFurther(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		target  string
		then    func(s *shop)
		headers []string
		status  int
	}{
		"its product changes":       {"?q=a", func(s *shop) { s.hear(2, 0x200, 1) }, nil, 200},
		"a fresh one is wanted":     {"?q=a", func(*shop) {}, []string{"Cache-Control: no-cache"}, 200},
		"a newer position is asked": {"?q=a", func(s *shop) { s.hear(2, 0x200) }, []string{positionHeader + ": 0/200"}, 200},
		"the time is over":          {"?q=a", func(s *shop) { s.pass(time.Hour) }, nil, 200},
		"nothing is heard":          {"?q=a", func(*shop) { time.Sleep(2 * time.Second) }, nil, 200},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := lively()
			server := mustServe(t, s, withoutRedis)
			for range 3 {
				call(server, http.MethodGet, searchPath+c.target, "")
			}
			c.then(s)
			w := call(server, http.MethodGet, searchPath+c.target, "", c.headers...)
			if w.Code != c.status || w.Header().Get("Age") != "" || len(s.asked) != 2 {
				t.Errorf("%s: %d, Age %q, asked %d times", name, w.Code, w.Header().Get("Age"), len(s.asked))
			}
		})
	}
}

func TestAStoreThatIsGoneHasNoAnswers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := lively()
		gone := &goneStores{shop: s}
		server := mustServe(t, s, withoutRedis, func(o *Options) { o.Stores = gone })
		for _, target := range []string{searchPath + "?store_id=2", suggestRoute + "?q=can&store_id=2"} {
			gone.gone = false
			for range 3 {
				if w := call(server, http.MethodGet, target, ""); w.Code != 200 {
					t.Fatalf("%s: %d", target, w.Code)
				}
			}
			gone.gone = true
			s.pass(storeFresh)
			mustProblem(t, call(server, http.MethodGet, target, ""), 404, "query.store_id")
		}
	})
}

type goneStores struct {
	*shop
	gone bool
}

func (g *goneStores) StoreExists(ctx context.Context, id int64) (bool, error) {
	return !g.gone, nil
}

// An answer that is past its time, and of which nothing has changed, is given while
// a new one is made; the next is that one.
func TestAnOldAnswerIsRenewedBehind(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := lively()
		server := mustServe(t, s, withoutRedis)
		for _, target := range []string{searchPath + "?q=can", suggestRoute + "?q=can"} {
			call(server, http.MethodGet, target, "")
			past := map[string]time.Duration{searchPath + "?q=can": time.Minute}[target]
			if past == 0 {
				past = 5 * time.Minute
			}
			s.pass(past + renewing/2)
			old := call(server, http.MethodGet, target, "")
			if old.Code != 200 || old.Header().Get("X-Aforro-Stale") != "true" || old.Header().Get("Age") != fmt.Sprint(int((past+renewing/2).Seconds())) ||
				old.Header().Get("Cache-Control") != "no-store" || old.Header().Get("ETag") != "" {
				t.Errorf("%s: %d %v", target, old.Code, old.Header())
			}
			synctest.Wait()
			if w := call(server, http.MethodGet, target, ""); w.Header().Get("X-Aforro-Stale") != "" || w.Header().Get("Age") != "0" {
				t.Errorf("%s: afterwards %v", target, w.Header())
			}
			s.pass(past + renewing + time.Second)
			if w := call(server, http.MethodGet, target, ""); w.Header().Get("Age") != "" {
				t.Errorf("%s: far past its time: %v", target, w.Header())
			}
		}
		s.pass(time.Minute + renewing/2)
		s.hear(s.watch.Known().Stamp.Sequence+1, 0x200, 1)
		if w := call(server, http.MethodGet, searchPath+"?q=can", ""); w.Header().Get("Age") != "" || w.Header().Get("X-Aforro-Stale") != "" {
			t.Errorf("its product has changed: %v", w.Header())
		}
	})
}

// While the engine is away an answer is given past its time, but not for ever, and
// not when a product on it has changed or nobody would say so.
func TestAnOldAnswerStandsInForTheEngine(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		then    func(s *shop)
		headers []string
		given   bool
	}{
		"within the bound":        {func(s *shop) { s.pass(5 * time.Minute) }, nil, true},
		"beyond it":               {func(s *shop) { s.pass(6*time.Minute + time.Second) }, nil, false},
		"its product has changed": {func(s *shop) { s.pass(2 * time.Minute); s.hear(s.watch.Known().Stamp.Sequence+1, 0x200, 1) }, nil, false},
		"nothing is heard":        {func(*shop) { time.Sleep(2 * time.Minute) }, nil, false},
		"a fresh one is wanted":   {func(s *shop) { s.pass(time.Second) }, []string{"Cache-Control: no-cache"}, false},
		"a position is asked for": {func(s *shop) { s.hear(2, 0x200) }, []string{positionHeader + ": 0/200"}, true},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := lively()
			server := mustServe(t, s, withoutRedis)
			made := call(server, http.MethodGet, searchPath, "")
			s.mu.Lock()
			s.fails = errAway
			s.mu.Unlock()
			c.then(s)
			w := call(server, http.MethodGet, searchPath, "", c.headers...)
			if !c.given {
				mustProblem(t, w, 503, "")
				return
			}
			if w.Code != 200 || w.Body.String() != made.Body.String() || w.Header().Get("X-Aforro-Stale") != "true" || w.Header().Get("Age") == "" || w.Header().Get("ETag") != "" {
				t.Errorf("%s: %d %v", name, w.Code, w.Header())
			}
		})
	}
}

// held is an engine that answers when it is let.
type held struct {
	*shop
	calls  atomic.Int64
	let    chan struct{}
	panics bool
}

func (e *held) Search(ctx context.Context, p search.Params) (search.Page, error) {
	e.calls.Add(1)
	select {
	case <-e.let:
	case <-ctx.Done():
		return search.Page{}, ctx.Err()
	}
	if e.panics {
		panic("broken")
	}
	return e.shop.Search(ctx, p)
}

// A hundred callers want the same at once: it is made once, also when the one who
// came first leaves.
func TestOneAnswerIsMadeForAll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := lively()
		engine := &held{shop: s, let: make(chan struct{})}
		server := mustServe(t, s, withoutRedis, func(o *Options) { o.Engine = engine })
		first, leave := context.WithCancel(t.Context())
		gone := make(chan int)
		go func() {
			r := httptest.NewRequestWithContext(first, http.MethodGet, searchPath+"?q=can&page=1", nil)
			r.RemoteAddr = "127.0.0.1:1"
			w := httptest.NewRecorder()
			server.ServeHTTP(w, r)
			gone <- w.Code
		}()
		synctest.Wait()
		var wg sync.WaitGroup
		var served atomic.Int64
		for i := range 100 {
			wg.Go(func() {
				query := []string{"?q=can", "?q=CAN+&sort=relevance", "?page_size=10&q=can"}[i%3]
				if w := call(server, http.MethodGet, searchPath+query, ""); w.Code == 200 && strings.Contains(w.Body.String(), `"count":25`) {
					served.Add(1)
				}
			})
		}
		synctest.Wait()
		leave()
		synctest.Wait()
		close(engine.let)
		wg.Wait()
		<-gone
		if served.Load() != 100 || engine.calls.Load() != 1 {
			t.Errorf("%d of 100 were served by %d searches", served.Load(), engine.calls.Load())
		}
	})
}

// Who has heard of a change is not given what was begun before it.
func TestWhatWasBegunBeforeAChangeIsNotShared(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := lively()
		engine := &held{shop: s, let: make(chan struct{})}
		server := mustServe(t, s, withoutRedis, func(o *Options) { o.Engine = engine })
		var wg sync.WaitGroup
		ask := func(headers ...string) {
			wg.Go(func() { call(server, http.MethodGet, searchPath, "", headers...) })
			synctest.Wait()
		}
		ask()
		s.hear(2, 0x200, 1)
		ask()
		ask("Cache-Control: no-cache")
		close(engine.let)
		wg.Wait()
		if engine.calls.Load() != 3 {
			t.Errorf("%d searches, want 3", engine.calls.Load())
		}
	})
}

func TestAPanicIsEverybodysAndNoMore(t *testing.T) {
	t.Parallel()
	s := lively()
	engine := &held{shop: s, let: make(chan struct{}), panics: true}
	close(engine.let)
	server := mustServe(t, s, withoutRedis, func(o *Options) { o.Engine = engine })
	mustProblem(t, call(server, http.MethodGet, searchPath, ""), 500, "")
	engine.panics = false
	if w := call(server, http.MethodGet, searchPath, ""); w.Code != 200 {
		t.Errorf("the next is answered %d", w.Code)
	}
}

// What was made because the kept one would not do goes to Redis at once: others have
// the old one.
func TestAFreshAnswerReplacesThatOfOthers(t *testing.T) {
	t.Parallel()
	s := lively()
	call(mustServe(t, s, inProcess), http.MethodGet, searchPath, "", "Cache-Control: no-cache")
	if len(s.kept) != 1 {
		t.Errorf("Redis has %d answers", len(s.kept))
	}
}

// An answer that goes to Redis late is no younger for that.
func TestAnAnswersAgeTravels(t *testing.T) {
	t.Parallel()
	s := lively()
	server := mustServe(t, s, inProcess)
	k := &kept{packedPage: packedPage{Results: []byte("[]"), Took: time.Second}, made: time.Now().Add(-time.Minute)}
	server.answers.spread(wanted{key: "k", fresh: time.Hour}, k)
	server.answers.spread(wanted{key: "other", fresh: time.Hour}, k)
	if got, ok := unpackPage(s.kept["k"]); !ok || got.Took < 61*time.Second || len(s.kept) != 1 {
		t.Errorf("%+v, %t, %d kept", got, ok, len(s.kept))
	}
}

func TestTheShelfIsBounded(t *testing.T) {
	t.Parallel()
	const most = 1 << 20
	s := lively()
	s.page.Hits[0].Description = strings.Repeat("x", 4<<10)
	server := mustServe(t, s, withoutRedis, func(o *Options) { o.CacheBytes = most })
	shelf := server.answers.shelf
	for i := range 1000 {
		target := fmt.Sprintf("%s?q=%d", searchPath, i)
		for range 3 {
			call(server, http.MethodGet, target, "")
		}
	}
	shelf.pages.CleanUp()
	shelf.forms.CleanUp()
	if used := shelf.bytes(); used > most || used < most/4 {
		t.Errorf("%d bytes are kept, the most is %d", used, most)
	}
}

// Two processes share what was asked for twice: the second one need not ask the
// engine, and asks Redis once.
func TestRedisFillsTheShelf(t *testing.T) {
	t.Parallel()
	s := lively()
	first, second := mustServe(t, s, inProcess), mustServe(t, s, inProcess)
	for range 2 {
		if len(s.kept) > 0 {
			t.Error("what was asked for once is in Redis")
		}
		call(first, http.MethodGet, searchPath, "")
	}
	if len(s.kept) != 1 {
		t.Fatalf("Redis has %d answers", len(s.kept))
	}
	call(second, http.MethodGet, searchPath, "")
	s.mu.Lock()
	clear(s.kept)
	s.mu.Unlock()
	if w := call(second, http.MethodGet, searchPath, ""); w.Header().Get("Age") == "" || len(s.asked) != 1 {
		t.Errorf("Age %q, the engine was asked %d times", w.Header().Get("Age"), len(s.asked))
	}
}
