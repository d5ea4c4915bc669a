package elasticsearch

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/elastic/go-elasticsearch/v8/esapi"

	"aforro/pkg/search"
)

// How many values are read of the products that match; of these those are offered
// that have all words themselves.
const (
	phrasesRead    = 80
	brandsRead     = 40
	categoriesRead = 30
)

// hardlyAny: with fewer products something that was typed may be misspelt.
const hardlyAny = 3

// richAnswer is what is read of an answer.
type richAnswer struct {
	Hits struct {
		Hits []struct {
			ID     int64 `json:"_id,string"`
			Source struct {
				Title string `json:"title"`
			} `json:"_source"`
		} `json:"hits"`
	} `json:"hits"`
	Aggregations struct {
		Phrases    buckets `json:"phrases"`
		Brands     buckets `json:"brands"`
		Categories buckets `json:"categories"`
	} `json:"aggregations"`
}

type buckets struct {
	Buckets []struct {
		Key string `json:"key"`
	} `json:"buckets"`
}

var richParts = []string{"hits.hits._id", "hits.hits._source.title", "aggregations.*.buckets.key"}

// SuggestRich offers queries, brands, categories and products for what was typed:
// beginnings of words, in any order. Each comes from products that the store
// carries (0: any store) and that have all of the words, so none leads to an
// empty page there. When hardly anything has them, words may be misspelt. Fewer
// than search.MinSuggest characters give none. Prices and stock are not filled in.
func (c *Client) SuggestRich(ctx context.Context, typed string, storeID int64) ([]search.Suggestion, error) {
	typed = strings.TrimSpace(typed)
	words := typedWords(typed)
	if n := utf8.RuneCountInString(typed); n < search.MinSuggest || n > longestTitle || len(words) == 0 {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, searchTimeout)
	defer cancel()
	answer, err := c.rich(ctx, words, typed, storeID)
	if err == nil && len(answer.Hits.Hits) < hardlyAny {
		var some bool
		if words, some, err = c.misspelt(ctx, words); some {
			answer, err = c.rich(ctx, words, "", storeID)
		}
	}
	if err != nil || len(answer.Hits.Hits) == 0 {
		return nil, notBuilt(err)
	}
	return answer.suggestions(words), nil
}

// rich asks for the products that have all words, the best first, and for what
// these have in common.
func (c *Client) rich(ctx context.Context, words []typedWord, typed string, storeID int64) (answer richAnswer, err error) {
	request := m{
		"query": m{"bool": m{"filter": matching(words, storeID), "should": preferring(words, typed)}},
		"size":  search.MaxSuggest, "_source": []string{"title"}, "track_total_hits": false,
		"sort":     []any{m{"_score": "desc"}, m{"title_length": "asc"}, m{"title": "asc"}, m{"id": "asc"}},
		"collapse": m{"field": "title"},
		"aggs": m{
			"phrases":    m{"terms": m{"field": "phrases", "size": phrasesRead}},
			"brands":     m{"terms": m{"field": "brand", "size": brandsRead}},
			"categories": m{"terms": m{"field": "category", "size": categoriesRead}},
		},
	}
	return answer, c.ask(ctx, "suggest", esapi.SearchRequest{Index: c.liveTitles(), FilterPath: richParts}, request, &answer)
}

// matching keeps what the store carries and what has a word that begins so for
// each word.
func matching(words []typedWord, storeID int64) []any {
	var list []any
	for _, w := range words {
		list = append(list, beginning("typed", w))
	}
	if storeID != 0 {
		list = append(list, m{"term": m{"stores": storeID}})
	}
	return list
}

// beginning asks for a word that begins like this one, or as it may be meant.
func beginning(field string, w typedWord) m {
	typed := m{"match": m{field: w.text}}
	if len(w.meant) == 0 {
		return typed
	}
	return m{"bool": m{"should": []any{typed, m{"terms": m{field: w.meant}}}}}
}

// What makes one product a better suggestion than another. The title comes before
// all else, then letters as they were typed, then whole words.
const (
	boostTitle  = 8.0  // the title has all words
	boostBegins = 4.0  // the title begins with what was typed
	boostRight  = 20.0 // where words may be misspelt: none is
	boostTyped  = 2.0  // one is not
	boostMeant  = 1.5  // the likeliest that one may be misspelt for; the next half of it, and so on
	boostFirst  = 1.0  // the title begins with the first word
	boostWhole  = 0.5  // a word is typed whole
)

func preferring(words []typedWord, typed string) []any {
	list := []any{constant(boostFirst, m{"prefix": m{"title": words[0].text}})}
	var title, right []any
	for i, w := range words {
		right = append(right, m{"match": m{"typed": w.text}})
		title = append(title, beginning("title.begun", w))
		if typed != "" {
			list = append(list, constant(boostWhole, m{"match": m{"title.word": w.text}}))
			continue
		}
		list = append(list, constant(boostTyped, m{"match": m{"title.begun": w.text}}))
		for rank, meant := range w.meant {
			list = append(list, constant(boostMeant/float64(1+rank), m{"term": m{"title.begun": meant}}))
			if i == 0 {
				list = append(list, constant(boostFirst/float64(1+rank), m{"prefix": m{"title": meant}}))
			}
		}
	}
	list = append(list, constant(boostTitle, m{"bool": m{"filter": title}}))
	if typed != "" {
		return append(list, constant(boostBegins, m{"prefix": m{"title": strings.ToLower(typed)}}))
	}
	return append(list, constant(boostRight, m{"bool": m{"filter": right}}))
}

// suggestions picks what fits the words: of values only those that have all of
// them. No text is there twice.
func (a richAnswer) suggestions(words []typedWord) []search.Suggestion {
	seen := map[string]bool{}
	var products []search.Suggestion
	for _, h := range a.Hits.Hits {
		seen[strings.ToLower(h.Source.Title)] = true
		products = append(products, search.Suggestion{
			Type: search.SuggestProduct, Text: h.Source.Title, Completed: completed(words, h.Source.Title), ID: h.ID})
	}
	pick := func(kind search.SuggestionType, from buckets, most int) (list []search.Suggestion) {
		for _, b := range from.Buckets {
			if lower := strings.ToLower(b.Key); len(list) < most && !seen[lower] && fits(words, b.Key) {
				seen[lower] = true
				list = append(list, search.Suggestion{Type: kind, Text: b.Key, Completed: completed(words, b.Key)})
			}
		}
		return list
	}
	brands := pick(search.SuggestBrand, a.Aggregations.Brands, search.MaxSuggestBrands)
	categories := pick(search.SuggestCategory, a.Aggregations.Categories, search.MaxSuggestCategories)
	queries := pick(search.SuggestQuery, a.Aggregations.Phrases, search.MaxSuggestQueries)
	return slices.Concat(queries, brands, categories, products)
}
