package webhook

import (
	"crypto/tls"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"

	"aforro/pkg/notify"
)

// transport makes every connection through a dialer that judges addresses. It
// has no proxy: a proxy would resolve names by itself.
func transport(o Options) *http.Transport {
	dialer := &net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second, Resolver: o.Resolver}
	if !o.AllowPrivate {
		dialer.Control = onlyPublic
	}
	return &http.Transport{
		DialContext:            dialer.DialContext,
		ForceAttemptHTTP2:      true,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: o.Roots},
		TLSHandshakeTimeout:    5 * time.Second,
		MaxIdleConnsPerHost:    8,
		IdleConnTimeout:        time.Minute,
		MaxResponseHeaderBytes: maxAnswer,
		DisableCompression:     true, // what is not read need not be unpacked
	}
}

// addressError names an address that webhooks do not go to.
type addressError struct{ addr string }

func (e *addressError) Error() string {
	return "the endpoint's host has the address " + e.addr + ", which is not public: AFORRO_WEBHOOK_ALLOW_PRIVATE would allow it"
}

// onlyPublic is called with each address before it is connected to.
func onlyPublic(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil || !notify.Public(at.Addr()) {
		return &addressError{addr: at.Addr().String()}
	}
	return nil
}
