package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"
)

const (
	// millionConnections ask for millionSearches; millionWarm before them do not count:
	// it takes as many until Elasticsearch's compiler has seen enough.
	millionConnections = 2
	millionSearches    = 3000
	millionWarm        = 8000
)

// benchSearchMillion searches the large catalogue for what one store has, two words
// of a title at a time, each search once.
func benchSearchMillion(ctx context.Context, g *ground) (err error) {
	l, err := g.theMillion(ctx)
	if err != nil {
		return err
	}
	server, err := g.api(ctx, l.where)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.end()) }()
	words, err := l.pairs(ctx, millionWarm+millionSearches)
	if err != nil {
		return err
	}
	jobs := throughAPI(server.base+searchPath, words, "&in_stock=true")
	rng := rand.New(rand.NewPCG(3, 0))
	for i := range jobs {
		jobs[i][0].url += fmt.Sprintf("&store_id=%d", 1+rng.IntN(millionStores))
	}
	warm, got := load(ctx, searchConnections, jobs[:millionWarm], time.Hour), load(ctx, millionConnections, jobs[millionWarm:], time.Hour)
	if err := succeeded(warm, got); err != nil {
		return err
	}
	var sum time.Duration
	for _, took := range got.latencies {
		sum += took
	}
	mean := sum / time.Duration(len(got.latencies))
	bar("a store's searches, a million products", fmt.Sprintf("%.0f/s, mean %s, p50 %s, p99 %s, %d connections", got.perSecond, ms(mean), ms(got.percentile(50)), ms(got.percentile(99)), millionConnections),
		">= 104/s, 15 ms", got.perSecond >= 104 && mean <= 15*time.Millisecond)
	return l.footprint(ctx, server.cmd.Process.Pid)
}

// pairs are different pairs of neighbouring words of seeded titles.
func (l *large) pairs(ctx context.Context, n int) ([]string, error) {
	lines, err := l.psql(ctx, l.dbURL, fmt.Sprintf("SELECT title FROM products ORDER BY hashint8(id), id LIMIT %d", 10*n))
	if err != nil {
		return nil, err
	}
	rng := rand.New(rand.NewPCG(4, 0))
	seen := map[string]bool{}
	var list []string
	for line := range strings.Lines(lines) {
		words := strings.Fields(line)
		if len(words) < 2 || len(list) == n {
			continue
		}
		at := rng.IntN(len(words) - 1)
		if pair := words[at] + " " + words[at+1]; !seen[pair] {
			seen[pair] = true
			list = append(list, pair)
		}
	}
	for i := 0; len(list) < n && i < len(list); i++ { // a vocabulary may have fewer pairs: other stores have other answers
		list = append(list, list[i])
	}
	return list, nil
}

// footprint prints what the index takes on disk, and memory.
func (l *large) footprint(ctx context.Context, api int) error {
	var sizes []struct {
		Index string `json:"index"`
		Bytes string `json:"store.size"`
	}
	if err := getJSON(ctx, l.services.ElasticsearchURL+"/_cat/indices/million-*?format=json&bytes=mb&h=index,store.size", &sizes); err != nil {
		return err
	}
	for _, s := range sizes {
		fmt.Printf("  disk      %s: %s MB\n", s.Index, s.Bytes)
	}
	engine, err := peakOfChildrenMB(l.services.Elasticsearch.Pid())
	if err != nil {
		return err
	}
	own, err := peakMB(api)
	if err != nil {
		return err
	}
	fmt.Printf("  memory    Elasticsearch %d MB resident at most, the API %d MB\n", engine, own)
	return nil
}

func getJSON(ctx context.Context, address string, out any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	text, err := io.ReadAll(resp.Body)
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		return err
	}
	return json.Unmarshal(text, out)
}
