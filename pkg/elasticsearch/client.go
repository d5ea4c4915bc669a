package elasticsearch

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/elastic/elastic-transport-go/v8/elastictransport"
	"github.com/elastic/go-elasticsearch/v8/esapi"

	"aforro/elastic"
	"aforro/pkg/search"
)

// Options say where Elasticsearch is and how indices are made.
type Options struct {
	// URLs are the nodes' addresses, separated by commas; credentials may be in them.
	URLs string
	// IndexPrefix is what names of indices begin with; "aforro" when empty.
	IndexPrefix string
	// Shards (at least 1) and Replicas of a new version.
	Shards, Replicas int
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
	// maxIdle is how many connections to one node are kept.
	maxIdle = 64
	// maxAnswer bounds the bytes of one answer.
	maxAnswer = 256 << 20
)

// Client talks to one cluster. It is safe for use by many goroutines.
type Client struct {
	nodes esapi.Transport
	// prefix begins every name; alias is that of the products.
	prefix, alias    string
	shards, replicas int
	definition       elastic.Definition
}

// New prepares a client; it connects on first use.
func New(o Options) (*Client, error) {
	transport := o.Transport
	if transport == nil {
		t := http.DefaultTransport.(*http.Transport).Clone()
		t.MaxIdleConnsPerHost, t.MaxIdleConns = maxIdle, 0
		t.ResponseHeaderTimeout = bulkTimeout
		t.DisableCompression = true
		transport = t
	}
	var addresses []*url.URL
	for text := range strings.SplitSeq(o.URLs, ",") {
		address, err := url.Parse(strings.TrimSpace(text))
		if err != nil || address.Host == "" {
			return nil, errors.New("read the Elasticsearch addresses: one is not valid")
		}
		addresses = append(addresses, address)
	}
	// Another node is tried when one is away; who calls bounds the time.
	nodes, err := elastictransport.NewClient(elastictransport.WithURLs(addresses...), elastictransport.WithTransport(transport),
		elastictransport.WithRetry(2, http.StatusBadGateway))
	if err != nil {
		return nil, fmt.Errorf("prepare the connections to Elasticsearch: %w", err)
	}
	prefix := o.IndexPrefix
	if prefix == "" {
		prefix = "aforro"
	}
	return &Client{
		nodes: nodes, prefix: prefix, alias: aliasOf(prefix, search.Products), shards: max(1, o.Shards), replicas: o.Replicas, definition: elastic.Define(),
	}, nil
}
