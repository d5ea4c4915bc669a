package trial

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
)

// healPatience bounds how long taking a toxic away may take.
const healPatience = 15 * time.Second

// Links are the proxies between roles and services, by name ("api-postgres").
// Every process of a role shares its role's.
type Links struct {
	server *toxiproxy.ApiServer
	all    map[string]*toxiproxy.Proxy
}

// NewLinks has none yet.
func NewLinks() *Links {
	zerolog.SetGlobalLevel(zerolog.Disabled)
	return &Links{server: toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop()), all: map[string]*toxiproxy.Proxy{}}
}

// Through is a service's URL through the link of a role, which is made when it is
// not there yet.
func (l *Links) Through(role, service, rawURL string) (string, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return "", fmt.Errorf("read the address of %s: %w", service, err)
	}
	name := role + "-" + service
	if l.all[name] == nil {
		p := toxiproxy.NewProxy(l.server, name, "127.0.0.1:0", u.Host)
		if err := p.Start(); err != nil {
			return "", fmt.Errorf("start the proxy of %s to %s: %w", role, service, err)
		}
		l.all[name] = p
	}
	u.Host = l.all[name].Listen
	return u.String(), nil
}

func (l *Links) Close() {
	for _, p := range l.all {
		p.Stop()
	}
}

// Toxic is one thing that goes wrong on the way, in toxiproxy's terms.
type Toxic struct {
	Type       string         `json:"type"`
	Stream     string         `json:"stream"`
	Attributes map[string]int `json:"attributes"`
}

func (t Toxic) String() string {
	for name, value := range t.Attributes {
		if value > 0 && name != "jitter" {
			return fmt.Sprintf("%s %s (%s %d)", t.Type, t.Stream, name, value)
		}
	}
	return t.Type + " " + t.Stream
}

// Poison lets the toxic work on a link for a while, on its connections as well as
// on new ones.
func (l *Links) Poison(ctx context.Context, name string, t Toxic, wait func(context.Context) error) error {
	spec, err := json.Marshal(t)
	if err != nil {
		return fmt.Errorf("describe a toxic: %w", err)
	}
	proxy := l.all[name]
	added, err := proxy.Toxics.AddToxicJson(strings.NewReader(string(spec)))
	if err != nil {
		return fmt.Errorf("add a toxic to %s: %w", name, err)
	}
	waitErr := wait(ctx)
	removed := make(chan error, 1)
	go func() { removed <- proxy.Toxics.RemoveToxic(ctx, added.Name) }()
	timer := time.NewTimer(healPatience)
	defer timer.Stop()
	select {
	case err = <-removed:
	case <-timer.C:
		err = fmt.Errorf("it still works after %s", healPatience)
	}
	if err != nil {
		return fmt.Errorf("take a toxic from %s: %w", name, err)
	}
	return waitErr
}
