package api

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"testing"
	"time"

	"aforro/pkg/search"
)

// rack is an engine whose walk gives the products 1 to n, and a database that has
// sold some of them out.
type rack struct {
	Engine  // what is not searching is not asked
	n       int64
	soldOut func(id int64) bool
	asked   []search.Params
}

func (r *rack) Search(_ context.Context, p search.Params) (search.Page, error) {
	r.asked = append(r.asked, p)
	after := int64(0)
	if p.Cursor != search.CursorStart && p.Cursor != "" {
		after, _ = strconv.ParseInt(p.Cursor, 10, 64)
	}
	page := search.Page{Count: r.n, Number: 1}
	for id := after + 1; id <= r.n && len(page.Hits) < p.PageSize; id++ {
		page.Hits = append(page.Hits, search.Hit{ID: id, Price: 100})
	}
	if p.Cursor != "" && len(page.Hits) == p.PageSize {
		page.Number, page.NextCursor = 0, strconv.FormatInt(page.Hits[p.PageSize-1].ID, 10)
	}
	return page, nil
}

func (r *rack) SuggestRich(context.Context, string, int64) ([]search.Suggestion, error) {
	return nil, nil
}

func (r *rack) Indexed(context.Context, []int64, int64) (map[int64]search.Live, error) {
	return nil, nil
}

func (r *rack) Suggest(context.Context, string, int64) ([]string, error) { return nil, nil }

func (r *rack) Live(_ context.Context, ids []int64, _ int64, _ bool) (map[int64]search.Live, error) {
	live := map[int64]search.Live{}
	for _, id := range ids {
		live[id] = search.Live{Price: 200, Carried: true, InStock: !r.soldOut(id)}
	}
	return live, nil
}

func (r *rack) LiveNear(ctx context.Context, ids, _ []int64) (map[int64]search.Live, error) {
	return r.Live(ctx, ids, 0, true)
}

func TestAWalkIsFilledUp(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		soldOut func(id int64) bool
		pages   []int
	}{
		"none":              {func(int64) bool { return false }, []int{10, 10, 10, 10, 3}},
		"each third":        {func(id int64) bool { return id%3 == 0 }, []int{10, 10, 9}},
		"the first 20":      {func(id int64) bool { return id <= 20 }, []int{10, 10, 3}},
		"all":               {func(int64) bool { return true }, []int{0}},
		"all but the first": {func(id int64) bool { return id > 1 }, []int{1}},
	} {
		r := &rack{n: 43, soldOut: c.soldOut}
		server := mustServe(t, &shop{}, func(o *Options) { o.Engine, o.Truth = r, r })
		var ids []int64
		var pages []int
		for cursor := search.CursorStart; cursor != ""; {
			page := mustJSON[searchView](t, call(server, http.MethodGet, searchPath+"?in_stock=true&cursor="+cursor, ""), 200)
			cursor, pages = orEmpty(page.NextCursor), append(pages, len(page.Results))
			for _, h := range page.Results {
				if h.Price != "2.00" {
					t.Errorf("%s: product %d costs %s", name, h.ID, h.Price)
				}
				ids = append(ids, h.ID)
			}
			if page.Count != 43 {
				t.Errorf("%s: count %d", name, page.Count)
			}
		}
		var want []int64
		for id := int64(1); id <= r.n; id++ {
			if !c.soldOut(id) {
				want = append(want, id)
			}
		}
		if !slices.Equal(ids, want) || !slices.Equal(pages, c.pages) {
			t.Errorf("%s: pages of %v, want %v; products %v", name, pages, c.pages, ids)
		}
	}
}

// However much has sold out, one request asks a bounded number of times, and its
// cursor leads on.
func TestFillingUpIsBounded(t *testing.T) {
	t.Parallel()
	r := &rack{n: 1000, soldOut: func(int64) bool { return true }}
	server := mustServe(t, &shop{}, func(o *Options) { o.Engine, o.Truth = r, r })
	page := mustJSON[searchView](t, call(server, http.MethodGet, searchPath+"?in_stock=true&cursor=start", ""), 200)
	if len(r.asked) != 1+fillRounds || len(page.Results) != 0 || orEmpty(page.NextCursor) != fmt.Sprint(10*(1+fillRounds)) {
		t.Errorf("asked %d times, next is %q", len(r.asked), orEmpty(page.NextCursor))
	}
}

func TestANumberedPageIsShorter(t *testing.T) {
	t.Parallel()
	r := &rack{n: 43, soldOut: func(id int64) bool { return id%2 == 0 }}
	server := mustServe(t, &shop{}, func(o *Options) { o.Engine, o.Truth = r, r })
	page := mustJSON[searchView](t, call(server, http.MethodGet, searchPath+"?in_stock=true", ""), 200)
	if len(page.Results) != 5 || page.Count != 43 || page.Next == nil || len(r.asked) != 1 {
		t.Errorf("%d of %d results, next %v, asked %d times", len(page.Results), page.Count, page.Next, len(r.asked))
	}
	page = mustJSON[searchView](t, call(server, http.MethodGet, searchPath, ""), 200)
	if len(page.Results) != 10 {
		t.Errorf("without in_stock: %d results", len(page.Results))
	}
}

// Without the database a page shows what the index says, says so, and is kept by
// nobody; not every search pays for that.
func TestTheDatabaseDoesNotSay(t *testing.T) {
	t.Parallel()
	s := &shop{page: hits(25), liveErr: errAway}
	server := mustServe(t, s)
	for range 20 {
		w := call(server, http.MethodGet, searchPath, "")
		page := mustJSON[searchView](t, w, 200)
		if page.Results[0].Price != "20.95" || w.Header().Get("X-Aforro-Stale") != "true" || w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("ETag") != "" {
			t.Fatalf("got %s %v", w.Body, w.Header())
		}
	}
	if s.lived > 2 || len(s.kept) != 0 {
		t.Errorf("the database was asked %d times, %d pages were kept", s.lived, len(s.kept))
	}
	s.mu.Lock()
	s.liveErr = nil
	s.mu.Unlock()
	server.live.until.Store(time.Now().UnixNano()) // the cooldown is over
	for range 2 {
		if w := call(server, http.MethodGet, searchPath, "", "Cache-Control: no-cache"); w.Header().Get("X-Aforro-Stale") != "" || len(s.kept) != 1 {
			t.Errorf("the database is back: %v", w.Header())
		}
	}
}

// Who chose the index's word is not told that it is stale.
func TestTheIndexsWordIsChosen(t *testing.T) {
	t.Parallel()
	s := &shop{page: hits(25), liveErr: errAway}
	w := call(mustServe(t, s, func(o *Options) { o.FromIndex = true }), http.MethodGet, searchPath+"?in_stock=true", "")
	if page := mustJSON[searchView](t, w, 200); len(page.Results) != 1 || w.Header().Get("X-Aforro-Stale") != "" || s.lived != 0 || len(s.kept) != 1 {
		t.Errorf("%s %v, the database was asked %d times", w.Body, w.Header(), s.lived)
	}
}

func TestOneSearchAtATimeTriesTheDatabase(t *testing.T) {
	t.Parallel()
	r := &liveReader{}
	now := time.Unix(1000, 0)
	for range 2 {
		if !r.allowed(now) {
			t.Error("somebody is not let through before a failure")
		}
	}
	r.until.Store(now.Add(liveCooldown).UnixNano())
	if r.allowed(now) {
		t.Error("somebody is let through right after a failure")
	}
	later := now.Add(liveCooldown)
	if !r.allowed(later) || r.allowed(later) {
		t.Error("after the cooldown it is not exactly one")
	}
}
