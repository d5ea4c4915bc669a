package api

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"aforro/pkg/auth"
	"aforro/pkg/catalog"
	"aforro/pkg/fault"
	"aforro/pkg/inventory"
	"aforro/pkg/order"
	"aforro/pkg/search"
)

// shop fulfils every interface of Options from memory: one store (2), one
// product (10). It is for what the API itself decides; the real parts have
// tests of their own.
type shop struct {
	mu       sync.Mutex
	asked    []search.Params
	typed    []string
	page     search.Page
	titles   []string
	rich     []search.Suggestion
	indexed  map[int64]search.Live
	fails    error
	decided  order.Order
	undecide bool
	replays  bool
	drafts   []order.Draft
	waits    []time.Duration
	lines    []inventory.Line
	list     []order.Summary
	refuse   time.Duration
	who      []string
	kept     map[string][]byte
	age      time.Duration
	ready    error
	till     till
	// live is what the database says; nil: what the page says.
	live     map[int64]search.Live
	liveErr  error
	lived    int
	position search.Version
	watch    *search.Watch
}

var made = time.Date(2026, 11, 22, 16, 26, 32, 280_000_000, time.UTC)

func (s *shop) Search(_ context.Context, p search.Params) (search.Page, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, p)
	page := s.page
	page.Hits = slices.Clone(page.Hits) // whoever asked writes on them
	return page, s.fails
}

// Live says of each product what the page says, unless told otherwise.
func (s *shop) Live(_ context.Context, ids []int64, storeID int64, _ bool) (map[int64]search.Live, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lived++
	if s.live != nil || s.liveErr != nil {
		return s.live, s.liveErr
	}
	live := map[int64]search.Live{}
	for _, h := range s.page.Hits {
		now := search.Live{Price: h.Price, Carried: true, InStock: true}
		if h.Quantity != nil {
			now.Quantity = *h.Quantity
		}
		live[h.ID] = now
	}
	return live, nil
}

// LiveNear has one piece of everything in the first store.
func (s *shop) LiveNear(_ context.Context, ids, stores []int64) (map[int64]search.Live, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	live := map[int64]search.Live{}
	for _, id := range ids {
		live[id] = search.Live{Price: 2095, InStock: true, NearStore: stores[0], Quantity: 1}
	}
	return live, s.liveErr
}

func (s *shop) Position(context.Context) (search.Version, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.position == 0 {
		return 0, errAway
	}
	return s.position, nil
}

// hear tells the shop's watch something, of one epoch.
func (s *shop) hear(sequence int64, visible search.Version, changed ...int64) {
	s.watch.Hear(search.Progress{Epoch: "e", Sequence: sequence, Visible: visible, AsOf: time.Now(), Changed: changed})
}

func (s *shop) Similar(_ context.Context, to catalog.Product, p search.Params) ([]search.Hit, error) {
	p.Query = "like " + to.Title
	page, err := s.Search(context.Background(), p)
	return page.Hits, err
}

func (s *shop) Accessories(_ context.Context, to catalog.Product, p search.Params) ([]search.Hit, error) {
	p.Query = "for " + to.Title
	page, err := s.Search(context.Background(), p)
	return page.Hits, err
}

func (s *shop) Suggest(_ context.Context, typed string, _ int64) ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.typed = append(s.typed, typed)
	return s.titles, s.fails
}

func (s *shop) SuggestRich(_ context.Context, typed string, _ int64) ([]search.Suggestion, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.typed = append(s.typed, typed)
	return s.rich, s.fails
}

func (s *shop) Indexed(context.Context, []int64, int64) (map[int64]search.Live, error) {
	return s.indexed, s.fails
}

func (s *shop) Product(_ context.Context, id int64) (catalog.Product, error) {
	if id != 10 {
		return catalog.Product{}, fault.New(fault.NotFound, "not found")
	}
	return catalog.Product{ID: 10, Title: "Cable", Price: 2795, Attributes: json.RawMessage(`{"length": 2}`), ReleasedOn: &made}, s.fails
}

func (s *shop) Availability(context.Context, int64) ([]catalog.Availability, error) {
	return []catalog.Availability{{StoreID: 2, City: "Pune", Quantity: 7}}, nil
}

func (s *shop) StoreExists(_ context.Context, id int64) (bool, error) { return id == 2, s.fails }

func (s *shop) Stores(context.Context) ([]catalog.Store, error) {
	return []catalog.Store{{ID: 7, Name: "B", City: "Pune & <b>", Latitude: -60}, {ID: 2, Name: "A", City: "Delhi", Latitude: 18.52, Longitude: 73.857}}, s.fails
}

func (s *shop) Inventory(_ context.Context, _ int64, after inventory.Position, limit int) ([]inventory.Line, error) {
	var list []inventory.Line
	for _, l := range s.lines {
		if l.Title > after.Title && len(list) < limit {
			list = append(list, l)
		}
	}
	return list, s.fails
}

func (s *shop) Place(_ context.Context, d order.Draft, wait time.Duration) (order.Order, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drafts, s.waits = append(s.drafts, d), append(s.waits, wait)
	switch {
	case s.fails != nil:
		return order.Order{}, false, s.fails
	case d.StoreID != 2:
		return order.Order{}, false, notFound("store", fault.Field{Location: "body.store_id", Message: "there is no such store"})
	case d.Items[0].ProductID == 11:
		return order.Order{}, false, fault.New(fault.Invalid, "inactive").With(fault.Field{Location: "body.items[0].product_id", Message: "is not sold any more"})
	case d.Items[0].ProductID != 10:
		return order.Order{}, false, notFound("product", fault.Field{Location: "body.items[0].product_id", Message: "there is no such product"})
	case wait == 0 || s.undecide:
		return order.Order{ID: 1, StoreID: 2, Status: order.Pending, CreatedAt: made, Items: d.Items, Total: 5590}, s.replays, nil
	}
	return s.decided, s.replays, nil
}

// Await decides at once what was PENDING.
func (s *shop) Await(context.Context, int64) (order.Order, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.decided.Status == order.Pending {
		at := made.Add(time.Second)
		s.decided.Status, s.decided.DecidedAt = order.Confirmed, &at
		s.decided.History = append(s.decided.History, order.Event{Status: order.Confirmed, At: at})
	}
	return s.decided, s.fails
}

func (s *shop) Cancel(_ context.Context, id int64) (order.Order, error) {
	if id != 1 {
		return order.Order{}, fault.New(fault.NotFound, "not found")
	}
	if s.decided.Status == order.Rejected {
		return order.Order{}, fault.New(fault.Conflict, "only a CONFIRMED order can be cancelled")
	}
	s.decided.Status = order.Cancelled
	return s.decided, s.fails
}

func (s *shop) Order(_ context.Context, id int64) (order.Order, error) {
	if id != 1 {
		return order.Order{}, fault.New(fault.NotFound, "not found")
	}
	return s.decided, s.fails
}

func (s *shop) StoreOrders(_ context.Context, _, before int64, limit int) ([]order.Summary, error) {
	var list []order.Summary
	for _, o := range s.list {
		if (before == 0 || o.ID < before) && len(list) < limit {
			list = append(list, o)
		}
	}
	return list, s.fails
}

func (s *shop) Get(_ context.Context, key string) ([]byte, time.Duration, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	value, found := s.kept[key]
	return value, s.age, found
}

func (s *shop) Set(key string, value []byte, _ time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kept[key] = value
}

func (s *shop) Allow(_ context.Context, who string, _ int) (bool, time.Duration) {
	s.who = append(s.who, who)
	return s.refuse == 0, s.refuse
}

// mustServe makes a server over the shop; change may adjust its options.
func mustServe(tb testing.TB, s *shop, change ...func(*Options)) *Server {
	tb.Helper()
	if s.kept == nil {
		s.kept = map[string][]byte{}
	}
	if s.watch == nil {
		stopped := time.Now() // hears once what it hears for ever
		s.watch = search.NewWatch(time.Minute, func() time.Time { return stopped })
		s.hear(1, 0x100)
	}
	tokens, err := auth.NewTokens(strings.Repeat("s", auth.MinSecret))
	if err != nil {
		tb.Fatal(err)
	}
	o := Options{
		Engine: s, Catalogue: s, Stores: s, Orders: s, Desk: s, Cache: s, Limiter: s, Stock: s, Reservations: s, Webhooks: &hooks{}, WebhookTools: &hooks{},
		Truth: s, Positions: s, Watch: s.watch, PositionWait: 50 * time.Millisecond,
		Tokens: tokens, Staff: auth.NewStaff("staff-key-of-a-test"),
		SearchCache: time.Minute, SuggestCache: 5 * time.Minute, RateLimit: 600, DecisionWait: 20 * time.Millisecond, StopGrace: time.Second,
		Ready: func(context.Context) error { return s.ready }, Log: slog.New(slog.DiscardHandler),
		Metrics: prometheus.NewRegistry(), MetricsPage: http.NotFoundHandler(),
	}
	for _, c := range change {
		c(&o)
	}
	server, err := New(o)
	if err != nil {
		tb.Fatal(err)
	}
	return server
}

// call sends one request. headers are "Name: value".
func call(h http.Handler, method, target, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, "http://shop.test/", strings.NewReader(body))
	r.Method = method
	path, query, _ := strings.Cut(target, "?")
	r.URL.Path, r.URL.RawQuery, r.Host = path, query, "shop.test"
	r.RemoteAddr = "127.0.0.1:40000"
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		if name == "Remote" {
			r.RemoteAddr = value
			continue
		}
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// mustProblem holds an answer against the form that every refusal has.
func mustProblem(tb testing.TB, w *httptest.ResponseRecorder, status int, location string) Problem {
	tb.Helper()
	var p Problem
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
		tb.Fatalf("status %d, not a problem: %v: %s", w.Code, err, w.Body)
	}
	if w.Code != status || p.Status != status || w.Header().Get("Content-Type") != "application/problem+json" || p.Detail == "" || p.Errors == nil {
		tb.Errorf("want a problem of status %d, got %d %s: %s", status, w.Code, w.Header().Get("Content-Type"), w.Body)
	}
	if location != "" && (len(p.Errors) == 0 || p.Errors[0].Location != location) {
		tb.Errorf("the problem does not name %s: %s", location, w.Body)
	}
	if (status == 503 || status == 429) && w.Header().Get("Retry-After") == "" {
		tb.Errorf("%d without Retry-After", status)
	}
	return p
}

func mustJSON[T any](tb testing.TB, w *httptest.ResponseRecorder, status int) T {
	tb.Helper()
	var v T
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil || w.Code != status {
		tb.Fatalf("want %d and JSON, got %d, %v: %s", status, w.Code, err, w.Body)
	}
	return v
}

var errAway = fault.Wrap(errors.New("dial tcp: secret-host"), fault.Unavailable, "away")
