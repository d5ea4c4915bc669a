package search

import (
	"math/rand/v2"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// TypoVariants is how many misspelt variants of each query are measured.
const TypoVariants = 5

// leastTypoLetters is how long a word is that gets a typo.
const leastTypoLetters = 5

// MissTyped gives judged queries with one typo each: TypoVariants of every query
// that has a word of five letters or more. One letter of such a word is inserted,
// left out, replaced or changes places with the next one, never its first. The
// same seed gives the same typos.
func MissTyped(judged []Judged, seed uint64) []Judged {
	draw := rand.New(rand.NewPCG(seed, 0))
	var list []Judged
	for _, j := range judged {
		words := strings.Fields(j.Query)
		var long []int
		for i, w := range words {
			if n := len([]rune(w)); n >= leastTypoLetters && !strings.ContainsFunc(w, func(r rune) bool { return !unicode.IsLetter(r) }) {
				long = append(long, i)
			}
		}
		for range TypoVariants {
			if len(long) == 0 {
				break
			}
			with, at := slices.Clone(words), long[draw.IntN(len(long))]
			with[at] = MissType(draw, words[at])
			list = append(list, Judged{strings.Join(with, " "), j.Ratings})
		}
	}
	return list
}

// MissType makes one typo in a word of two letters or more, never in its first, so
// that it is another one. A shorter word stays.
func MissType(draw *rand.Rand, word string) string {
	if utf8.RuneCountInString(word) < 2 {
		return word
	}
	for {
		letters := []rune(word)
		at := 1 + draw.IntN(len(letters)-1)
		letter := 'a' + rune(draw.IntN(26))
		switch draw.IntN(4) {
		case 0:
			letters = slices.Insert(letters, at, letter)
		case 1:
			letters = slices.Delete(letters, at, at+1)
		case 2:
			letters[at] = letter
		default:
			if at = min(at, len(letters)-2); at > 0 {
				letters[at], letters[at+1] = letters[at+1], letters[at]
			}
		}
		if string(letters) != word {
			return string(letters)
		}
	}
}
