package notify

import (
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"aforro/pkg/fault"
)

// Endpoint is a receiver of webhooks. Its secret is never part of it.
type Endpoint struct {
	ID          int64
	URL         string
	Description string
	CreatedAt   time.Time
	// PreviousUntil is when the secret before the last rotation stops to sign;
	// nil when there is none.
	PreviousUntil *time.Time
}

// Target is an endpoint as a sender needs it.
type Target struct {
	EndpointID int64
	URL        string
	// Secrets sign what is sent: the present one, then, after a rotation, the
	// one before.
	Secrets []Secret
}

// Bounds of endpoints.
const (
	MaxURL         = 2000
	MaxDescription = 500
	// MaxEndpoints is how many there may be: every one of them is told of every
	// order.
	MaxEndpoints = 50
	// Overlap is how long the secret before a rotation goes on to sign.
	Overlap = 24 * time.Hour
)

// CheckURL returns fault.Invalid, naming body.url, for a URL that no webhook is
// sent to. It looks at the text only: a name is resolved, and the address judged
// (Public), when something is sent. allowPrivate lets http and addresses that
// are not public pass.
func CheckURL(raw string, allowPrivate bool) error {
	u, err := url.Parse(raw)
	why := ""
	switch {
	case raw == "":
		why = "is needed"
	case utf8.RuneCountInString(raw) > MaxURL:
		why = "must have at most " + strconv.Itoa(MaxURL) + " characters"
	case err != nil || u.Hostname() == "" || u.Opaque != "" || strings.ContainsAny(raw, " \t\r\n\x00"):
		why = "must be a URL such as https://example.com/hooks"
	case u.Scheme != "https" && (u.Scheme != "http" || !allowPrivate):
		why = "must begin with https://"
	case u.User != nil:
		why = "must not hold a user or a password: what is sent is signed instead"
	case u.Fragment != "":
		why = "must not have a fragment"
	default:
		why = wrongHost(u.Hostname(), u.Port(), allowPrivate)
	}
	if why == "" {
		return nil
	}
	return fault.New(fault.Invalid, "the URL %s", why).With(fault.Field{Location: "body.url", Message: why})
}

// wrongHost says what is wrong with the host of a URL. A host whose last label
// is a number is an IPv4 address to many a resolver, however it is written
// (2130706433, 0x7f.1, 0177.0.0.1): only the usual form passes.
func wrongHost(host, port string, allowPrivate bool) string {
	if n, err := strconv.ParseUint(port, 10, 16); port != "" && (err != nil || n == 0) {
		return "has a port that is none"
	}
	addr, err := netip.ParseAddr(host)
	name := strings.ToLower(strings.TrimSuffix(host, "."))
	switch {
	case err == nil && addr.Zone() != "":
		return "must not name a network interface"
	case err == nil && !allowPrivate && !Public(addr):
		return "must not point to a private address"
	case err == nil:
		return ""
	case numeric(name[strings.LastIndex(name, ".")+1:]):
		return "must name a host, or an address in its usual form"
	case !allowPrivate && (name == "localhost" || strings.HasSuffix(name, ".localhost")):
		return "must not point to a private address"
	}
	return ""
}

// numeric reports whether a label is a number: decimal, octal or hexadecimal.
func numeric(label string) bool {
	if hex, ok := strings.CutPrefix(label, "0x"); ok {
		return strings.Trim(hex, "0123456789abcdef") == ""
	}
	return label != "" && strings.Trim(label, "0123456789") == ""
}

// checkDescription returns fault.Invalid for one that is too long or no text.
func checkDescription(text string) error {
	if utf8.RuneCountInString(text) <= MaxDescription && !strings.ContainsRune(text, 0) {
		return nil
	}
	why := "must have at most " + strconv.Itoa(MaxDescription) + " characters, and no NUL"
	return fault.New(fault.Invalid, "the description %s", why).With(fault.Field{Location: "body.description", Message: why})
}
