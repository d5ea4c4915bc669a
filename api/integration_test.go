//go:build integration

package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"aforro/pkg/testkit"
)

const (
	searchAll = "/api/search/products/"
	suggest   = "/api/search/suggest/?q=can"
)

func TestStockFromTheDatabase(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for target, want := range map[string]string{
		"/api/products/1/": `{"id":1,"title":"Product 01","description":"","price":"1.50","category":"Notebooks","brand":"","sku":"S1","gtin":"","image_url":"",` +
			`"released_on":"2019-06-21","attributes":{"colour":"black"},"availability":[{"store_id":1,"city":"Pune","quantity":10}]}`,
		"/stores/1/inventory/?limit=1": `[{"product_title":"Product 01","price":"1.50","category":"Notebooks","quantity":10,"product_id":1,"sku":"S1"}]`,
		"/stores/2/inventory/":         `[]`,
		"/stores/2/orders/":            `[]`,
	} {
		if got := s.get(target); got.status != 200 || got.body != want {
			t.Errorf("%s: %d %s", target, got.status, got.body)
		}
	}
	for _, target := range []string{"/api/products/9/", "/api/products/99/", "/stores/3/inventory/", "/stores/3/orders/", searchAll + "?store_id=3"} {
		if got := s.get(target); got.status != 404 {
			t.Errorf("%s: %d %s", target, got.status, got.body)
		}
	}
}

func TestInventoryIsWalkedWhole(t *testing.T) {
	t.Parallel()
	s := newService(t)
	var titles []string
	target := "/stores/1/inventory/?limit=3"
	for target != "" && len(titles) < 100 {
		got := s.get(target)
		for _, part := range strings.Split(got.body, `"product_title":"`)[1:] {
			titles = append(titles, part[len("Product "):len("Product 01")])
		}
		link, _ := strings.CutSuffix(got.header.Get("Link"), `>; rel="next"`)
		target = strings.TrimPrefix(strings.TrimPrefix(link, "<"), s.base)
	}
	if got := strings.Join(titles, " "); got != "01 02 03 04 05 06 07 08" { // 9 is inactive
		t.Errorf("got %s", got)
	}
}

func TestOrdersThroughTheDatabase(t *testing.T) {
	t.Parallel()
	s := newService(t)
	body := `{"store_id": 1, "items": [{"product_id": 1, "quantity_requested": 2}, {"product_id": 2, "quantity": 1}, {"product_id": 1, "quantity": 1}]}`
	placed := s.call(http.MethodPost, "/orders/", body, "Prefer: respond-async")
	location := placed.header.Get("Location")
	if placed.status != 202 || placed.field(t, "status") != "PENDING" || placed.field(t, "total") != "7.00" || location == "" {
		t.Fatalf("got %d %s", placed.status, placed.body)
	}
	if got := s.get(location); got.status != 200 || got.field(t, "decided_at") != "<nil>" || !strings.Contains(got.body, `"unit_price":"2.50"`) {
		t.Errorf("the order's page: %d %s", got.status, got.body)
	}
	want := fmt.Sprintf(`{"id":%s,"status":"PENDING"`, placed.field(t, "id"))
	if got := s.get("/stores/1/orders/"); !strings.HasPrefix(got.body, "["+want) || !strings.HasSuffix(got.body, `"total_items":3}]`) {
		t.Errorf("the store's orders: %s", got.body)
	}
	for body, status := range map[string]int{
		`{"store_id": 9, "items": [{"product_id": 1, "quantity": 1}]}`:  404,
		`{"store_id": 1, "items": [{"product_id": 99, "quantity": 1}]}`: 404,
		`{"store_id": 1, "items": [{"product_id": 9, "quantity": 1}]}`:  422,
	} {
		if got := s.call(http.MethodPost, "/orders/", body); got.status != status || !strings.Contains(got.body, `"location":"body.`) {
			t.Errorf("%s: %d %s", body, got.status, got.body)
		}
	}
}

func TestAnOrderIsAnsweredOnceItIsDecided(t *testing.T) {
	t.Parallel()
	s := newService(t)
	decided := make(chan answer)
	go func() {
		decided <- s.call(http.MethodPost, "/orders/", `{"store_id": 1, "items": [{"product_id": 1, "quantity": 1}]}`)
	}()
	testkit.Eventually(t, 5*time.Second, "the order is saved", func() bool { return s.get("/stores/1/orders/").body != "[]" })
	s.exec(`UPDATE orders SET status = 'CONFIRMED', decided_at = now()`)
	if got := <-decided; got.status != 201 || got.field(t, "status") != "CONFIRMED" {
		t.Errorf("got %d %s", got.status, got.body)
	}
}

func TestOddValuesReachTheDatabaseHarmlessly(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for _, target := range []string{
		searchAll + "?q=%00&category=%00", searchAll + "?q=%F0%9F%99%82", searchAll + "?store_id=9223372036854775807", searchAll + "?store_id=-9223372036854775808",
		"/stores/9223372036854775807/orders/", "/stores/-1/inventory/", "/stores/1/orders/?before=9223372036854775807", "/stores/1/orders/?before=-5",
		"/stores/1/inventory/?after=OTIyMzM3MjAzNjg1NDc3NTgwNzrwn5mC", "/api/products/9223372036854775807/", "/api/products/%00/",
	} {
		if got := s.get(target); got.status >= 500 {
			t.Errorf("%s: %d %s", target, got.status, got.body)
		}
	}
}

func TestAnswersAreCachedInRedis(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for _, target := range []string{searchAll, suggest} {
		// Tried again where the machine is so busy that the cache is passed over.
		testkit.Eventually(t, 10*time.Second, "a fresh answer, then the same from the cache", func() bool {
			before, fresh, again := s.get(target), s.get(target, "Cache-Control: no-cache"), s.get(target)
			return before.body != fresh.body && fresh.header.Get("Age") == "" && again.header.Get("Age") != "" && again.body == fresh.body
		})
	}
}

func TestStrangersAreLimited(t *testing.T) {
	t.Parallel()
	s := newService(t)
	stranger := "X-Forwarded-For: 192.0.2.1"
	var got answer
	testkit.Eventually(t, 10*time.Second, "the stranger is sent away", func() bool {
		got = s.get(suggest, stranger)
		return got.status == 429
	})
	if got.header.Get("Retry-After") == "" || got.header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("got %d %v", got.status, got.header)
	}
	for target, headers := range map[string]string{suggest: "X-Forwarded-For: 192.0.2.2", searchAll: "X: loopback"} {
		if got := s.get(target, headers); got.status != 200 {
			t.Errorf("%s, %s: %d", target, headers, got.status)
		}
	}
	if got := s.get("/healthz", stranger); got.status != 200 {
		t.Errorf("/healthz: %d", got.status)
	}
}

func TestRedisAwayCostsASearchLittle(t *testing.T) {
	t.Parallel()
	for name, take := range map[string]func(*testkit.Proxy){"cut": (*testkit.Proxy).Cut, "mute": (*testkit.Proxy).Mute} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newService(t)
			s.get(searchAll)
			take(s.redis)
			fastest := time.Minute
			for range 5 {
				got := s.get(searchAll, "X-Forwarded-For: 192.0.2.1")
				if got.status != 200 || got.header.Get("Age") != "" {
					t.Errorf("got %d %v", got.status, got.header)
				}
				fastest = min(fastest, got.took)
				if got.took > 150*time.Millisecond { // 30 ms, on a machine that is busy with other tests
					t.Errorf("a search took %s", got.took)
				}
			}
			if fastest > 20*time.Millisecond {
				t.Errorf("the breaker spares nobody: the fastest search took %s", fastest)
			}
		})
	}
}

func TestDatabaseAwayAndBack(t *testing.T) {
	t.Parallel()
	s := newService(t)
	withStore := searchAll + "?store_id=1"
	if got := s.get(withStore); got.status != 200 {
		t.Fatalf("got %d %s", got.status, got.body)
	}
	s.database.Cut()
	for _, target := range []string{"/api/products/1/", "/stores/1/orders/", "/stores/1/inventory/", "/readyz"} {
		got := s.get(target)
		if got.status != 503 || got.header.Get("Retry-After") == "" || strings.Contains(got.body, "127.0.0.1") {
			t.Errorf("%s: %d %s", target, got.status, got.body)
		}
	}
	if got := s.call(http.MethodPost, "/orders/", `{"store_id": 1, "items": [{"product_id": 1, "quantity": 1}]}`); got.status != 503 {
		t.Errorf("an order: %d %s", got.status, got.body)
	}
	if got := s.get(withStore, "Cache-Control: no-cache"); got.status != 200 {
		t.Errorf("a search in a known store: %d %s", got.status, got.body)
	}
	s.database.Heal()
	testkit.Eventually(t, 10*time.Second, "the database is used again", func() bool { return s.get("/api/products/1/").status == 200 })
}
