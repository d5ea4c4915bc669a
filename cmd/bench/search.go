package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"aforro/pkg/elasticsearch"
	"aforro/pkg/search"
)

const (
	searchConnections = 16
	searchRounds      = 5
	searchesPerRound  = 2500
)

// benchSearch sends different queries to the API with empty caches. The
// reference sends what the API sends for them, follow-ups included, straight to
// Elasticsearch.
func benchSearch(ctx context.Context, g *ground) error {
	s, err := g.theShop(ctx)
	if err != nil {
		return err
	}
	list, err := titles()
	if err != nil {
		return err
	}
	words := queries(list, searchRounds*searchesPerRound, 1)
	recorded, follow, err := record(ctx, g, words)
	if err != nil {
		return err
	}
	var r ratios
	var lastOurs, lastAlone result
	for round := range searchRounds {
		from, to := round*searchesPerRound, (round+1)*searchesPerRound
		measure := []func(){
			func() { lastOurs = load(ctx, searchConnections, throughAPI(s.base, words[from:to]), time.Minute) },
			func() { lastAlone = load(ctx, searchConnections, recorded[from:to], time.Minute) },
		}
		for i := range measure {
			measure[(i+round)%2]()
		}
		if lastOurs.failed+lastAlone.failed > 0 {
			return fmt.Errorf("%d and %d requests failed: %s %s", lastOurs.failed, lastAlone.failed, lastOurs.firstFail, lastAlone.firstFail)
		}
		r.add(lastOurs.perSecond, lastAlone.perSecond)
	}
	bar("uncached search, 16 connections, requests/s", r.String()+" (Elasticsearch alone)", ">= 65 %", r.median() >= 0.65)
	fmt.Printf("last round: p50 %s, p99 %s; alone p50 %s, p99 %s; %.2f requests to Elasticsearch a search; the replaced Django system did 34/s\n",
		ms(lastOurs.percentile(50)), ms(lastOurs.percentile(99)), ms(lastAlone.percentile(50)), ms(lastAlone.percentile(99)), follow)
	return nil
}

func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000) }

func throughAPI(base string, words []string) [][]request {
	jobs := make([][]request, len(words))
	for i, q := range words {
		jobs[i] = []request{{method: http.MethodGet, url: base + "/api/search/products/?q=" + url.QueryEscape(q)}}
	}
	return jobs
}

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
		r.sent = append(r.sent, request{req.Method, req.URL.String(), string(body), map[string]string{"Content-Type": "application/json"}})
		r.mu.Unlock()
	}
	return http.DefaultTransport.RoundTrip(req)
}

// record runs each search once and gives what was sent for it, and how many
// requests that were on average.
func record(ctx context.Context, g *ground, words []string) ([][]request, float64, error) {
	tape := &recorder{}
	engine, err := elasticsearch.New(elasticsearch.Options{URLs: g.services.ElasticsearchURL, IndexPrefix: "shop", Transport: tape})
	if err != nil {
		return nil, 0, err
	}
	jobs := make([][]request, len(words))
	total := 0
	for i, q := range words {
		tape.sent = nil
		p := search.Params{Query: strings.TrimSpace(q), Sort: search.ByRelevance, Page: 1, PageSize: search.DefaultPageSize}
		if _, err := engine.Search(ctx, p); err != nil {
			return nil, 0, fmt.Errorf("record %q: %w", q, err)
		}
		jobs[i] = tape.sent
		total += len(tape.sent)
	}
	return jobs, float64(total) / float64(len(words)), nil
}
