package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"aforro/pkg/elasticsearch"
	"aforro/pkg/search"
)

const (
	searchConnections = 16
	searchesPerRound  = 2500
	// withFacets is how many searches of a round are sent with facets; as many warm
	// Elasticsearch up, as the recording does for those without.
	withFacets = 1000
	allFacets  = "&facets=brand,category,price,store,attributes"
	// mostAdded is what half the peak rate may add to the 99th percentile.
	mostAdded = 10 * time.Millisecond
)

// benchSearch sends different queries to the API with empty caches. The
// reference sends what the API sends for them, follow-ups included, straight to
// Elasticsearch.
func benchSearch(ctx context.Context, g *ground) (err error) {
	s, list, err := g.shopAndTitles(ctx)
	if err != nil {
		return err
	}
	words := queries(list, (g.pace.rounds+1)*searchesPerRound, 1)
	recorded, follow, err := record(ctx, g, len(words), func(ctx context.Context, c *elasticsearch.Client, i int) error {
		_, err := c.Search(ctx, search.Params{Query: strings.TrimSpace(words[i]), Sort: search.ByRelevance, Page: 1, PageSize: search.DefaultPageSize})
		return err
	})
	if err != nil {
		return err
	}
	// Its answers go to another database of Redis: what one has made the other must
	// not find there.
	unread, err := s.another(ctx, g, "--live-reads=false", "--cache-redis-url", strings.TrimSuffix(g.services.RedisURL, "/0")+"/1")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unread.end()) }()
	b := searchBench{words: words, recorded: recorded, live: s.base, indexed: unread.base}
	if b.facets, err = offers(ctx, s.base+searchPath+"?q=laptop"+allFacets, `"facets":`); err != nil {
		return err
	}
	if b.facets {
		last := g.pace.rounds * searchesPerRound
		if err := succeeded(load(ctx, searchConnections, throughAPI(b.live+searchPath, words[last:last+withFacets], allFacets), time.Minute)); err != nil {
			return err
		}
	}
	for round := range g.pace.rounds {
		if err := b.round(ctx, round); err != nil {
			return err
		}
	}
	b.print(follow)
	return b.halfRate(ctx)
}

const (
	searchPath  = "/api/search/products/"
	suggestPath = "/api/search/suggest/"
)

// searchBench is the measuring of uncached searches.
type searchBench struct {
	words                []string
	recorded             [][]request
	live, indexed        string
	facets               bool
	read, unread, counts ratios
	ours, alone          result
}

func (b *searchBench) round(ctx context.Context, round int) error {
	from, to := round*searchesPerRound, (round+1)*searchesPerRound
	var live, indexed, alone, facets result
	run := func(out *result, jobs [][]request) func() {
		return func() { *out = load(ctx, searchConnections, jobs, time.Minute) }
	}
	measure := []func(){
		run(&live, throughAPI(b.live+searchPath, b.words[from:to], "")),
		run(&alone, b.recorded[from:to]),
		run(&indexed, throughAPI(b.indexed+searchPath, b.words[from:to], "")),
	}
	if b.facets {
		measure = append(measure, run(&facets, throughAPI(b.live+searchPath, b.words[from:from+withFacets], allFacets)))
	}
	for i := range measure {
		measure[(i+round)%len(measure)]()
	}
	if err := succeeded(live, indexed, alone, facets); err != nil {
		return err
	}
	b.read.add(live.perSecond, alone.perSecond)
	b.unread.add(indexed.perSecond, alone.perSecond)
	if b.facets {
		b.counts.add(facets.perSecond, live.perSecond)
	}
	b.ours, b.alone = live, alone
	return nil
}

func (b *searchBench) print(follow float64) {
	bar("uncached search, 16 connections, requests/s", b.read.String()+" (Elasticsearch alone)", ">= 75 %", b.read.median() >= 0.75)
	bar("the same with AFORRO_LIVE_READS=false", b.unread.String()+" (Elasticsearch alone)", ">= 85 %", b.unread.median() >= 0.85)
	if b.facets {
		bar("the same with all facets", b.counts.String()+" (without facets)", ">= 50 %", b.counts.median() >= 0.5)
	} else {
		fmt.Println("the API under test does not know facets; they are left out")
	}
	fmt.Printf("last round: p50 %s, p99 %s; alone p50 %s, p99 %s; %.2f requests to Elasticsearch a search; the goal is 85 %%; the replaced Django system did 34/s\n",
		ms(b.ours.percentile(50)), ms(b.ours.percentile(99)), ms(b.alone.percentile(50)), ms(b.alone.percentile(99)), follow)
}

// halfRate sends queries that were not sent yet at half the rate that the API has
// reached, by the clock, to both.
func (b *searchBench) halfRate(ctx context.Context) error {
	rate := median(b.read.ours) / 2
	rest := len(b.words) - searchesPerRound
	ours := byTheClock(ctx, searchConnections, throughAPI(b.live+searchPath, b.words[rest:], ""), rate)
	alone := byTheClock(ctx, searchConnections, b.recorded[rest:], rate)
	if err := succeeded(ours, alone); err != nil {
		return err
	}
	added := ours.percentile(99) - alone.percentile(99)
	bar(fmt.Sprintf("p99 at half the peak rate (%.0f/s)", rate), fmt.Sprintf("%s against %s, %s more (Elasticsearch alone)", ms(ours.percentile(99)), ms(alone.percentile(99)), ms(added)),
		"<= 10 ms more", added <= mostAdded)
	return nil
}

// succeeded is an error when a request of one of the loads failed.
func succeeded(loads ...result) error {
	for _, r := range loads {
		if r.failed > 0 {
			return fmt.Errorf("%d requests failed, the first: %s", r.failed, r.firstFail)
		}
	}
	return nil
}

func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000) }

// throughAPI sends each text as q; more is added to the query.
func throughAPI(route string, words []string, more string) [][]request {
	jobs := make([][]request, len(words))
	for i, q := range words {
		jobs[i] = []request{{method: http.MethodGet, url: route + "?q=" + url.QueryEscape(q) + more}}
	}
	return jobs
}

// offers reports whether the answer has the text.
func offers(ctx context.Context, address, text string) (bool, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return false, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false, err
	}
	body, err := io.ReadAll(resp.Body)
	return strings.Contains(string(body), text), errors.Join(err, resp.Body.Close())
}
