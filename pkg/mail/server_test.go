package mail_test

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// server is a mail server on loopback that speaks as much SMTP as a sender
// needs, and keeps what it was given.
type server struct {
	tb   testing.TB
	addr string
	// What it says and does.
	implicit, startTLS bool
	auth               string            // the mechanisms that it offers
	answers            map[string]string // instead of the usual answer, by verb
	silent             string            // the verb that it never answers

	cert  tls.Certificate
	roots *x509.CertPool

	mu       sync.Mutex
	sessions []*session
	conns    []net.Conn
}

// session is what one connection was used for.
type session struct {
	encrypted           bool
	from, to, auth      string
	data                string
	saidEhlo, delivered bool
}

// start begins to serve until the test ends.
func (s *server) start(tb testing.TB) *server {
	tb.Helper()
	s.tb = tb
	s.cert, s.roots = certificate(tb)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	s.addr = l.Addr().String()
	var running sync.WaitGroup
	running.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return // closed
			}
			s.mu.Lock()
			s.conns = append(s.conns, conn)
			s.mu.Unlock()
			running.Go(func() { s.serve(conn) })
		}
	})
	tb.Cleanup(func() {
		if err := l.Close(); err != nil {
			tb.Error(err)
		}
		s.mu.Lock()
		for _, c := range s.conns {
			if err := c.Close(); err != nil {
				tb.Logf("close a connection: %v", err)
			}
		}
		s.mu.Unlock()
		running.Wait()
	})
	return s
}

// kept are the sessions so far.
func (s *server) kept() []session {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]session, len(s.sessions))
	for i, one := range s.sessions {
		list[i] = *one
	}
	return list
}

func (s *server) serve(conn net.Conn) {
	one := &session{encrypted: s.implicit}
	s.mu.Lock()
	s.sessions = append(s.sessions, one)
	s.mu.Unlock()
	if s.implicit {
		conn = tls.Server(conn, s.tls())
	}
	lines := bufio.NewReader(conn)
	say := func(text string) bool {
		_, err := conn.Write([]byte(text + "\r\n"))
		return err == nil
	}
	if s.silent == "greeting" || !say("220 test") {
		return
	}
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return
		}
		verb := strings.ToUpper(strings.Fields(line + " -")[0])
		answer := s.answer(one, verb, strings.TrimSpace(line))
		if verb == s.silent {
			continue
		}
		if !say(answer) || verb == "QUIT" {
			return
		}
		switch {
		case verb == "STARTTLS" && strings.HasPrefix(answer, "220"):
			conn = tls.Server(conn, s.tls())
			lines = bufio.NewReader(conn)
			s.change(func() { one.encrypted = true })
		case verb == "DATA" && strings.HasPrefix(answer, "354"):
			if !s.take(one, lines) || !say(s.usual("END", "250 taken")) {
				return
			}
		}
	}
}

func (s *server) tls() *tls.Config { return &tls.Config{Certificates: []tls.Certificate{s.cert}} }

func (s *server) change(do func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	do()
}

func (s *server) usual(verb, answer string) string {
	if a, ok := s.answers[verb]; ok {
		return a
	}
	return answer
}

// answer notes a command and says what is answered to it.
func (s *server) answer(one *session, verb, line string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	answer := "250 ok"
	switch verb {
	case "EHLO":
		one.saidEhlo = true
		offers := []string{"test"}
		if s.startTLS && !one.encrypted {
			offers = append(offers, "STARTTLS")
		}
		if s.auth != "" {
			offers = append(offers, "AUTH "+s.auth)
		}
		last := len(offers) - 1
		answer = ""
		for _, offer := range offers[:last] {
			answer += "250-" + offer + "\r\n"
		}
		answer += "250 " + offers[last]
	case "STARTTLS":
		answer = "220 go on"
	case "AUTH":
		one.auth, answer = line, "235 welcome"
	case "MAIL":
		one.from = line
	case "RCPT":
		one.to += line
	case "DATA":
		answer = "354 go on"
	case "QUIT":
		answer = "221 bye"
	}
	return s.usual(verb, answer)
}

// take reads a message to its end.
func (s *server) take(one *session, lines *bufio.Reader) bool {
	var b strings.Builder
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return false
		}
		if line == ".\r\n" {
			break
		}
		b.WriteString(strings.TrimPrefix(line, "."))
	}
	s.change(func() { one.data, one.delivered = b.String(), true })
	return true
}

// certificate is one for 127.0.0.1 and localhost, and a pool that trusts it.
func certificate(tb testing.TB) (tls.Certificate, *x509.CertPool) {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost"}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		tb.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		tb.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
}
