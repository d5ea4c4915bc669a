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
// something has all words they are taken as typed.
func (c *Client) read(ctx context.Context, p search.Params) (reading, error) {
	if p.Query == "" {
		return c.asTyped(p), nil
	}
	answer, err := c.post(ctx, c.onLive(p), covered(p))
	if err != nil || answer.Hits.Total.Value > 0 {
		return c.asTyped(p), err
	}
	return c.reread(ctx, p)
}

// reread is read for words that hardly anything has. Those that the index does not
// know are corrected, and those that the nearest product lacks are left out. What
// most of these searches want to know is asked at once.
func (c *Client) reread(ctx context.Context, p search.Params) (reading, error) {
	r := c.asTyped(p)
	words := splitWords(p.Query, mostWords+1)
	if len(words) == 0 || len(words) > mostWords {
		return r, nil
	}
	var all, nearest searchAnswer
	var looked wordsAnswer
	if err := c.askAll(ctx, "read the words", p, question{covered(p), &all}, question{lookUp(words), &looked}, question{nearestTo(p, words), &nearest}); err != nil || all.Hits.Total.Value > 0 {
		return r, err
	}
	meant, err := c.correct(ctx, p, words, looked)
	if err != nil {
		return r, err
	}
	if meant != nil {
		r.meant = strings.Join(meant, " ")
		r.words, words = r.meant, splitWords(r.meant, mostWords)
		if nearest, err = c.post(ctx, c.onLive(p), nearestTo(p, words)); err != nil {
			return r, err
		}
	}
	if kept, left := nearest.having(words); len(kept) > 0 && len(left) > 0 {
		r.words, r.left = strings.Join(kept, " "), left
	}
	return r, nil
}

// nearestTo asks for the product that has most of the words, rare ones and the one
// that the query is about before others.
func nearestTo(p search.Params, words []string) m {
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
	return m{"query": m{"bool": clauses}, "size": 1, "sort": order(search.Params{Sort: search.ByRelevance}), "_source": false, "track_total_hits": false}
}

// having tells which of the words the first hit has, and which it lacks.
func (a searchAnswer) having(words []string) (kept, left []string) {
	for _, word := range words {
		switch {
		case len(a.Hits.Hits) == 0:
		case a.Hits.Hits[0].matched(word):
			kept = append(kept, word)
		default:
			left = append(left, word)
		}
	}
	return kept, left
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
