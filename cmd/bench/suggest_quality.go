package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
	"unicode"

	"aforro/demo"
	"aforro/pkg/elasticsearch"
	"aforro/pkg/search"
)

const (
	suggestTitles   = 2000
	suggestPrefixes = 5000
	suggestSeed     = 1
	suggestStores   = 20
)

// benchSuggestQuality types the beginnings of random titles, then random
// beginnings in random stores, and follows whatever is suggested.
func benchSuggestQuality(ctx context.Context, g *ground) error {
	s, list, err := g.shopAndTitles(ctx)
	if err != nil {
		return err
	}
	q := &suggestQuality{engine: s.engine, titles: list, rng: rand.New(rand.NewPCG(suggestSeed, 0))}
	found, misspelt, err := q.offered(ctx)
	if err != nil {
		return err
	}
	bar("suggestions offer the title, or ten that match", fmt.Sprintf("%d of %d", found, suggestTitles), "all", found == suggestTitles)
	bar("the same with a typo in the first word", fmt.Sprintf("%d of %d", misspelt, suggestTitles), ">= 80 %", misspelt*10 >= suggestTitles*8)
	followed, dead, err := q.dead(ctx)
	if err != nil {
		return err
	}
	bar("dead ends, prefixes × stores", fmt.Sprintf("%d of %d suggestions for %d prefixes", dead, followed, suggestPrefixes), "0", dead == 0)
	slices.Sort(q.took)
	fmt.Printf("seed %d; one at a time: p50 %s, p99 %s\n", suggestSeed, ms(q.took[len(q.took)/2]), ms(q.took[len(q.took)*99/100]))
	return nil
}

type suggestQuality struct {
	engine *elasticsearch.Client
	titles []string
	rng    *rand.Rand
	took   []time.Duration
}

// start is up to six letters of the first word of a random title and three of the
// second.
func (q *suggestQuality) start() (title, first, second string) {
	for {
		title = q.titles[q.rng.IntN(len(q.titles))]
		if words := strings.Fields(title); len(words) > 1 {
			return title, letters(words[0], 6), letters(words[1], 3)
		}
	}
}

func letters(word string, n int) string {
	runes := []rune(word)
	return string(runes[:min(n, len(runes))])
}

func (q *suggestQuality) suggest(ctx context.Context, typed string, store int64) ([]search.Suggestion, error) {
	begun := time.Now()
	list, err := q.engine.SuggestRich(ctx, typed, store)
	q.took = append(q.took, time.Since(begun))
	return list, err
}

// offered counts the titles that are offered, as they are typed and with a typo.
func (q *suggestQuality) offered(ctx context.Context) (found, misspelt int, err error) {
	for range suggestTitles {
		title, first, second := q.start()
		for i, typed := range []string{first + " " + second, search.MissType(q.rng, first) + " " + second} {
			list, err := q.suggest(ctx, typed, 0)
			switch {
			case err != nil:
				return found, misspelt, err
			case !offersTitle(list, title, first+" "+second):
			case i == 0:
				found++
			default:
				misspelt++
			}
		}
	}
	return found, misspelt, nil
}

// offersTitle reports whether the title is among the products, or ten whose titles
// have words that begin like all of those typed.
func offersTitle(list []search.Suggestion, title, typed string) bool {
	matching := 0
	for _, s := range list {
		if s.Type == search.SuggestProduct && strings.EqualFold(s.Text, title) {
			return true
		}
		if s.Type == search.SuggestProduct && begins(typed, s.Text) {
			matching++
		}
	}
	return matching >= search.MaxSuggest
}

func begins(typed, text string) bool {
	split := func(s string) []string {
		return strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) })
	}
	words := split(text)
	return !slices.ContainsFunc(split(typed), func(t string) bool {
		return !slices.ContainsFunc(words, func(w string) bool { return strings.HasPrefix(w, t) })
	})
}

// dead counts the suggestions that are followed, each once in a store, and those
// that lead to no product there.
func (q *suggestQuality) dead(ctx context.Context) (followed, dead int, err error) {
	known := map[string]bool{}
	for range suggestPrefixes {
		_, first, second := q.start()
		store := 1 + q.rng.Int64N(suggestStores)
		typed := []string{first, second, first + " " + second, second + " " + first, search.MissType(q.rng, first) + " " + second}[q.rng.IntN(5)]
		list, err := q.suggest(ctx, typed, store)
		if err != nil {
			return followed, dead, err
		}
		for _, s := range list {
			key := fmt.Sprint(store, s.Type, s.Text)
			if known[key] {
				continue
			}
			known[key] = true
			leads, err := q.leads(ctx, s, store)
			if err != nil {
				return followed, dead, err
			}
			if followed++; !leads {
				dead++
				fmt.Printf("%q in store %d: the %s %q leads nowhere\n", typed, store, s.Type, s.Text)
			}
		}
	}
	return followed, dead, nil
}

func (q *suggestQuality) leads(ctx context.Context, s search.Suggestion, store int64) (bool, error) {
	p := search.Params{Query: s.Text, StoreID: store, Sort: search.ByRelevance, Page: 1, PageSize: 1}
	switch s.Type {
	case search.SuggestProduct:
		for _, line := range demo.StockOf(s.ID) {
			if line.StoreID == store {
				return true, nil
			}
		}
		return false, nil
	case search.SuggestCategory:
		p.Query, p.Categories, p.Sort = "", []string{s.Text}, search.ByNewest
	}
	page, err := q.engine.Search(ctx, p)
	return page.Count > 0, err
}
