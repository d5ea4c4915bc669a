package main

import (
	"context"
	"math/rand/v2"
	"strings"
	"time"

	"aforro/pkg/elasticsearch"
)

// benchSuggest asks for the titles of different beginnings; the reference sends what
// the API sends for them straight to Elasticsearch.
func benchSuggest(ctx context.Context, g *ground) error {
	s, list, err := g.shopAndTitles(ctx)
	if err != nil {
		return err
	}
	words := typed(list, g.pace.rounds*searchesPerRound, 1)
	recorded, _, err := record(ctx, g, len(words), func(ctx context.Context, c *elasticsearch.Client, i int) error {
		_, err := c.Suggest(ctx, words[i], 0)
		return err
	})
	if err != nil {
		return err
	}
	var r ratios
	for round := range g.pace.rounds {
		from, to := round*searchesPerRound, (round+1)*searchesPerRound
		var ours, alone result
		measure := []func(){
			func() {
				ours = load(ctx, searchConnections, throughAPI(s.base+suggestPath, words[from:to], ""), time.Minute)
			},
			func() { alone = load(ctx, searchConnections, recorded[from:to], time.Minute) },
		}
		for i := range measure {
			measure[(i+round)%2]()
		}
		if err := succeeded(ours, alone); err != nil {
			return err
		}
		r.add(ours.perSecond, alone.perSecond)
	}
	bar("uncached suggestions, 16 connections, requests/s", r.String()+" (the suggester alone)", ">= 70 %", r.median() >= 0.7)
	return nil
}

// typed makes n different beginnings of titles drawn at random by seed, of at least
// three letters.
func typed(titles []string, n int, seed uint64) []string {
	rng := rand.New(rand.NewPCG(seed, 0))
	seen := map[string]bool{}
	var list []string
	for len(list) < n {
		letters := []rune(titles[rng.IntN(len(titles))])
		text := strings.TrimSpace(string(letters[:min(len(letters), 3+rng.IntN(22))]))
		if lower := strings.ToLower(text); len([]rune(text)) >= 3 && !seen[lower] {
			seen[lower] = true
			list = append(list, text)
		}
	}
	return list
}
