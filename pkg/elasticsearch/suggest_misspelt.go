package elasticsearch

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/elastic/go-elasticsearch/v8/esapi"
)

const (
	// leastMisspelt is how long a word is, in characters, that may be misspelt. Its
	// first letter is taken to be right.
	leastMisspelt = 2
	// askedMeant is how many beginnings are asked for instead of a word, mostMeant
	// how many of them are tried.
	askedMeant = 15
	mostMeant  = 8
)

// misspelt adds to each word the beginnings in the index that are one letter
// away, and reports whether there are any. Which of them is meant shows when they
// are looked for together. A number is not taken for another one.
func (c *Client) misspelt(ctx context.Context, words []typedWord) (corrected []typedWord, some bool, err error) {
	suggest := m{}
	for i, w := range words {
		if strings.ContainsFunc(w.text, unicode.IsLetter) {
			suggest[strconv.Itoa(i)] = m{"text": w.text, "term": m{
				"field": "typed", "analyzer": "whole", "suggest_mode": "always", "sort": "frequency", "max_edits": 1,
				"prefix_length": 1, "min_word_length": leastMisspelt, "size": askedMeant, "max_term_freq": 0.99,
			}}
		}
	}
	if len(suggest) == 0 {
		return words, false, nil
	}
	var answer struct {
		Suggest map[string][]struct {
			Options []struct {
				Text string `json:"text"`
			} `json:"options"`
		} `json:"suggest"`
	}
	onLive := esapi.SearchRequest{Index: c.liveTitles(), FilterPath: []string{"suggest"}}
	err = c.ask(ctx, "look for misspelt words", onLive, m{"size": 0, "suggest": suggest}, &answer)
	if errors.Is(err, errUnmapped) {
		return words, false, nil
	}
	if err != nil {
		return words, false, err
	}
	corrected = slices.Clone(words)
	for i := range corrected {
		for _, part := range answer.Suggest[strconv.Itoa(i)] {
			for _, o := range part.Options {
				corrected[i].meant, some = append(corrected[i].meant, o.Text), true
			}
		}
		corrected[i].meant = likeliest(corrected[i].text, corrected[i].meant)
	}
	return corrected, some, nil
}

// likeliest keeps a few beginnings, the commonest first. One that is shorter than
// the word is common because it says less, and comes last.
func likeliest(word string, meant []string) []string {
	shorter := func(s string) int {
		if utf8.RuneCountInString(s) < utf8.RuneCountInString(word) {
			return 1
		}
		return 0
	}
	slices.SortStableFunc(meant, func(a, b string) int { return shorter(a) - shorter(b) })
	return meant[:min(len(meant), mostMeant)]
}
