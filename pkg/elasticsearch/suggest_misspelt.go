package elasticsearch

import (
	"context"
	"strconv"

	"github.com/elastic/go-elasticsearch/v8/esapi"
)

const (
	// leastMisspelt is how long a word is, in characters, that may be misspelt. Its
	// first letter is taken to be right.
	leastMisspelt = 2
	// mostMeant is how many beginnings are tried for one.
	mostMeant = 6
)

// misspelt gives for each word the beginnings in the index that are one letter
// away, the commonest first; nil when no word has any. Which of them is meant
// shows when they are looked for together.
func (c *Client) misspelt(ctx context.Context, words []typedWord) ([]typedWord, error) {
	suggest := m{}
	for i, w := range words {
		suggest[strconv.Itoa(i)] = m{"text": w.text, "term": m{
			"field": "typed", "analyzer": "whole", "suggest_mode": "always", "sort": "frequency", "max_edits": 1,
			"prefix_length": 1, "min_word_length": leastMisspelt, "size": mostMeant, "max_term_freq": 0.99,
		}}
	}
	var answer struct {
		Suggest map[string][]struct {
			Options []struct {
				Text string `json:"text"`
			} `json:"options"`
		} `json:"suggest"`
	}
	onLive := esapi.SearchRequest{Index: c.liveTitles(), FilterPath: []string{"suggest"}}
	if err := c.ask(ctx, "look for misspelt words", onLive, m{"size": 0, "suggest": suggest}, &answer); err != nil {
		return nil, err
	}
	var some bool
	corrected := make([]typedWord, len(words))
	for i, w := range words {
		corrected[i] = typedWord{text: w.text}
		for _, part := range answer.Suggest[strconv.Itoa(i)] {
			for _, o := range part.Options {
				corrected[i].meant, some = append(corrected[i].meant, o.Text), true
			}
		}
	}
	if !some {
		return nil, nil
	}
	return corrected, nil
}
