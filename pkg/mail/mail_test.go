package mail_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	netmail "net/mail"
	"strings"
	"testing"
	"time"

	"aforro/pkg/mail"
	"aforro/pkg/notify"
)

var hello = notify.Mail{ID: "msg_12_2", To: "customer@example.com", Subject: "Order 12 is confirmed", Body: "Hello.\n  2 x Bücher: 1.00\n.\n"}

func mustSender(tb testing.TB, s *server, credentials string, change ...func(*mail.Options)) *mail.Sender {
	tb.Helper()
	scheme := map[bool]string{true: "smtps", false: "smtp"}[s.implicit]
	o := mail.Options{URL: fmt.Sprintf("%s://%s%s", scheme, credentials, s.addr), From: "Büro <shop@shop.example>", Roots: s.roots, Timeout: 10 * time.Second}
	for _, c := range change {
		c(&o)
	}
	sender, err := mail.New(o)
	if err != nil {
		tb.Fatal(err)
	}
	return sender
}

// read takes a message apart.
func read(tb testing.TB, data string) (netmail.Header, string) {
	tb.Helper()
	m, err := netmail.ReadMessage(strings.NewReader(data))
	if err != nil {
		tb.Fatalf("%v in %s", err, data)
	}
	var body io.Reader = m.Body
	if strings.EqualFold(m.Header.Get("Content-Transfer-Encoding"), "quoted-printable") {
		body = quotedprintable.NewReader(m.Body)
	}
	text, err := io.ReadAll(body)
	if err != nil {
		tb.Fatal(err)
	}
	return m.Header, strings.ReplaceAll(string(text), "\r\n", "\n")
}

func TestAMessageArrivesAsItWasWritten(t *testing.T) {
	t.Parallel()
	s := (&server{}).start(t)
	sender := mustSender(t, s, "")
	for range 2 { // a repeat has the same id
		if r := sender.Send(t.Context(), hello); !r.Delivered || r.Detail != "" {
			t.Fatalf("got %+v", r)
		}
	}
	for _, got := range s.kept() {
		header, body := read(t, got.data)
		from, err := header.AddressList("From")
		if err != nil || len(from) != 1 || from[0].Name != "Büro" || from[0].Address != "shop@shop.example" {
			t.Errorf("From: %v %v", from, err)
		}
		for name, want := range map[string]string{"Message-Id": "<msg_12_2@shop.example>", "To": "<customer@example.com>", "Subject": hello.Subject, "Auto-Submitted": "auto-generated"} {
			if header.Get(name) != want {
				t.Errorf("%s: %q, want %q", name, header.Get(name), want)
			}
		}
		if kind, params, err := mime.ParseMediaType(header.Get("Content-Type")); err != nil || kind != "text/plain" || !strings.EqualFold(params["charset"], "utf-8") {
			t.Errorf("it is %s %v %v", kind, params, err)
		}
		if strings.TrimSpace(body) != strings.TrimSpace(hello.Body) {
			t.Errorf("the body is\n%s", body)
		}
		if !strings.Contains(got.from, "<shop@shop.example>") || !strings.Contains(got.to, "<customer@example.com>") || got.encrypted || got.auth != "" {
			t.Errorf("got %+v", got)
		}
	}
}

func TestTheConnectionIsProtectedWhereItCanBe(t *testing.T) {
	t.Parallel()
	plain := base64.StdEncoding.EncodeToString([]byte("\x00shop\x00hunter2"))
	for name, c := range map[string]struct {
		server      *server
		credentials string
		encrypted   bool
		auth        string
	}{
		"nothing offered":                 {&server{}, "", false, ""},
		"STARTTLS offered":                {&server{startTLS: true}, "", true, ""},
		"TLS from the start":              {&server{implicit: true}, "", true, ""},
		"credentials, STARTTLS":           {&server{startTLS: true, auth: "PLAIN"}, "shop:hunter2@", true, "AUTH PLAIN " + plain},
		"credentials, TLS from the start": {&server{implicit: true, auth: "PLAIN"}, "shop:hunter2@", true, "AUTH PLAIN " + plain},
		"credentials, on this machine":    {&server{auth: "PLAIN"}, "shop:hunter2@", false, "AUTH PLAIN " + plain},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := c.server.start(t)
			r := mustSender(t, s, c.credentials).Send(t.Context(), hello)
			kept := s.kept()
			if !r.Delivered || len(kept) != 1 || kept[0].encrypted != c.encrypted || kept[0].auth != c.auth || !kept[0].delivered {
				t.Errorf("got %+v, %+v", r, kept)
			}
		})
	}
}

// The address leads to this machine, but it does not look so: credentials want
// TLS then, and go nowhere without.
func TestCredentialsDoNotTravelInTheClear(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]*server{"no STARTTLS": {auth: "PLAIN LOGIN CRAM-MD5"}, "an unknown certificate": {startTLS: true, auth: "PLAIN"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s.start(t)
			_, port, _ := strings.Cut(s.addr, ":")
			sender := mustSender(t, s, "", func(o *mail.Options) { o.URL, o.Roots = "smtp://shop:hunter2@0.0.0.0:"+port, nil })
			r := sender.Send(t.Context(), hello)
			if r.Delivered || r.Final || strings.Contains(r.Detail, "hunter2") {
				t.Errorf("got %+v", r)
			}
			if len(s.kept()) != 1 {
				t.Error("the server was not reached")
			}
			for _, one := range s.kept() {
				if one.auth != "" || one.delivered {
					t.Errorf("the server got %+v", one)
				}
			}
		})
	}
}

func TestWhatTheServerAnswers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answers          map[string]string
		delivered, final bool
		status           int
	}{
		"no such recipient":       {map[string]string{"RCPT": "550 5.1.1 no customer@example.com here"}, false, true, 550},
		"try later":               {map[string]string{"RCPT": "451 4.7.1 greylisted"}, false, false, 451},
		"the sender is refused":   {map[string]string{"MAIL": "550 5.7.1 not you"}, false, false, 550},
		"the content is refused":  {map[string]string{"END": "554 5.6.0 no"}, false, false, 554},
		"full":                    {map[string]string{"DATA": "452 4.3.1 full"}, false, false, 452},
		"not now":                 {map[string]string{"EHLO": "421 later", "HELO": "421 later"}, false, false, 421},
		"taken, and no goodbye":   {map[string]string{"RSET": "421 bye", "QUIT": "421 bye"}, true, false, 250},
		"taken, with other words": {map[string]string{"END": "250 2.0.0 queued as 1"}, true, false, 250},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := (&server{answers: c.answers}).start(t)
			r := mustSender(t, s, "").Send(t.Context(), hello)
			if r.Delivered != c.delivered || r.Final != c.final || r.Status != c.status || (r.Detail == "") != c.delivered || strings.Contains(r.Detail, "customer@") {
				t.Errorf("got %+v", r)
			}
		})
	}
}

func TestRefusedCredentialsAreTriedAgain(t *testing.T) {
	t.Parallel()
	s := (&server{auth: "PLAIN", answers: map[string]string{"AUTH": "535 5.7.8 shop hunter2 is wrong"}}).start(t)
	r := mustSender(t, s, "shop:hunter2@").Send(t.Context(), hello)
	if r.Delivered || r.Final || r.Status != 535 || strings.Contains(r.Detail, "hunter2") {
		t.Errorf("got %+v", r)
	}
}

func TestAServerThatHangsIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	for _, verb := range []string{"greeting", "EHLO", "RCPT", "DATA"} {
		t.Run(verb, func(t *testing.T) {
			t.Parallel()
			s := (&server{silent: verb}).start(t)
			r := mustSender(t, s, "", func(o *mail.Options) { o.Timeout = 200 * time.Millisecond }).Send(t.Context(), hello)
			if r.Delivered || r.Final || r.Detail != "the mail server did not answer in time" {
				t.Errorf("got %+v", r)
			}
		})
	}
	t.Run("the caller leaves", func(t *testing.T) {
		t.Parallel()
		s := (&server{silent: "DATA"}).start(t)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(100*time.Millisecond, cancel)
		begun := time.Now()
		if r := mustSender(t, s, "").Send(ctx, hello); r.Delivered || time.Since(begun) > 5*time.Second {
			t.Errorf("got %+v after %s", r, time.Since(begun))
		}
	})
}

func TestNobodyListens(t *testing.T) {
	t.Parallel()
	sender, err := mail.New(mail.Options{URL: "smtp://127.0.0.1:1", From: "shop@shop.example"})
	if err != nil {
		t.Fatal(err)
	}
	if r := sender.Send(t.Context(), hello); r.Delivered || r.Final || !strings.Contains(r.Detail, "refused") {
		t.Errorf("got %+v", r)
	}
}

// Whatever stands in an address or a subject, there is one recipient and no
// header that is not ours.
func TestHeadersCannotBeInjected(t *testing.T) {
	t.Parallel()
	for _, to := range []string{"", "nobody", "a@b.test\r\nBcc: x@evil.test", "a@b.test, x@evil.test", "<a@b.test> <x@evil.test>", "a@b.test\n.\n", "\"a\r\nb\"@b.test",
		"a@b.test\x00", "@b.test", "a b@b.test"} {
		s := (&server{}).start(t)
		m := hello
		m.To = to
		if r := mustSender(t, s, "").Send(t.Context(), m); r.Delivered || !r.Final || len(s.kept()) != 0 {
			t.Errorf("%q: got %+v, %+v", to, r, s.kept())
		}
	}
	s := (&server{}).start(t)
	m := hello
	m.To, m.Subject, m.Body = "Evil X <a@b.test>", "Order\r\nBcc: x@evil.test\r\n\r\nhi", "\r\n.\r\nMAIL FROM:<x@evil.test>\r\n"
	if r := mustSender(t, s, "").Send(t.Context(), m); !r.Delivered {
		t.Fatalf("got %+v", r)
	}
	for _, got := range s.kept() {
		header, _ := read(t, got.data)
		if header.Get("Bcc") != "" || header.Get("To") != "<a@b.test>" || strings.Count(got.to, "@") != 1 || strings.Contains(got.from, "evil") {
			t.Errorf("got %+v\n%v", got, header)
		}
	}
}

func TestWrongOptionsAreRefused(t *testing.T) {
	t.Parallel()
	for url, from := range map[string]string{
		"http://a:hunter2@b": "a@b.test", "smtp://": "a@b.test", "smtp://a:hunter2@b:%": "a@b.test", "smtp://b": "", "smtp://c": "not an address", "": "a@b.test",
	} {
		if _, err := mail.New(mail.Options{URL: url, From: from}); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s from %s: %v", url, from, err)
		}
	}
}
