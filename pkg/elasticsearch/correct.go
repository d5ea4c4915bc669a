package elasticsearch

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"aforro/pkg/search"
)

// Bounds of a correction.
const (
	mostOptions    = 40 // that are counted for one query
	mostSpellings  = 8  // that are asked for one word
	shortestPart   = 3  // letters of a part of a word that was written as one
	shortestToFix  = 4  // letters of a word that may be misspelt
	mostWordLength = 40 // letters of one that is looked at
)

// option is something else that words may mean.
type option struct {
	from, to int // which words it stands for
	text     string
	// edits are how many letters differ; none when only a space does.
	edits int
	// found is how many products have it, together how many have it along with all
	// words that are known.
	found, together int64
}

// correct gives the words as they were probably meant; nil when nothing is to be
// corrected. Only words that the index does not know are corrected, and of those
// that it knows only two that were written apart.
func (c *Client) correct(ctx context.Context, p search.Params, words []string, looked wordsAnswer) ([]string, error) {
	known, spellings := looked.read(words)
	joins := rejoined(words, known)
	options := append(joins[:min(len(joins), mostOptions/2)], spellings...)
	options = options[:min(len(options), mostOptions)]
	if len(options) == 0 {
		return nil, nil
	}
	if err := c.count(ctx, p, words, known, options); err != nil {
		return nil, err
	}
	return choose(words, known, options), nil
}

// lookUp asks which words the whole index knows, and what is spelt like those
// that it does not.
func lookUp(words []string) m {
	each, suggest := m{}, m{}
	for i, word := range words {
		each[strconv.Itoa(i)] = everywhere(word)
		if n := utf8.RuneCountInString(word); lettersOnly(word) && shortestToFix <= n && n <= mostWordLength {
			suggest[strconv.Itoa(i)] = m{"text": word, "term": m{"field": "everything", "analyzer": "words",
				"suggest_mode": "missing", "size": mostSpellings, "prefix_length": 1, "max_edits": 2}}
		}
	}
	return m{"size": 0, "track_total_hits": false, "aggs": m{"words": m{"filters": m{"filters": each}}}, "suggest": suggest}
}

// read gives what lookUp asked for.
func (a wordsAnswer) read(words []string) (known []bool, spellings []option) {
	known = make([]bool, len(words))
	for i := range words {
		known[i] = a.count("", i) > 0
		if !known[i] {
			spellings = append(spellings, a.spellings(i)...)
		}
	}
	return known, spellings
}

// rejoined gives what words may mean when a space was forgotten in an unknown
// one, or typed within a word. Two known words may be one only where all are known:
// else it is another word that nothing has.
func rejoined(words []string, known []bool) (list []option) {
	all := !slices.Contains(known, false)
	for i, word := range words {
		if i+1 < len(words) && lettersOnly(word) && lettersOnly(words[i+1]) && (all || !known[i] || !known[i+1]) {
			list = append(list, option{from: i, to: i + 2, text: word + words[i+1]})
		}
		if known[i] {
			continue
		}
		for _, at := range seams(word) {
			list = append(list, option{from: i, to: i + 1, text: word[:at] + " " + word[at:]})
		}
	}
	return list
}

// seams are the bytes at which a word may be two: between a letter and a digit,
// and, in a word of letters, wherever both parts are long enough.
func seams(word string) (at []int) {
	letters := []rune(word)
	if len(letters) > mostWordLength {
		return nil
	}
	all := lettersOnly(word)
	bytes := 0
	for i, r := range letters {
		mixed := i > 0 && (unicode.IsLetter(letters[i-1]) && unicode.IsDigit(r) || unicode.IsDigit(letters[i-1]) && unicode.IsLetter(r))
		if mixed || all && i >= shortestPart && len(letters)-i >= shortestPart {
			at = append(at, bytes)
		}
		bytes += utf8.RuneLen(r)
	}
	return at
}

// count asks how many products have each option, alone and along with the words
// that are known.
func (c *Client) count(ctx context.Context, p search.Params, words []string, known []bool, options []option) error {
	each := m{}
	for i, o := range options {
		found := m{"match_phrase": m{"everything": o.text}}
		with := []any{found}
		for at, word := range words {
			if known[at] && (at < o.from || at >= o.to) {
				with = append(with, everywhere(word))
			}
		}
		each["f"+strconv.Itoa(i)], each["t"+strconv.Itoa(i)] = found, m{"bool": m{"filter": with}}
	}
	var answer wordsAnswer
	request := c.onLive(p)
	request.FilterPath = wordParts
	body := m{"size": 0, "track_total_hits": false, "aggs": m{"words": m{"filters": m{"filters": each}}}}
	if err := c.ask(ctx, "count corrections", request, body, &answer); err != nil {
		return err
	}
	for i := range options {
		options[i].found, options[i].together = answer.count("f", i), answer.count("t", i)
	}
	return nil
}

// choose applies the best options, each word once. What stands along with the
// other words comes first, then what differs least, then what most products have.
// Known words are joined only for what stands along with the others.
func choose(words []string, known []bool, options []option) []string {
	options = slices.DeleteFunc(options, func(o option) bool {
		return o.found == 0 || o.together == 0 && !slices.Contains(known[o.from:o.to], false)
	})
	slices.SortStableFunc(options, func(a, b option) int {
		return cmp.Or(cmp.Compare(min(b.together, 1), min(a.together, 1)), cmp.Compare(a.edits, b.edits),
			cmp.Compare(b.together, a.together), cmp.Compare(b.found, a.found), strings.Compare(a.text, b.text))
	})
	var chosen []option
	for _, o := range options {
		if !slices.ContainsFunc(chosen, func(c option) bool { return o.from < c.to && c.from < o.to }) {
			chosen = append(chosen, o)
		}
	}
	if len(chosen) == 0 {
		return nil
	}
	slices.SortFunc(chosen, func(a, b option) int { return b.from - a.from })
	for _, o := range chosen {
		words = replaced(words, o.from, o.to, o.text)
	}
	return words
}

// wordParts is what is read of an answer about words, wordPartsOfAll of several.
var (
	wordParts = []string{"hits.total.value", "hits.hits._id", "hits.hits.matched_queries",
		"aggregations.words.buckets.*.doc_count", "suggest.*.text", "suggest.*.options.text", "suggest.*.options.score"}
	wordPartsOfAll = func() []string {
		parts := []string{"responses.status"}
		for _, part := range wordParts {
			parts = append(parts, "responses."+part)
		}
		return parts
	}()
)

type wordsAnswer struct {
	Aggregations struct {
		Words struct {
			Buckets map[string]struct {
				Count int64 `json:"doc_count"`
			} `json:"buckets"`
		} `json:"words"`
	} `json:"aggregations"`
	Suggest map[string][]struct {
		Text    string `json:"text"`
		Options []struct {
			Text  string  `json:"text"`
			Score float64 `json:"score"`
		} `json:"options"`
	} `json:"suggest"`
}

func (a wordsAnswer) count(kind string, i int) int64 {
	return a.Aggregations.Words.Buckets[kind+strconv.Itoa(i)].Count
}

// spellings are what word i may have been meant to be. A score is 1 less the
// share of letters that differ, of the shorter word.
func (a wordsAnswer) spellings(i int) (list []option) {
	entries := a.Suggest[strconv.Itoa(i)]
	if len(entries) != 1 {
		return nil
	}
	typed := utf8.RuneCountInString(entries[0].Text)
	for _, o := range entries[0].Options {
		if shorter := min(typed, utf8.RuneCountInString(o.Text)); lettersOnly(o.Text) {
			list = append(list, option{from: i, to: i + 1, text: o.Text, edits: int(math.Round((1 - o.Score) * float64(shorter)))})
		}
	}
	return list
}
