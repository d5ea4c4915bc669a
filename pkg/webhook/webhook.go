// Package webhook is the adapter that sends webhooks over HTTP. It sends to
// public addresses over https only, unless it is told otherwise; it follows no
// redirect, uses no proxy, and neither keeps nor logs what is answered: the
// status alone says whether a webhook was delivered.
//
// Addresses are judged when a connection is made, after the name was resolved,
// so a name that points elsewhere a moment later reaches nothing.
package webhook

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"aforro/pkg/fault"
	"aforro/pkg/notify"
)

const (
	// timeout bounds one webhook, from the look-up of the name to the last byte
	// of the answer that is read.
	timeout = 10 * time.Second
	// maxAnswer is how much of an answer is read, so that its connection can be
	// used again; the rest is dropped with the connection.
	maxAnswer = 64 << 10
)

// Options say where webhooks may go.
type Options struct {
	// AllowPrivate lets http and addresses that are not public pass.
	AllowPrivate bool
	// Roots are the certificates that are trusted; nil: the system's.
	Roots *x509.CertPool
	// Resolver looks up names; nil: the system's.
	Resolver *net.Resolver
	// Timeout bounds one webhook; 0 means 10 s.
	Timeout time.Duration
}

// Sender sends webhooks. It is safe for use by many goroutines.
type Sender struct {
	client       *http.Client
	allowPrivate bool
}

// New returns a sender.
func New(o Options) *Sender {
	if o.Timeout <= 0 {
		o.Timeout = timeout
	}
	return &Sender{allowPrivate: o.AllowPrivate, client: &http.Client{
		Timeout:       o.Timeout,
		Transport:     transport(o),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Close drops the connections that are kept for later.
func (s *Sender) Close() { s.client.CloseIdleConnections() }

// Send sends a signed body to an endpoint and says what came of it.
func (s *Sender) Send(ctx context.Context, to notify.Target, id string, body []byte) notify.Result {
	if err := notify.CheckURL(to.URL, s.allowPrivate); err != nil {
		return notify.Failed(fault.MessageOf(err)) // the setting has changed since it was added
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to.URL, bytes.NewReader(body))
	if err != nil {
		return notify.Failed("the URL cannot be called")
	}
	signed := notify.Sign(id, time.Now(), body, to.Secrets...)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "Aforro-Webhooks")
	req.Header.Set(notify.HeaderID, signed.ID)
	req.Header.Set(notify.HeaderTimestamp, signed.Timestamp)
	req.Header.Set(notify.HeaderSignature, signed.Signature)
	resp, err := s.client.Do(req)
	if err != nil {
		return notify.Failed(reason(err))
	}
	result := judge(resp.StatusCode)
	if err := drop(resp.Body); err != nil && result.Delivered {
		result.Detail = "the answer's body broke off"
	}
	return result
}

// judge says what a status means.
func judge(status int) notify.Result {
	switch {
	case status >= 200 && status < 300:
		return notify.Result{Delivered: true, Status: status}
	case status == http.StatusGone:
		return notify.Refused(status, "the endpoint answered 410 Gone: it wants no more webhooks and should be removed")
	case status >= 300 && status < 400:
		return notify.Result{Status: status, Detail: fmt.Sprintf("the endpoint answered %d: redirects are not followed", status)}
	}
	return notify.Result{Status: status, Detail: fmt.Sprintf("the endpoint answered %d", status)}
}

// drop reads the beginning of a body and lets go of it. The status has said all
// there is, so a body that breaks off, is too long or too slow changes no
// outcome: only its connection is not used again.
func drop(body io.ReadCloser) error {
	_, err := io.Copy(io.Discard, io.LimitReader(body, maxAnswer))
	return errors.Join(err, body.Close())
}

// reason is why nothing was answered, without the URL, which may hold a secret
// of the receiver's.
func reason(err error) string {
	var u *url.Error
	var refused *addressError
	switch {
	case errors.As(err, &refused):
		return refused.Error()
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &u) && u.Timeout():
		return "the endpoint did not answer in time"
	case u != nil:
		return u.Err.Error()
	}
	return err.Error()
}
