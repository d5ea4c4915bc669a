// Package mail is the adapter that sends e-mail by SMTP, the only importer of
// go-mail. It makes a connection for each message: confirmations are few for a
// mail server, and none is lost in a connection that has gone stale.
package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"aforro/pkg/notify"
)

// timeout bounds one message, from the connection to the server's word that it
// has it.
const timeout = 20 * time.Second

// Options say how e-mail is sent.
type Options struct {
	// URL is the mail server's: smtp:// (STARTTLS when it is offered, and needed
	// when there are credentials and the server is not on this machine) or
	// smtps:// (TLS from the first byte), with user and password if there are any.
	URL string
	// From is the sender: an address, or "Name <address>".
	From string
	// Roots are the certificates that are trusted; nil: the system's.
	Roots *x509.CertPool
	// Timeout bounds one message; 0 means 20 s.
	Timeout time.Duration
}

// Sender sends e-mail. It is safe for use by many goroutines.
type Sender struct {
	host           string
	port           string
	user, password string
	implicit       bool
	from           mail.Address
	domain         string
	roots          *x509.CertPool
	timeout        time.Duration
}

// New reads the options; it connects to nothing. Errors never repeat the URL.
func New(o Options) (*Sender, error) {
	u, err := url.Parse(o.URL)
	if err != nil || u.Hostname() == "" || (u.Scheme != "smtp" && u.Scheme != "smtps") {
		return nil, errors.New("the mail server must be given as smtp://user:password@host:port or smtps://…")
	}
	from, err := mail.ParseAddress(o.From)
	if err != nil {
		return nil, errors.New("the sender of e-mail must be an address, such as Shop <shop@example.com>")
	}
	s := &Sender{host: u.Hostname(), port: u.Port(), implicit: u.Scheme == "smtps", from: *from,
		domain: from.Address[strings.LastIndex(from.Address, "@")+1:], roots: o.Roots, timeout: o.Timeout}
	if u.User != nil {
		s.user = u.User.Username()
		s.password, _ = u.User.Password()
	}
	if s.port == "" {
		s.port = map[bool]string{true: "465", false: "587"}[s.implicit]
	}
	if s.timeout <= 0 {
		s.timeout = timeout
	}
	return s, nil
}

// Send sends one message and says what came of it.
func (s *Sender) Send(ctx context.Context, m notify.Mail) notify.Result {
	message, err := s.message(m)
	if err != nil {
		return notify.Refused(0, err.Error())
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	client, done, err := s.client(ctx)
	if err != nil {
		return notify.Failed(err.Error())
	}
	defer done()
	err = client.DialAndSendWithContext(ctx, message)
	if err == nil || message.IsDelivered() { // a goodbye that failed takes nothing back
		return notify.Result{Delivered: true, Status: 250}
	}
	return result(ctx, err)
}

// message makes the e-mail. The address is read strictly and written anew, so
// that nothing in it can become a header or a second recipient.
func (s *Sender) message(m notify.Mail) (*gomail.Msg, error) {
	to, err := mail.ParseAddress(m.To)
	if err != nil || strings.ContainsAny(to.Address, "\r\n\x00 ") {
		return nil, errors.New("the customer's e-mail address is none")
	}
	message := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	message.FromMailAddress(&s.from)
	message.ToMailAddress(&mail.Address{Address: to.Address})
	message.Subject(m.Subject)
	message.SetMessageIDWithValue(m.ID + "@" + s.domain)
	message.SetDate()
	message.SetGenHeader("Auto-Submitted", "auto-generated")
	message.SetBodyString(gomail.TypeTextPlain, m.Body)
	return message, nil
}

// client prepares a client of the mail server. All of its connection ends with
// ctx: the library renews its own time limit with each step. done is called at
// the end.
func (s *Sender) client(ctx context.Context) (client *gomail.Client, done func(), err error) {
	var stops []func() bool
	done = func() {
		for _, stop := range stops {
			stop()
		}
	}
	port, err := net.LookupPort("tcp", s.port)
	if err != nil {
		return nil, done, fmt.Errorf("the mail server's port is none")
	}
	options := append(s.security(), gomail.WithPort(port), gomail.WithTimeout(s.timeout), gomail.WithDialContextFunc(
		func(dialing context.Context, network, address string) (net.Conn, error) {
			conn, err := s.dial(dialing, network, address)
			if err == nil {
				stops = append(stops, context.AfterFunc(ctx, func() { closeConn(conn) }))
			}
			return conn, err
		}))
	client, err = gomail.NewClient(s.host, options...)
	if err != nil {
		return nil, done, errors.New("the mail server's settings are not right")
	}
	return client, done, nil
}

// closeConn ends whatever waits on a connection.
func closeConn(conn net.Conn) {
	if err := conn.Close(); err != nil {
		slog.Debug("a connection to the mail server was not closed in good order", "error", err)
	}
}

func (s *Sender) tls() *tls.Config {
	return &tls.Config{ServerName: s.host, MinVersion: tls.VersionTLS12, RootCAs: s.roots}
}

func (s *Sender) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if s.implicit {
		return (&tls.Dialer{Config: s.tls()}).DialContext(ctx, network, address)
	}
	return (&net.Dialer{}).DialContext(ctx, network, address)
}

// security is how the connection is protected. Credentials never travel in the
// clear, except to a server on this machine.
func (s *Sender) security() []gomail.Option {
	policy := gomail.TLSOpportunistic
	if s.user != "" && !s.local() && !s.implicit {
		policy = gomail.TLSMandatory
	}
	options := []gomail.Option{gomail.WithTLSPolicy(policy), gomail.WithTLSConfig(s.tls())}
	if s.user == "" {
		return options
	}
	auth := gomail.SMTPAuthAutoDiscover
	if s.local() && !s.implicit {
		auth = gomail.SMTPAuthPlainNoEnc
	}
	return append(options, gomail.WithSMTPAuth(auth), gomail.WithUsername(s.user), gomail.WithPassword(s.password))
}

// local reports whether the server is on this machine.
func (s *Sender) local() bool {
	addr, err := netip.ParseAddr(s.host)
	return strings.EqualFold(s.host, "localhost") || (err == nil && addr.Unmap().IsLoopback())
}
