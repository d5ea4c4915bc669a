//go:build integration

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"aforro/pkg/testkit"
)

// answer is what came back for one request.
type answer struct {
	status int
	header http.Header
	body   string
	took   time.Duration
}

// do sends one request; it may be called from any goroutine.
func (s *shop) do(method, target, body string, headers ...string) (answer, error) {
	req, err := http.NewRequestWithContext(s.tb.Context(), method, s.base+target, strings.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	begun := time.Now()
	resp, err := s.client.Do(req)
	if err != nil {
		return answer{}, err
	}
	got, err := io.ReadAll(resp.Body)
	if closeErr := resp.Body.Close(); err == nil {
		err = closeErr
	}
	return answer{resp.StatusCode, resp.Header, strings.TrimSpace(string(got)), time.Since(begun)}, err
}

func (s *shop) get(target string, headers ...string) answer {
	s.tb.Helper()
	a, err := s.do(http.MethodGet, target, "", headers...)
	if err != nil {
		s.tb.Fatalf("GET %s: %v", target, err)
	}
	return a
}

// read is a get that must succeed, decoded. As a client does, it comes back
// when a dependency was too slow: the services are shared, and may have started
// a moment ago.
func read[T any](s *shop, target string, headers ...string) (v T) {
	s.tb.Helper()
	var a answer
	testkit.Eventually(s.tb, patience, "GET "+target+" is not answered with 503", func() bool {
		a = s.get(target, headers...)
		return a.status != http.StatusServiceUnavailable
	})
	if a.status != http.StatusOK {
		s.tb.Fatalf("GET %s: %d %s", target, a.status, a.body)
	}
	decode(s.tb, a, &v)
	return v
}

func decode(tb testing.TB, a answer, v any) {
	tb.Helper()
	if err := json.Unmarshal([]byte(a.body), v); err != nil {
		tb.Fatalf("%v in %d %s", err, a.status, a.body)
	}
}

// mustBeAway fails unless the answer says that a dependency is away, when to
// come back, and nothing of how it is built.
func (a answer) mustBeAway(tb testing.TB, what string) {
	tb.Helper()
	if a.status != http.StatusServiceUnavailable || a.header.Get("Retry-After") == "" ||
		a.header.Get("Content-Type") != "application/problem+json" || strings.Contains(a.body, "127.0.0.1") {
		tb.Errorf("%s: %d, Retry-After %q, %s", what, a.status, a.header.Get("Retry-After"), a.body)
	}
}

const (
	searchPath  = "/api/search/products/"
	suggestPath = "/api/search/suggest/"
	fresh       = "Cache-Control: no-cache"
)

// found is a page of results.
type found struct {
	Count   int64
	Results []struct {
		ID              int64
		Title, Category string
		Quantity        *int64 `json:"inventory_quantity"`
	}
}

// search asks the index itself; parameters come in pairs.
func (s *shop) search(params ...string) found {
	s.tb.Helper()
	return read[found](s, searchPath+"?"+query(append(params, "page_size", "100")...), fresh)
}

func query(params ...string) string {
	v := url.Values{}
	for i := 0; i < len(params); i += 2 {
		v.Set(params[i], params[i+1])
	}
	return v.Encode()
}

// has reports whether the page holds the product, and how many pieces the
// asked-for store has; -1 when no store was named.
func (f found) has(id int64) (quantity int64, ok bool) {
	for _, r := range f.Results {
		if r.ID == id && r.Quantity != nil {
			return *r.Quantity, true
		}
		if r.ID == id {
			return -1, true
		}
	}
	return 0, false
}

// placed is an order as the API answers it.
type placed struct {
	ID            int64
	Status, Total string
	Token         string
	CreatedAt     time.Time  `json:"created_at"`
	DecidedAt     *time.Time `json:"decided_at"`
	Items         []struct {
		Product   int64
		UnitPrice string `json:"unit_price"`
	}
	Reasons []struct {
		Product, Requested, Available int64
		Code                          string
	}
	History []struct{ Status string }
}

func orderOf(store int64, lines ...[2]int64) string {
	items := make([]string, len(lines))
	for i, l := range lines {
		items[i] = fmt.Sprintf(`{"product_id": %d, "quantity_requested": %d}`, l[0], l[1])
	}
	return fmt.Sprintf(`{"store_id": %d, "items": [%s]}`, store, strings.Join(items, ","))
}

// order places an order, which must be taken in; lines are product, quantity.
func (s *shop) order(store int64, lines ...[2]int64) (p placed) {
	s.tb.Helper()
	a, err := s.do(http.MethodPost, "/orders/", orderOf(store, lines...))
	if err != nil || (a.status != http.StatusCreated && a.status != http.StatusAccepted) {
		s.tb.Fatalf("an order: %d %s %v", a.status, a.body, err)
	}
	decode(s.tb, a, &p)
	return p
}

// page reads an order by its token.
func (s *shop) page(p placed) placed {
	s.tb.Helper()
	return read[placed](s, fmt.Sprintf("/orders/%d/?token=%s", p.ID, url.QueryEscape(p.Token)))
}
