//go:build integration

package api_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"aforro/api"
	"aforro/pkg/search"
	"aforro/pkg/testkit"
)

// teller is an indexer as far as telling goes.
type teller struct {
	*service
	epoch    string
	sequence int64
}

// tell sends the next message.
func (l *teller) tell(changed ...int64) {
	l.tb.Helper()
	l.sequence++
	err := l.tells.Tell(l.tb.Context(), search.Progress{
		Epoch: l.epoch, Sequence: l.sequence, Visible: search.Version(0x1000 * l.sequence), AsOf: time.Now(), Changed: changed,
	})
	if err != nil {
		l.tb.Fatal(err)
	}
}

// at asks the API at base.
func (s *service) at(base, target string, headers ...string) answer {
	s.tb.Helper()
	return s.callAt(base, http.MethodGet, target, "", headers...)
}

// hear tells until every API says so.
func (l *teller) hear(bases ...string) {
	l.tb.Helper()
	for _, base := range bases {
		testkit.Eventually(l.tb, 20*time.Second, "the API hears what is told", func() bool {
			l.tell()
			return l.heard(base)
		})
	}
}

// heard reports whether the API has the last message, or gets it within a moment.
func (l *teller) heard(base string) bool {
	l.tb.Helper()
	want := search.FormatPosition(search.Version(0x1000 * l.sequence))
	got := l.at(base, searchAll+"?q=heard", "Cache-Control: no-cache", "X-Aforro-Position: "+want)
	return got.header.Get("X-Aforro-Position") == want && got.header.Get("X-Aforro-Stale") == ""
}

// aged reports whether the API's answer is from the cache; it tells before, so that
// the channel is alive.
func (l *teller) aged(base string) bool {
	l.tb.Helper()
	l.tell()
	return l.at(base, searchAll).header.Get("Age") != ""
}

// inMemory keeps answers in the process too.
func inMemory(o *api.Options) { o.CacheBytes = 8 << 20 }

func TestACachedPageIsDroppedInEveryProcess(t *testing.T) {
	t.Parallel()
	s := newService(t)
	bases := []string{s.serve(&s.engine, s.asked, inMemory), s.serve(&s.engine, s.asked, inMemory)}
	l := &teller{service: s, epoch: "e"}
	l.hear(bases...)
	cached := func(what string) {
		t.Helper()
		for _, base := range bases {
			testkit.Eventually(t, 10*time.Second, what+": the page is in the cache of both", func() bool { return l.aged(base) })
		}
	}
	dropped := func(what string, tell func()) {
		t.Helper()
		cached(what)
		before := []string{s.at(bases[0], searchAll).body, s.at(bases[1], searchAll).body}
		tell()
		for i, base := range bases {
			testkit.Eventually(t, time.Second, what+": the page is not shown any more", func() bool { return s.at(base, searchAll).body != before[i] })
		}
	}
	dropped("its product changed", func() {
		s.exec(`UPDATE products SET price = 3.25 WHERE id = 1`)
		l.tell(1)
	})
	if got := s.at(bases[0], searchAll); !strings.Contains(got.body, `"price":"3.25"`) {
		t.Errorf("the price of now is not shown: %s", got.body)
	}
	dropped("a message is missing", func() { l.sequence++; l.tell() })
	dropped("another indexer takes over", func() { l.epoch, l.sequence = "f", l.sequence+10; l.tell() })
	cached("another product changes")
	before := s.at(bases[1], searchAll).body
	l.tell(2, 3)
	if !l.heard(bases[1]) || s.at(bases[1], searchAll).body != before {
		t.Error("a page was dropped though nothing on it changed")
	}
}

// The API follows on a connection of its own: while that is cut it answers, and
// shows nothing that is older than a second.
func TestAPagesAgeWhileNothingIsHeard(t *testing.T) {
	t.Parallel()
	s := newService(t)
	through, channel := behind(t, s.direct)
	base := s.serve(&s.engine, testkit.Open(t, through), inMemory)
	l := &teller{service: s, epoch: "e"}
	l.hear(base)
	testkit.Eventually(t, 10*time.Second, "the page is in the cache", func() bool { return l.aged(base) })
	channel.Cut()
	seen, oldest := map[string]time.Time{}, time.Duration(0)
	until := time.Now().Add(4 * time.Second)
	for begun := time.Now(); time.Now().Before(until); {
		l.tell()
		asked := time.Now()
		got := s.at(base, searchAll)
		if got.status != http.StatusOK {
			t.Fatalf("got %d %s", got.status, got.body)
		}
		if _, known := seen[got.body]; !known {
			seen[got.body] = asked
		}
		if asked.Sub(begun) > 2*time.Second { // a second until the silence is noticed, and a second
			oldest = max(oldest, asked.Sub(seen[got.body]))
		}
	}
	if oldest > 1500*time.Millisecond || len(seen) < 3 {
		t.Errorf("a page was shown %s after it was made; %d pages", oldest, len(seen))
	}
	channel.Heal()
	l.hear(base)
	testkit.Eventually(t, 10*time.Second, "a page is kept again", func() bool { return l.aged(base) })
}

func TestPricesAndStockAreThoseOfNow(t *testing.T) {
	t.Parallel()
	s := newService(t)
	withStore := searchAll + "?store_id=1"
	shows := func(target, want string) {
		t.Helper()
		if got := s.get(target, "Cache-Control: no-cache"); got.status != 200 || !strings.Contains(got.body, want) || got.header.Get("X-Aforro-Stale") != "" {
			t.Errorf("%s: want %s, got %d %s", target, want, got.status, got.body)
		}
	}
	shows(searchAll, `"price":"1.50"`)
	s.exec(`UPDATE products SET price = 7.77 WHERE id = 1`)
	shows(searchAll, `"price":"7.77"`)
	shows(withStore+"&in_stock=true", `"inventory_quantity":10}`)
	s.exec(`UPDATE inventory SET held = 10 WHERE product_id = 1`)
	shows(withStore, `"inventory_quantity":0}`)
	shows(withStore+"&in_stock=true", `"results":[]`)
	shows(searchAll+"?in_stock=true", `"results":[]`)
	shows(searchAll+"?max_price=7.76", `"results":[]`)
	shows(searchAll+"?store_id=2", `"results":[]`)
	s.exec(`UPDATE products SET active = false WHERE id = 1`)
	shows(searchAll, `"results":[]`)
	for name, take := range map[string]func(*testkit.Proxy){"cut": (*testkit.Proxy).Cut, "mute": (*testkit.Proxy).Mute} {
		take(s.database)
		for range 3 {
			got := s.get(searchAll, "Cache-Control: no-cache")
			if got.status != 200 || !strings.Contains(got.body, `"price":"99.99"`) || got.header.Get("X-Aforro-Stale") != "true" ||
				got.header.Get("Cache-Control") != "no-store" || got.took > 2*time.Second {
				t.Errorf("%s: %d %v %s after %s", name, got.status, got.header, got.body, got.took)
			}
		}
		s.database.Heal()
		testkit.Eventually(t, 10*time.Second, "the database's word is shown again", func() bool {
			got := s.get(searchAll, "Cache-Control: no-cache")
			return strings.Contains(got.body, `"results":[]`) && got.header.Get("X-Aforro-Stale") == ""
		})
	}
}

// A position is written, told as visible, and found.
func TestAWriteIsWaitedFor(t *testing.T) {
	t.Parallel()
	s := newService(t)
	l := &teller{service: s, epoch: "e"}
	l.hear(s.base)
	wrote := s.call(http.MethodPatch, "/stores/1/inventory/1/", `{"quantity": 4}`, asStaff)
	position := wrote.header.Get("X-Aforro-Position")
	at, err := search.ParsePosition(position)
	if wrote.status != 200 || err != nil {
		t.Fatalf("%d, position %q: %v", wrote.status, position, err)
	}
	if got := s.get(searchAll, "X-Aforro-Position: "+position); got.status != 200 || got.header.Get("X-Aforro-Stale") != "true" || got.took < 2*time.Second {
		t.Errorf("the index is not there yet: %d %v after %s", got.status, got.header, got.took)
	}
	if got := s.get(searchAll, "X-Aforro-Position: 7FFFFFFF/0"); got.header.Get("X-Aforro-Stale") != "true" || got.took > time.Second {
		t.Errorf("a position that is not of this log: %v after %s", got.header, got.took)
	}
	found := make(chan answer)
	go func() { found <- s.get(searchAll, "X-Aforro-Position: "+position) }()
	l.sequence++
	if err := s.tells.Tell(t.Context(), search.Progress{Epoch: "e", Sequence: l.sequence, Visible: at, AsOf: time.Now()}); err != nil {
		t.Fatal(err)
	}
	if got := <-found; got.status != 200 || got.header.Get("X-Aforro-Stale") != "" || got.header.Get("X-Aforro-Position") != position || got.took > 2*time.Second {
		t.Errorf("the index is there: %d %v after %s", got.status, got.header, got.took)
	}
	placed := s.call(http.MethodPost, "/orders/", `{"store_id": 1, "items": [{"product_id": 1, "quantity": 1}]}`, "Prefer: respond-async")
	if v, err := search.ParsePosition(placed.header.Get("X-Aforro-Position")); placed.status != 202 || err != nil || v <= at {
		t.Errorf("an order: %d, position %q", placed.status, placed.header.Get("X-Aforro-Position"))
	}
}

func TestWhatIsTheSameIsNotSentAgain(t *testing.T) {
	t.Parallel()
	s := newService(t)
	l := &teller{service: s, epoch: "e"}
	l.hear(s.base)
	var first answer
	testkit.Eventually(t, 10*time.Second, "a page comes from the cache", func() bool {
		l.tell()
		first = s.get(searchAll)
		return first.header.Get("Age") != ""
	})
	again := s.get(searchAll, "If-None-Match: "+first.header.Get("ETag"))
	if again.status != 304 || again.body != "" || again.header.Get("ETag") != first.header.Get("ETag") || again.header.Get("Cache-Control") != "no-cache" {
		t.Errorf("got %d %v %s", again.status, again.header, again.body)
	}
}
