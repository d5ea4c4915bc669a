package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"

	"aforro/pkg/elasticsearch"
)

// recorder notes what a client sends while it sends it.
type recorder struct {
	mu   sync.Mutex
	sent []request
}

func (r *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			return nil, err
		}
		req.Body = io.NopCloser(bytes.NewReader(body))
		r.mu.Lock()
		r.sent = append(r.sent, request{req.Method, req.URL.String(), string(body), map[string]string{"Content-Type": req.Header.Get("Content-Type")}})
		r.mu.Unlock()
	}
	return http.DefaultTransport.RoundTrip(req)
}

// record asks the engine n things, each once, and gives what was sent for each, and
// how many requests that were on average.
func record(ctx context.Context, g *ground, n int, ask func(ctx context.Context, c *elasticsearch.Client, i int) error) ([][]request, float64, error) {
	tape := &recorder{}
	engine, err := elasticsearch.New(elasticsearch.Options{URLs: g.services.ElasticsearchURL, IndexPrefix: "shop", Transport: tape})
	if err != nil {
		return nil, 0, err
	}
	jobs := make([][]request, n)
	total := 0
	for i := range n {
		tape.sent = nil
		if err := ask(ctx, engine, i); err != nil {
			return nil, 0, fmt.Errorf("record what is sent for search %d: %w", i, err)
		}
		jobs[i] = tape.sent
		total += len(tape.sent)
	}
	return jobs, float64(total) / float64(n), nil
}
