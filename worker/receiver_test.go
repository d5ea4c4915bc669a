//go:build integration

package worker_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	standard "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"aforro/pkg/notify"
	"aforro/pkg/testkit"
	"aforro/pkg/webhook"
	"aforro/worker"
)

// receiver is a webhook endpoint on loopback that checks every signature with
// the specification's own library and keeps what came.
type receiver struct {
	tb     testing.TB
	server *httptest.Server
	// answer says with which status the nth webhook of a message is answered;
	// nil: 204. It runs before anything is kept, and may block.
	answer func(id string, n int) int

	mu      sync.Mutex
	secrets []*standard.Webhook
	got     []string // ids of what was answered with 2xx, in order
	tries   map[string]int
}

func newReceiver(tb testing.TB, answer func(id string, n int) int) *receiver {
	tb.Helper()
	r := &receiver{tb: tb, answer: answer, tries: map[string]int{}}
	r.server = httptest.NewServer(r)
	tb.Cleanup(r.server.Close)
	return r
}

// expect makes a webhook count only when all of these secrets signed it.
func (r *receiver) expect(secrets ...notify.Secret) {
	r.tb.Helper()
	var list []*standard.Webhook
	for _, s := range secrets {
		library, err := standard.NewWebhook(s.Reveal())
		if err != nil {
			r.tb.Fatal(err)
		}
		list = append(list, library)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.secrets = list
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return // the sender has gone
	}
	id := req.Header.Get("webhook-id")
	r.mu.Lock()
	secrets := r.secrets
	r.tries[id]++
	n := r.tries[id]
	r.mu.Unlock()
	for _, s := range secrets {
		if err := s.Verify(body, req.Header); err != nil {
			r.tb.Errorf("%s: %v", id, err)
		}
	}
	status := http.StatusNoContent
	if r.answer != nil {
		status = r.answer(id, n)
	}
	r.mu.Lock()
	if status < 300 {
		r.got = append(r.got, id)
	}
	r.mu.Unlock()
	w.WriteHeader(status)
}

// taken are the ids that were answered with 2xx, in order.
func (r *receiver) taken() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.got)
}

func (r *receiver) tried(id string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.tries[id]
}

func (r *receiver) awaitTaken(within time.Duration, n int) {
	r.tb.Helper()
	testkit.Eventually(r.tb, within, fmt.Sprintf("%d webhooks are taken", n), func() bool { return len(r.taken()) >= n })
}

// subscribe adds the receiver's endpoint and returns its id.
func (s *shop) subscribe(r *receiver) int64 {
	s.tb.Helper()
	secret, err := notify.NewSecret()
	if err != nil {
		s.tb.Fatal(err)
	}
	e, err := s.AddEndpoint(s.tb.Context(), r.server.URL, "", secret)
	if err != nil {
		s.tb.Fatal(err)
	}
	r.expect(secret)
	return e.ID
}

// tell decides an order of one piece, of which the receivers are to be told.
func (s *shop) tell() int64 {
	s.tb.Helper()
	id := s.save(1)
	s.decide(id)
	return id
}

func (s *shop) decide(id int64) {
	s.tb.Helper()
	if decided, _, err := s.DecidePending(s.tb.Context(), []int64{id}); err != nil || len(decided) != 1 || !decided[0].Confirm {
		s.tb.Fatalf("decided %+v, %v", decided, err)
	}
}

func (s *shop) cancelled(id int64) {
	s.tb.Helper()
	if _, err := s.Cancel(s.tb.Context(), id); err != nil {
		s.tb.Fatal(err)
	}
}

// longLease is longer than any pause between attempts that a test waits for, so
// that hurry can tell a delivery that waits from one that is under way.
const longLease = 3 * time.Hour

// delivering are the options of a worker that delivers.
func (s *shop) delivering() worker.Options {
	o := s.options()
	sender := webhook.New(webhook.Options{AllowPrivate: true, Timeout: 5 * time.Second})
	s.tb.Cleanup(sender.Close)
	o.Deliver = worker.DelivererOptions{Outbox: s.DB, Webhooks: sender, Every: 50 * time.Millisecond, Lease: longLease}
	return o
}

// hurry makes what waits for its next attempt due now.
func (s *shop) hurry() {
	s.tb.Helper()
	s.exec(`UPDATE confirmations SET next_at = now() WHERE delivered_at IS NULL AND parked_at IS NULL
		AND attempts > 0 AND next_at BETWEEN now() AND now() + interval '150 minutes'`)
}

func (s *shop) undelivered() int64 {
	s.tb.Helper()
	return s.number(`SELECT count(*) FROM confirmations WHERE delivered_at IS NULL AND parked_at IS NULL`)
}
