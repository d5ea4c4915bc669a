package notify_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	standard "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"aforro/pkg/notify"
)

func mustSecret(tb testing.TB, text string) notify.Secret {
	tb.Helper()
	s, err := notify.ParseSecret(text)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

const counted = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

// The first is the example of the Standard Webhooks specification's libraries.
// The others were made with openssl:
//
//	printf '%s' 'msg_12_2.1764000000.{"type":"order.confirmed"}' |
//	  openssl dgst -sha256 -mac HMAC -macopt hexkey:$(printf '%s' AAEC…Hh8= | base64 -d | xxd -p -c 99) -binary | base64
func TestSignaturesAreThoseOfTheSpecification(t *testing.T) {
	t.Parallel()
	tests := []struct {
		secret, id string
		at         int64
		body, want string
	}{
		{"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330,
			`{"test": 2432232314}`, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="},
		{counted, "msg_12_2", 1764000000, `{"type":"order.confirmed"}`, "v1,SwhFcn/+Lu9PeXi5PN9rRXvdv9Ia02Q5/btv7C4c/6g="},
		{"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_12_2", 1764000000, `{"type":"order.confirmed"}`, "v1,qxj0YuZJUvP+uNvSliS4l2QV1r2cD/TA2FZ+t/jHi2o="},
	}
	for _, tt := range tests {
		got := notify.Sign(tt.id, time.Unix(tt.at, 0), []byte(tt.body), mustSecret(t, tt.secret))
		if got.Signature != tt.want || got.ID != tt.id || got.Timestamp != fmt.Sprint(tt.at) {
			t.Errorf("got %+v, want %s", got, tt.want)
		}
	}
}

// The specification's own library takes what is signed here, with either secret
// of a rotation, and what Verify refuses it refuses too.
func TestTheSpecificationsLibraryAgrees(t *testing.T) {
	t.Parallel()
	old, present := mustNew(t), mustNew(t)
	body := []byte(`{"type":"ping","timestamp":"2026-11-22T16:26:32+00:00","data":{}}`)
	signed := notify.Sign("msg_1_2", time.Now(), body, present, old)
	other := mustNew(t)
	for _, tt := range []struct {
		name   string
		secret notify.Secret
		change func(*notify.Signed)
		body   string
		want   error
	}{
		{"the present secret", present, nil, string(body), nil},
		{"the one before", old, nil, string(body), nil},
		{"another secret", other, nil, string(body), notify.ErrSignature},
		{"another body", present, nil, string(body) + " ", notify.ErrSignature},
		{"another id", present, func(s *notify.Signed) { s.ID = "msg_1_3" }, string(body), notify.ErrSignature},
		{"another version", present, func(s *notify.Signed) { s.Signature = strings.ReplaceAll(s.Signature, "v1,", "v2,") }, string(body), notify.ErrSignature},
		{"no signature", present, func(s *notify.Signed) { s.Signature = "" }, string(body), notify.ErrSignature},
		{"no time", present, func(s *notify.Signed) { s.Timestamp = "" }, string(body), notify.ErrTimestamp},
		{"an old recording", present, func(s *notify.Signed) { *s = notify.Sign(s.ID, time.Now().Add(-6*time.Minute), body, present) }, string(body), notify.ErrTimestamp},
		{"a time to come", present, func(s *notify.Signed) { *s = notify.Sign(s.ID, time.Now().Add(6*time.Minute), body, present) }, string(body), notify.ErrTimestamp},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := signed
			if tt.change != nil {
				tt.change(&s)
			}
			if err := notify.Verify(tt.secret, s, []byte(tt.body), time.Now()); !errors.Is(err, tt.want) {
				t.Errorf("Verify says %v, want %v", err, tt.want)
			}
			library, err := standard.NewWebhook(tt.secret.Reveal())
			if err != nil {
				t.Fatal(err)
			}
			h := http.Header{}
			h.Set(notify.HeaderID, s.ID)
			h.Set(notify.HeaderTimestamp, s.Timestamp)
			h.Set(notify.HeaderSignature, s.Signature)
			if err := library.Verify([]byte(tt.body), h); (err == nil) != (tt.want == nil) {
				t.Errorf("the library says %v, Verify %v", err, tt.want)
			}
		})
	}
}

func mustNew(tb testing.TB) notify.Secret {
	tb.Helper()
	s, err := notify.NewSecret()
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func TestSecrets(t *testing.T) {
	t.Parallel()
	text := func(bytes int) string {
		return "whsec_" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat("k", bytes)))
	}
	for _, bad := range []string{"", "whsec_", text(23), text(65), strings.TrimPrefix(text(32), "whsec_"), "whsec_***", "whpk_" + text(32)[6:]} {
		_, err := notify.ParseSecret(bad)
		if err == nil {
			t.Errorf("%q is taken", bad)
		} else if len(bad) > 10 && strings.Contains(err.Error(), bad[6:]) {
			t.Errorf("the error repeats the secret: %v", err)
		}
	}
	for _, good := range []string{text(24), text(32), text(64)} {
		if s := mustSecret(t, good); s.Reveal() != good {
			t.Errorf("%s became %s", good, s.Reveal())
		}
	}
	a, b := mustNew(t), mustNew(t)
	if a.Reveal() == b.Reveal() || mustSecret(t, a.Reveal()).Reveal() != a.Reveal() {
		t.Error("new secrets are not random, or cannot be read back")
	}
}

func TestASecretShowsItselfToNobody(t *testing.T) {
	t.Parallel()
	s := mustSecret(t, counted)
	inside := notify.Target{EndpointID: 1, URL: "https://a.test/", Secrets: []notify.Secret{s}}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "secret", s, "target", inside)
	text, err := json.Marshal(inside)
	if err != nil {
		t.Fatal(err)
	}
	for _, shown := range []string{fmt.Sprint(s), fmt.Sprintf("%v %+v %#v %s %q", inside, inside, inside, s, s), log.String(), string(text)} {
		if strings.Contains(shown, counted[6:]) || strings.Contains(shown, "0, 1, 2, 3") || strings.Contains(shown, "0 1 2 3") || strings.Contains(shown, "0x0, 0x1") {
			t.Errorf("it shows: %s", shown)
		}
	}
}
