package webhook_test

import (
	"context"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	standard "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"aforro/pkg/notify"
	"aforro/pkg/webhook"
)

const body = `{"type":"ping"}`

func mustTarget(tb testing.TB, url string) notify.Target {
	tb.Helper()
	secret, err := notify.NewSecret()
	if err != nil {
		tb.Fatal(err)
	}
	return notify.Target{EndpointID: 1, URL: url, Secrets: []notify.Secret{secret}}
}

func mustSender(tb testing.TB, o webhook.Options) *webhook.Sender {
	tb.Helper()
	s := webhook.New(o)
	tb.Cleanup(s.Close)
	return s
}

// serve is a receiver on loopback until the test ends.
func serve(tb testing.TB, h http.HandlerFunc) *httptest.Server {
	tb.Helper()
	srv := httptest.NewServer(h)
	tb.Cleanup(srv.Close)
	return srv
}

func send(tb testing.TB, s *webhook.Sender, to notify.Target) notify.Result {
	tb.Helper()
	return s.Send(tb.Context(), to, "msg_1_2", []byte(body))
}

func TestAWebhookIsSignedJSON(t *testing.T) {
	t.Parallel()
	var got *http.Request
	var read []byte
	srv := serve(t, func(w http.ResponseWriter, r *http.Request) {
		var err error
		if read, err = io.ReadAll(r.Body); err != nil {
			t.Error(err)
		}
		got = r
		w.WriteHeader(http.StatusNoContent)
	})
	to := mustTarget(t, srv.URL+"/hooks?key=x")
	if r := send(t, mustSender(t, webhook.Options{AllowPrivate: true}), to); !r.Delivered || r.Status != 204 || r.Detail != "" {
		t.Errorf("got %+v", r)
	}
	if got.Method != "POST" || got.URL.String() != "/hooks?key=x" || got.Header.Get("Content-Type") != "application/json" || string(read) != body ||
		got.Header.Get("webhook-id") != "msg_1_2" || got.Header.Get("Accept-Encoding") != "" {
		t.Errorf("the receiver got %s %s %v %s", got.Method, got.URL, got.Header, read)
	}
	library, err := standard.NewWebhook(to.Secrets[0].Reveal())
	if err != nil {
		t.Fatal(err)
	}
	if err := library.Verify(read, got.Header); err != nil {
		t.Errorf("the specification's library says: %v", err)
	}
}

func TestStatusesSayWhatBecameOfIt(t *testing.T) {
	t.Parallel()
	var status atomic.Int32
	srv := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(int(status.Load())) })
	s := mustSender(t, webhook.Options{AllowPrivate: true})
	for _, c := range []struct {
		status           int
		delivered, final bool
	}{
		{200, true, false}, {201, true, false}, {204, true, false}, {299, true, false}, {300, false, false}, {304, false, false},
		{400, false, false}, {401, false, false}, {404, false, false}, {410, false, true}, {429, false, false}, {500, false, false}, {503, false, false},
	} {
		status.Store(int32(c.status))
		r := send(t, s, mustTarget(t, srv.URL))
		if r.Delivered != c.delivered || r.Final != c.final || r.Status != c.status || (r.Detail == "") != c.delivered {
			t.Errorf("%d: got %+v", c.status, r)
		}
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	var reached atomic.Int32
	inside := serve(t, func(http.ResponseWriter, *http.Request) { reached.Add(1) })
	srv := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, inside.URL, http.StatusTemporaryRedirect)
	})
	r := send(t, mustSender(t, webhook.Options{AllowPrivate: true}), mustTarget(t, srv.URL))
	if r.Delivered || r.Status != 307 || !strings.Contains(r.Detail, "redirects are not followed") || reached.Load() != 0 {
		t.Errorf("got %+v, the other place was reached %d times", r, reached.Load())
	}
}

// endless writes until nobody takes it any more, and counts.
func endless(w io.Writer, written *atomic.Int64) {
	chunk := []byte(strings.Repeat("x", 32<<10))
	for range 1 << 14 {
		n, err := w.Write(chunk)
		written.Add(int64(n))
		if err != nil {
			return
		}
	}
}

func TestAHugeAnswerIsDropped(t *testing.T) {
	t.Parallel()
	var written atomic.Int64
	ended := make(chan struct{})
	srv := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		defer close(ended)
		endless(w, &written)
	})
	r := send(t, mustSender(t, webhook.Options{AllowPrivate: true, Timeout: 30 * time.Second}), mustTarget(t, srv.URL))
	<-ended
	if !r.Delivered || written.Load() > 64<<20 { // what buffers on the way hold, of 512 MiB
		t.Errorf("got %+v after %d bytes", r, written.Load())
	}
}

func TestHugeHeadersAreRefused(t *testing.T) {
	t.Parallel()
	srv := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X", strings.Repeat("x", 1<<20)) })
	if r := send(t, mustSender(t, webhook.Options{AllowPrivate: true}), mustTarget(t, srv.URL)); r.Delivered {
		t.Errorf("got %+v", r)
	}
}

func TestASlowAnswerIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	slow := serve(t, func(http.ResponseWriter, *http.Request) { <-release })
	slowBody := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		if err := http.NewResponseController(w).Flush(); err != nil {
			t.Error(err)
		}
		<-release
	})
	t.Cleanup(func() { close(release) })
	s := mustSender(t, webhook.Options{AllowPrivate: true, Timeout: 150 * time.Millisecond})
	if r := send(t, s, mustTarget(t, slow.URL)); r.Delivered || r.Detail != "the endpoint did not answer in time" {
		t.Errorf("no answer: got %+v", r)
	}
	if r := send(t, s, mustTarget(t, slowBody.URL)); !r.Delivered || r.Detail == "" {
		t.Errorf("a status, and a body that never ends: got %+v", r)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if r := mustSender(t, webhook.Options{AllowPrivate: true}).Send(ctx, mustTarget(t, slow.URL), "msg_1_2", []byte(body)); r.Delivered || r.Detail != "the endpoint did not answer in time" {
		t.Errorf("the caller's own limit: got %+v", r)
	}
}

// A name that resolves to an address that is not public is refused after the
// look-up, however it was taken in; only the setting lets it pass.
func TestANameThatPointsInsideReachesNothing(t *testing.T) {
	t.Parallel()
	var reached atomic.Int32
	srv := serve(t, func(w http.ResponseWriter, _ *http.Request) { reached.Add(1) })
	_, port, err := net.SplitHostPort(srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	resolver := dns(t, "127.0.0.1")
	closed := mustSender(t, webhook.Options{Resolver: resolver})
	r := send(t, closed, mustTarget(t, "https://public-looking.example:"+port+"/"))
	if r.Delivered || !strings.Contains(r.Detail, "127.0.0.1, which is not public") || reached.Load() != 0 {
		t.Errorf("got %+v, reached %d times", r, reached.Load())
	}
	lax := mustSender(t, webhook.Options{Resolver: resolver, AllowPrivate: true})
	if r := send(t, lax, mustTarget(t, "http://public-looking.example:"+port+"/")); !r.Delivered || reached.Load() != 1 {
		t.Errorf("allowed: got %+v, reached %d times", r, reached.Load())
	}
}

func TestEveryPrivateAddressIsRefusedAfterTheLookUp(t *testing.T) {
	t.Parallel()
	for _, addr := range []string{"10.0.0.1", "192.168.0.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255",
		"::1", "::", "fe80::1", "fd00::1", "ff02::1", "64:ff9b::7f00:1"} {
		r := send(t, mustSender(t, webhook.Options{Resolver: dns(t, addr)}), mustTarget(t, "https://a.example/"))
		if r.Delivered || !strings.Contains(r.Detail, "which is not public") {
			t.Errorf("%s: got %+v", addr, r)
		}
	}
}

// What was taken in while the setting allowed it is not sent when it does not.
func TestTheSettingIsAskedEachTime(t *testing.T) {
	t.Parallel()
	var reached atomic.Int32
	srv := serve(t, func(http.ResponseWriter, *http.Request) { reached.Add(1) })
	for _, url := range []string{srv.URL, strings.Replace(srv.URL, "http://", "https://", 1), "https://2130706433/", "https://user:x@127.0.0.1/"} {
		if r := send(t, mustSender(t, webhook.Options{}), mustTarget(t, url)); r.Delivered || r.Detail == "" {
			t.Errorf("%s: got %+v", url, r)
		}
	}
	if reached.Load() != 0 {
		t.Errorf("reached %d times", reached.Load())
	}
}

func TestCertificatesAreChecked(t *testing.T) {
	t.Parallel()
	srv := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(srv.Close)
	roots := x509.NewCertPool()
	roots.AddCert(srv.Certificate())
	if r := send(t, mustSender(t, webhook.Options{AllowPrivate: true, Roots: roots}), mustTarget(t, srv.URL)); !r.Delivered {
		t.Errorf("trusted: got %+v", r)
	}
	r := send(t, mustSender(t, webhook.Options{AllowPrivate: true, Roots: x509.NewCertPool()}), mustTarget(t, srv.URL))
	if r.Delivered || !strings.Contains(r.Detail, "certificate") {
		t.Errorf("unknown: got %+v", r)
	}
}

func TestAFailureTellsNoSecretOfTheURL(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.NotFoundHandler())
	srv.Close()
	r := send(t, mustSender(t, webhook.Options{AllowPrivate: true}), mustTarget(t, srv.URL+"/hunter2?key=hunter2"))
	if r.Delivered || r.Detail == "" || strings.Contains(r.Detail, "hunter2") {
		t.Errorf("got %+v", r)
	}
}

// A proxy would look up names by itself, past the check of addresses. It is the
// only test here that reads the environment's proxy, which is read once.
func TestNoProxyIsUsed(t *testing.T) {
	var asked atomic.Int32
	proxy := serve(t, func(w http.ResponseWriter, _ *http.Request) { asked.Add(1) })
	t.Setenv("HTTP_PROXY", proxy.URL)
	t.Setenv("HTTPS_PROXY", proxy.URL)
	through := http.Client{Transport: &http.Transport{Proxy: http.ProxyFromEnvironment}}
	resp, err := through.Get("http://a.example/")
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil || asked.Load() != 1 {
		t.Fatalf("the proxy is none: %v, asked %d times", err, asked.Load())
	}
	r := send(t, mustSender(t, webhook.Options{Resolver: dns(t, "127.0.0.1")}), mustTarget(t, "https://a.example:1/"))
	if r.Delivered || asked.Load() != 1 {
		t.Errorf("got %+v, the proxy was asked %d times", r, asked.Load()-1)
	}
}
