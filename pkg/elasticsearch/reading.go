package elasticsearch

import (
	"context"
	"slices"
	"strings"
	"unicode"

	"aforro/elastic"
	"aforro/pkg/search"
)

// reading is how the words of a search are taken: as they were typed, unless
// nothing has them all.
type reading struct {
	ranking *elastic.Ranking
	// words are what is searched for.
	words string
	// meant is the corrected query, left are the words that were left out.
	meant string
	left  []string
}

// mostWords is how many words of a query are looked at one by one; one of more is
// taken as it was typed.
const mostWords = 20

// asTyped takes the words as they are.
func (c *Client) asTyped(p search.Params) reading {
	return reading{ranking: &c.ranking, words: p.Query}
}

// read decides how the words of a search are taken. It comes out the same for
// every page: it hangs on what the index has, not on what a page holds. Where
// something has all words they are taken as typed. Else those that the index does
// not know are corrected, and those that the nearest product lacks are left out.
func (c *Client) read(ctx context.Context, p search.Params) (reading, error) {
	r := c.asTyped(p)
	if p.Query == "" {
		return r, nil
	}
	if covered, err := c.isCovered(ctx, p); err != nil || covered {
		return r, err
	}
	words := splitWords(p.Query, mostWords+1)
	if len(words) == 0 || len(words) > mostWords {
		return r, nil
	}
	meant, err := c.correct(ctx, p, words)
	if err != nil {
		return r, err
	}
	if meant != nil {
		r.meant = strings.Join(meant, " ")
		r.words, words = r.meant, splitWords(r.meant, mostWords)
	}
	kept, left, err := c.nearest(ctx, p, words)
	if err == nil && len(kept) > 0 && len(left) > 0 {
		r.words, r.left = strings.Join(kept, " "), left
	}
	return r, err
}

// isCovered reports whether something under the filters has all words.
func (c *Client) isCovered(ctx context.Context, p search.Params) (bool, error) {
	answer, err := c.post(ctx, c.onLive(p), covered(p))
	return answer.Hits.Total.Value > 0, err
}

// nearest tells which of the words the product has that has most of them, rare
// ones and the one that the query is about before others, and which it lacks.
func (c *Client) nearest(ctx context.Context, p search.Params, words []string) (kept, left []string, err error) {
	should := []any{subject(strings.Join(words, " "), nearestSubject)}
	for _, word := range words {
		clause := everywhere(word)
		clause["match"].(m)["everything"].(m)["_name"] = word
		should = append(should, clause)
	}
	clauses := m{"should": should, "minimum_should_match": 1}
	if list := filters(p); len(list) > 0 {
		clauses["filter"] = list
	}
	answer, err := c.post(ctx, c.onLive(p), m{"query": m{"bool": clauses}, "size": 1, "sort": order(search.Params{Sort: search.ByRelevance}), "_source": false})
	if err != nil || len(answer.Hits.Hits) == 0 {
		return nil, nil, err
	}
	for _, word := range words {
		if answer.Hits.Hits[0].matched(word) {
			kept = append(kept, word)
		} else {
			left = append(left, word)
		}
	}
	return kept, left, nil
}

// nearestSubject is what the word that the query is about counts beside the BM25
// scores of the words, which lie between 0 and about 8.
const nearestSubject = 4

func notInWords(r rune) bool {
	return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r)
}

// lettersOnly reports whether a word is one that can be misspelt: letters only. A
// figure or a model number that is nearly right is another one.
func lettersOnly(word string) bool {
	return !strings.ContainsFunc(word, func(r rune) bool { return !unicode.IsLetter(r) })
}

// replaced gives the words with some of them replaced.
func replaced(words []string, from, to int, by string) []string {
	return slices.Concat(words[:from], strings.Fields(by), words[to:])
}
