package api

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"aforro/pkg/catalog"
	"aforro/pkg/fault"
	"aforro/pkg/search"
)

const searchPath = "/api/search/products/"

func hits(n int64) search.Page {
	return search.Page{Count: n, Hits: []search.Hit{{ID: 1, SKU: "S", Title: "A <b> & \"c\"", Price: 2095, Category: "Notebooks", Brand: "B"}}}
}

func TestBadSearchParameters(t *testing.T) {
	t.Parallel()
	server := mustServe(t, &shop{page: hits(25)})
	for _, c := range []struct {
		query    string
		status   int
		location string
	}{
		{"q=" + strings.Repeat("a", 501), 400, "query.q"},
		{"q=" + strings.Repeat("%F0%9F%99%82", 501), 400, "query.q"},
		{"min_price=cheap", 400, "query.min_price"},
		{"min_price=NaN", 400, "query.min_price"},
		{"max_price=Infinity", 400, "query.max_price"},
		{"max_price=-1", 400, "query.max_price"},
		{"max_price=1e3", 400, "query.max_price"},
		{"max_price=10.999", 400, "query.max_price"},
		{"max_price=99999999999999999999", 400, "query.max_price"},
		{"min_price=20&max_price=10", 400, "query.min_price"},
		{"store_id=abc", 400, "query.store_id"},
		{"store_id=1.5", 400, "query.store_id"},
		{"store_id=3", 404, "query.store_id"},
		{"store_id=0", 404, "query.store_id"},
		{"store_id=-1", 404, "query.store_id"},
		{"store_id=99999999999999999999", 404, "query.store_id"},
		{"in_stock=maybe", 400, "query.in_stock"},
		{"sort=colour", 400, "query.sort"},
		{"page_size=0", 400, "query.page_size"},
		{"page_size=101", 400, "query.page_size"},
		{"page_size=ten", 400, "query.page_size"},
		{"page_size=99999999999999999999", 400, "query.page_size"},
		{"page=0", 404, "query.page"},
		{"page=-1", 404, "query.page"},
		{"page=two", 404, "query.page"},
		{"page=1.0", 404, "query.page"},
		{"page=4", 404, "query.page"},
		{"page=99999999999999999999", 404, "query.page"},
		{"page=9223372036854775807", 404, "query.page"},
		{"cursor=start&page=2", 400, "query.cursor"},
		{"cursor=" + strings.Repeat("x", maxCursor+1), 400, "query.cursor"},
		{"q=%ff", 400, "query.q"},
		{"brand=" + strings.Join(numbers(21), "&brand="), 400, "query.brand"},
		{"category=" + strings.Join(numbers(21), "&category="), 400, "query.category"},
		{"attr.colour=" + strings.Join(numbers(21), "&attr.colour="), 400, "query.attr.colour"},
		{"attr.k" + strings.Join(numbers(11), "=1&attr.k") + "=1", 400, "query.attr"},
		{"attr.=1", 400, "query.attr."},
		{"attr." + strings.Repeat("k", 101) + "=1", 400, "query.attr." + strings.Repeat("k", 101)},
		{"attr.weight_min=heavy", 400, "query.attr.weight_min"},
		{"attr.weight_max=NaN", 400, "query.attr.weight_max"},
		{"attr.weight_max=1e999", 400, "query.attr.weight_max"},
		{"attr.weight_min=2&attr.weight_max=1", 400, "query.attr.weight_min"},
		{"q=%zz", 400, "query.q"},
		{"q=%", 400, "query.q"},
		{"%ff=1", 400, "query.�"},
	} {
		p := mustProblem(t, call(server, http.MethodGet, searchPath+"?"+c.query, ""), c.status, c.location)
		name := strings.TrimPrefix(c.location, "query.")
		if c.status == 400 && !strings.Contains(p.Detail, name) {
			t.Errorf("%.40s: the detail does not name %s: %s", c.query, name, p.Detail)
		}
		if strings.HasPrefix(c.location, "query.page") && c.status == 404 && p.Detail != "Invalid page." {
			t.Errorf("%s: %s", c.query, p.Detail)
		}
	}
}

func TestEveryWrongParameterIsNamed(t *testing.T) {
	t.Parallel()
	w := call(mustServe(t, &shop{}), http.MethodGet, searchPath+"?page_size=0&sort=x&in_stock=y", "")
	if p := mustProblem(t, w, 400, "query.in_stock"); len(p.Errors) != 3 {
		t.Errorf("want 3, got %+v", p.Errors)
	}
}

func TestSearchParameters(t *testing.T) {
	t.Parallel()
	price := func(p catalog.Price) *catalog.Price { return &p }
	usual := search.Params{Sort: search.ByNewest, Page: 1, PageSize: 10}
	with := func(change func(*search.Params)) search.Params { p := usual; change(&p); return p }
	for _, c := range []struct {
		query string
		want  search.Params
	}{
		{"", usual},
		{"q=&category=&min_price=&max_price=&store_id=&in_stock=&sort=&page=&page_size=", usual},
		{"q=++laptop+", with(func(p *search.Params) { p.Query, p.Sort = "laptop", search.ByRelevance })},
		{"q=a%00b", with(func(p *search.Params) { p.Query, p.Sort = "a b", search.ByRelevance })},
		{"q=a;b", with(func(p *search.Params) { p.Query, p.Sort = "a;b", search.ByRelevance })},
		{"q=" + strings.Repeat("%F0%9F%99%82", 500), with(func(p *search.Params) { p.Query, p.Sort = strings.Repeat("🙂", 500), search.ByRelevance })},
		{"category=Notebooks&in_stock=false", with(func(p *search.Params) { p.Categories = []string{"notebooks"} })},
		{"category=b&category=A&category=&category=a&brand=HP", with(func(p *search.Params) { p.Categories, p.Brands = []string{"A", "B"}, []string{"hp"} })},
		{"brand=&attr.a=&attr.weight_min=", usual},
		{"attr.Weight_min=1.50&attr.weight_max=%2B2&attr.weight=2", with(func(p *search.Params) {
			low, high := 1.5, 2.0
			p.Attributes = []search.AttributeFilter{{Key: "weight", Values: []string{"2"}, Min: &low, Max: &high}}
		})},
		{"attr.power__max=5&attr.colour=Red&attr.colour=blue&attr.COLOUR=red", with(func(p *search.Params) {
			p.Attributes = []search.AttributeFilter{{Key: "colour", Values: []string{"blue", "red"}}, {Key: "power__max", Values: []string{"5"}}}
		})},
		{"min_price=10&max_price=10.00", with(func(p *search.Params) { p.MinPrice, p.MaxPrice = price(1000), price(1000) })},
		{"store_id=2&in_stock=TRUE", with(func(p *search.Params) { p.StoreID, p.InStock = 2, true })},
		{"sort=-price&page=3&page_size=1", with(func(p *search.Params) { p.Sort, p.Page, p.PageSize = search.ByPriceDesc, 3, 1 })},
		{"page=last", with(func(p *search.Params) { p.Page = search.LastPage })},
		{"cursor=start", with(func(p *search.Params) { p.Cursor = search.CursorStart })},
		{"page_size=5&page_size=ten&colour=red", with(func(p *search.Params) { p.PageSize = 5 })},
	} {
		s := &shop{page: hits(25)}
		if w := call(mustServe(t, s), http.MethodGet, searchPath+"?"+c.query, ""); w.Code != 200 {
			t.Errorf("%.40s: %d %s", c.query, w.Code, w.Body)
			continue
		}
		if searchKey(s.asked[0]) != searchKey(c.want) || s.asked[0].Cursor != c.want.Cursor {
			t.Errorf("%.40s: got %+v, want %+v", c.query, s.asked[0], c.want)
		}
	}
}

// numbers are the first n numbers, as texts.
func numbers(n int) (list []string) {
	for i := range n {
		list = append(list, strconv.Itoa(i))
	}
	return list
}

func TestSearchAnswer(t *testing.T) {
	t.Parallel()
	w := call(mustServe(t, &shop{page: hits(25)}), http.MethodGet, searchPath+"?q=a+%26+b&page=2&colour=red", "")
	want := `{"count":25,"next":"http://shop.test/api/search/products/?colour=red&page=3&q=a+%26+b",` +
		`"previous":"http://shop.test/api/search/products/?colour=red&page=1&q=a+%26+b",` +
		`"results":[{"id":1,"title":"A <b> & \"c\"","description":"","price":"20.95","category":"Notebooks","brand":"B","sku":"S"}]}`
	if w.Body.String() != want || w.Header().Get("Content-Type") != jsonUTF8 {
		t.Errorf("got %s", w.Body)
	}
}

func TestPagesAndLinks(t *testing.T) {
	t.Parallel()
	quantity := int64(4)
	for _, c := range []struct {
		name, query    string
		page           search.Page
		next, previous string
	}{
		{"nothing found", "", search.Page{}, "", ""},
		{"one page", "", search.Page{Count: 10}, "", ""},
		{"the first", "", search.Page{Count: 11}, "page=2", ""},
		{"the last", "page=last", search.Page{Count: 11, Number: 2}, "", "page=1"},
		{"past ten thousand", "page=1001", search.Page{Count: 19_406}, "page=1002", "page=1000"},
		{"a walk", "cursor=start", search.Page{Count: 11, NextCursor: "c 1"}, "cursor=c+1", ""},
		{"a walk's end", "cursor=x", search.Page{Count: 11}, "", ""},
		{"with a store", "store_id=2", search.Page{Count: 1, Hits: []search.Hit{{Quantity: &quantity}}}, "", ""},
	} {
		server := mustServe(t, &shop{page: c.page}, func(o *Options) { o.PublicURL = "https://shop.example/" })
		got := mustJSON[searchView](t, call(server, http.MethodGet, searchPath+"?"+c.query, ""), 200)
		for which, pair := range map[string][2]string{"next": {orEmpty(got.Next), c.next}, "previous": {orEmpty(got.Previous), c.previous}} {
			if (pair[1] == "") != (pair[0] == "") || !strings.Contains(pair[0], pair[1]) || (pair[0] != "" && !strings.HasPrefix(pair[0], "https://shop.example/api/")) {
				t.Errorf("%s: %s is %q", c.name, which, pair[0])
			}
		}
		if got.Results == nil || orEmpty(got.NextCursor) != c.page.NextCursor || (len(got.Results) > 0 && *got.Results[0].Quantity != 4) {
			t.Errorf("%s: got %+v", c.name, got)
		}
	}
}

func orEmpty(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func TestSearchCache(t *testing.T) {
	t.Parallel()
	s := &shop{page: hits(25), age: 7 * time.Second}
	server := mustServe(t, s)
	get := func(query string, headers ...string) string {
		w := call(server, http.MethodGet, searchPath+"?"+query, "", headers...)
		if w.Code != 200 || w.Header().Get("Cache-Control") != "no-cache" || w.Header().Get("ETag") == "" {
			t.Errorf("%s: %d %v", query, w.Code, w.Header())
		}
		return w.Header().Get("Age") + " " + w.Body.String()
	}
	first := get("q=a&min_price=5")
	for _, c := range []struct {
		query, header, age string
		asked              int
	}{
		{"min_price=5.00&q=+a&page=1&page_size=10&sort=relevance&in_stock=false", "X: y", "7", 1},
		{"q=a&min_price=5", "Cache-Control: no-cache", "", 2},
		{"q=a&min_price=5", "Cache-Control: private, Max-Age=0", "", 3},
		{"q=a&min_price=5", "X: y", "7", 3},
		{"q=a&min_price=5&page=2", "X: y", "", 4},
	} {
		got := get(c.query, c.header)
		if age, _, _ := strings.Cut(got, " "); age != c.age || len(s.asked) != c.asked {
			t.Errorf("%s, %s: age %q, the engine was asked %d times", c.query, c.header, age, len(s.asked))
		}
	}
	if again := get("q=a&min_price=5"); again != "7"+first {
		t.Errorf("cached %s, was %s", again, first)
	}
	walk := call(server, http.MethodGet, searchPath+"?q=a&min_price=5&cursor=start", "")
	if walk.Header().Get("Cache-Control") != "no-store" || walk.Header().Get("Age") != "" || len(s.asked) != 5 {
		t.Errorf("a cursor walk was cached: %v", walk.Header())
	}
}

func TestBrokenCacheEntriesAreMisses(t *testing.T) {
	t.Parallel()
	for _, b := range []string{"", "\x80", "\x02", "\x02\x80", "\x02\x02"} {
		if _, ok := unpackPage([]byte(b)); ok {
			t.Errorf("%q was read", b)
		}
	}
}

func TestCacheTurnedOff(t *testing.T) {
	t.Parallel()
	s := &shop{page: hits(1), titles: []string{"Canon"}}
	server := mustServe(t, s, func(o *Options) { o.SearchCache, o.SuggestCache = 0, 0 })
	for _, target := range []string{searchPath, "/api/search/suggest/?q=can"} {
		w := call(server, http.MethodGet, target, "")
		if w.Code != 200 || w.Header().Get("Cache-Control") != "no-store" || len(s.kept) != 0 {
			t.Errorf("%s: %d %v", target, w.Code, w.Header())
		}
	}
}

func TestSuggest(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, query, want, typed string
		status                   int
	}{
		{"titles", "q=can", `["Canon <EOS>","Pecan"]`, "can", 200},
		{"trimmed", "q=+CaN+", `["Canon <EOS>","Pecan"]`, "CaN", 200},
		{"too short", "q=ca", `[]`, "", 200},
		{"too short when trimmed", "q=+ca+", `[]`, "", 200},
		{"counted in characters", "q=%C3%A9%C3%A9", `[]`, "", 200},
		{"nothing", "", `[]`, "", 200},
		{"of a store", "q=can&store_id=2", `["Canon <EOS>","Pecan"]`, "can", 200},
		{"of no store", "q=can&store_id=3", "query.store_id", "", 404},
		{"of a bad store", "q=can&store_id=x", "query.store_id", "", 400},
		{"too long", "q=" + strings.Repeat("a", 5000), "query.q", "", 400},
	} {
		s := &shop{titles: []string{"Canon <EOS>", "Pecan"}}
		w := call(mustServe(t, s), http.MethodGet, "/api/search/suggest/?"+c.query, "")
		if c.status != 200 {
			mustProblem(t, w, c.status, c.want)
			continue
		}
		if w.Code != 200 || w.Body.String() != c.want || strings.Join(s.typed, "|") != c.typed {
			t.Errorf("%s: %d %s, typed %q", c.name, w.Code, w.Body, s.typed)
		}
	}
}

func TestSuggestCache(t *testing.T) {
	t.Parallel()
	s := &shop{age: 9 * time.Second}
	server := mustServe(t, s)
	for i, want := range []struct{ query, header, age string }{
		{"q=can", "X: y", ""}, {"q=CAN+", "X: y", "9"}, {"q=can", "Cache-Control: no-cache", ""}, {"q=can&store_id=2", "X: y", ""},
	} {
		w := call(server, http.MethodGet, "/api/search/suggest/?"+want.query, "", want.header)
		if w.Body.String() != "[]" || w.Header().Get("Age") != want.age || w.Header().Get("Cache-Control") != "max-age=300" {
			t.Errorf("%d: %s %v", i, w.Body, w.Header())
		}
	}
}

func TestEngineFaults(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err    error
		status int
	}{
		"away":           {errAway, 503},
		"cursor expired": {fault.New(fault.Gone, "the cursor has expired"), 410},
		"no such page":   {fault.New(fault.NotFound, "Invalid page."), 404},
		"a bug":          {errTest("driver: secret text"), 500},
	} {
		server := mustServe(t, &shop{fails: c.err})
		for _, target := range []string{searchPath + "?q=a", "/api/search/suggest/?q=can"} {
			w := call(server, http.MethodGet, target, "")
			mustProblem(t, w, c.status, "")
			if strings.Contains(w.Body.String(), "secret") {
				t.Errorf("%s: a driver's text reached the caller: %s", name, w.Body)
			}
		}
	}
}

func TestWhatTheEngineRefusesIsNamed(t *testing.T) {
	t.Parallel()
	for query, c := range map[string]struct {
		err      error
		status   int
		location string
	}{
		"cursor=x":  {fault.New(fault.Invalid, "no cursor"), 400, "query.cursor"},
		"cursor=y":  {fault.New(fault.Gone, "expired"), 410, "query.cursor"},
		"page=3":    {fault.New(fault.NotFound, "Invalid page."), 404, "query.page"},
		"page=last": {fault.New(fault.NotFound, "Invalid page."), 404, "query.page"},
	} {
		mustProblem(t, call(mustServe(t, &shop{fails: c.err}), http.MethodGet, searchPath+"?"+query, ""), c.status, c.location)
	}
}

type errTest string

func (e errTest) Error() string { return string(e) }

// noted is what the sample was told.
type noted struct{ queries []string }

func (n *noted) Note(p search.Params) { n.queries = append(n.queries, p.Query) }

// The sample hears of searches that are answered from the cache too, and of none
// that is refused.
func TestTheSampleHearsOfSearches(t *testing.T) {
	t.Parallel()
	heard := &noted{}
	server := mustServe(t, &shop{page: hits(25)}, func(o *Options) { o.Sample = heard })
	for _, query := range []string{"q=mouse", "q=mouse", "q=mouse&store_id=3", "q=cable&sort=colour"} {
		call(server, "GET", searchPath+"?"+query, "")
	}
	if len(heard.queries) != 2 || heard.queries[1] != "mouse" {
		t.Errorf("it heard of %q", heard.queries)
	}
}
