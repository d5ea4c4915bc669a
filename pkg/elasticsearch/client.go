package elasticsearch

import (
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"aforro/elastic"
	"aforro/pkg/search"
)

// Options say where Elasticsearch is and how indices are made.
type Options struct {
	// URLs are the nodes' addresses, separated by commas; credentials may be in
	// them. All are of one cluster: each request goes to one, and to another when
	// that one fails.
	URLs string
	// IndexPrefix is what names of indices begin with; "aforro" when empty.
	IndexPrefix string
	// Shards (at least 1) and Replicas of a new version.
	Shards, Replicas int
	// Definition replaces the embedded one; not when its Hash is empty.
	Definition elastic.Definition
	// Ranking is the ID of a profile (elastic.FindRanking); the default when empty.
	Ranking string
	// Transport replaces the connection pool: for measuring what is sent.
	Transport http.RoundTripper
}

// Bounds of one call.
const (
	// searchTimeout bounds a search with its follow-ups.
	searchTimeout = 1800 * time.Millisecond
	// manageTimeout bounds one call about indices; bulkTimeout one bulk.
	manageTimeout = 30 * time.Second
	bulkTimeout   = 60 * time.Second
	// dialTimeout bounds the making of a connection.
	dialTimeout = 5 * time.Second
	// maxIdle is how many connections to one node are kept.
	maxIdle = 64
	// maxAnswer bounds the bytes of one answer.
	maxAnswer = 256 << 20
)

// Client talks to one cluster. It is safe for use by many goroutines.
type Client struct {
	nodes *nodes
	// prefix begins every name; alias is that of the products.
	prefix, alias string
	// version is searched instead of the live index when it is set.
	searched         string
	shards, replicas int
	definition       elastic.Definition
	// wide is the shard_size that exact counts have needed so far.
	wide    *atomic.Int64
	labels  *labels
	ranking elastic.Ranking
}

// New prepares a client; it connects on first use.
func New(o Options) (*Client, error) {
	list, err := parseNodes(o.URLs)
	if err != nil {
		return nil, err
	}
	ranking, err := elastic.FindRanking(o.Ranking)
	if err != nil {
		return nil, err
	}
	transport := o.Transport
	if transport == nil {
		t := http.DefaultTransport.(*http.Transport).Clone()
		// A machine that is gone refuses nobody: the dialling ends by itself.
		t.DialContext = (&net.Dialer{Timeout: dialTimeout, KeepAlive: dialTimeout}).DialContext
		t.MaxIdleConnsPerHost, t.MaxIdleConns = maxIdle, 0
		t.ResponseHeaderTimeout = bulkTimeout
		t.DisableCompression = true
		transport = t
	}
	prefix := o.IndexPrefix
	if prefix == "" {
		prefix = "aforro"
	}
	definition := o.Definition
	if definition.Hash == "" {
		definition = elastic.Define()
	}
	return &Client{
		nodes: &nodes{transport: transport, list: list}, prefix: prefix, alias: aliasOf(prefix, search.Products), shards: max(1, o.Shards),
		replicas: o.Replicas, definition: definition, ranking: ranking, wide: &atomic.Int64{}, labels: &labels{},
	}, nil
}

// Ranked searches by another profile.
func (c *Client) Ranked(by elastic.Ranking) *Client {
	other := *c
	other.ranking = by
	return &other
}

// Ranking is the profile that the client searches by.
func (c *Client) Ranking() elastic.Ranking { return c.ranking }

// On searches one version of the index, live or not.
func (c *Client) On(version string) search.Searcher {
	on := *c
	on.searched = version
	return &on
}
