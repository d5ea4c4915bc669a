package testkit

import (
	"errors"
	"io"
	"net"
	"sync"
	"testing"
)

// Proxy stands between a test and a shared service, so that the test can take
// the service away without touching it for others.
type Proxy struct {
	// Addr is where the proxy listens: use it in place of the service's.
	Addr   string
	target string
	tb     testing.TB

	mu       sync.Mutex
	listener net.Listener
	conns    map[net.Conn]bool
	mute     bool
	wg       sync.WaitGroup
}

// NewProxy forwards to target ("host:port") until the test ends.
func NewProxy(tb testing.TB, target string) *Proxy {
	tb.Helper()
	p := &Proxy{target: target, tb: tb, conns: map[net.Conn]bool{}}
	p.listen("127.0.0.1:0")
	tb.Cleanup(func() { p.Cut(); p.wg.Wait() })
	return p
}

func (p *Proxy) listen(addr string) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		p.tb.Fatalf("listen for a proxy: %v", err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.listener, p.Addr = l, l.Addr().String()
	p.wg.Go(func() { p.accept(l) })
}

// Cut takes the service away: connections are reset, new ones refused.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listener != nil {
		p.close(p.listener)
		p.listener = nil
	}
	for c := range p.conns {
		p.close(c)
	}
}

// Mute lets connections stand and open, but nothing passes any more: a service
// that hangs. Heal ends it.
func (p *Proxy) Mute() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mute = true
}

// Heal brings the service back at the same address. Connections that were
// muted are reset, since bytes of theirs are gone.
func (p *Proxy) Heal() {
	p.mu.Lock()
	p.mute = false
	for c := range p.conns {
		p.close(c)
	}
	away := p.listener == nil
	p.mu.Unlock()
	if away {
		p.listen(p.Addr)
	}
}

func (p *Proxy) accept(l net.Listener) {
	for {
		client, err := l.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.target)
		if err != nil {
			p.close(client)
			continue
		}
		p.track(client, server)
		p.wg.Go(func() { p.pipe(client, server) })
		p.wg.Go(func() { p.pipe(server, client) })
	}
}

func (p *Proxy) track(conns ...net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range conns {
		p.conns[c] = true
	}
}

func (p *Proxy) pipe(to, from net.Conn) {
	_, err := io.Copy(muted{p, to}, from)
	if err != nil && !errors.Is(err, net.ErrClosed) {
		p.close(from)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.close(to)
	delete(p.conns, to)
}

func (p *Proxy) close(c io.Closer) {
	if err := c.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		p.tb.Logf("close a proxied connection: %v", err)
	}
}

// muted drops what is written while the proxy is mute.
type muted struct {
	p  *Proxy
	to io.Writer
}

func (m muted) Write(b []byte) (int, error) {
	m.p.mu.Lock()
	mute := m.p.mute
	m.p.mu.Unlock()
	if mute {
		return len(b), nil
	}
	return m.to.Write(b)
}
