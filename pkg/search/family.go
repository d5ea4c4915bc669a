package search

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// maxFamily bounds a family's key, in bytes: longer titles tell products apart.
const maxFamily = 300

// colours are the words by which variants of one product differ most often.
var colours = wordSet(`beige black blue bordeaux bronze brown burgundy charcoal chrome coral cream cyan gold golden graphite gray green grey indigo
	ivory khaki lavender lilac lime magenta maroon mint multicolor multicolour navy olive orange peach photo pink platinum purple red rose
	sand silver tan teal titanium transparent turquoise violet white yellow`)

// shades stand beside a colour and say nothing without one.
var shades = wordSet("bright dark deep light matt matte midnight space")

// measures are units in which variants of one product differ: length, capacity, how
// many there are.
var measures = wordSet("cm ct feet foot ft gb in inch inches km kg g m mb meter meters metre metres mm ml l oz pack packs pc pcs pieces piece sheets tb")

// sizes are clothing's.
var sizes = wordSet("xs small medium large xl xxl xxxl 2xl 3xl")

func wordSet(words string) map[string]bool {
	set := map[string]bool{}
	for w := range strings.FieldsSeq(words) {
		set[w] = true
	}
	return set
}

var (
	plainNumber = regexp.MustCompile(`^[0-9]+([.,/][0-9]+)?$`)
	measured    = regexp.MustCompile(`^([0-9]+(?:[.,/][0-9]+)?)-?("|'|[a-z]+)$`)
	partNumber  = regexp.MustCompile(`^[a-z0-9]+(?:[-/#.][a-z0-9]+)*$`)
)

// Family is what variants of one product share: its brand and title without
// colours, lengths, capacities, clothing sizes, counts, and the part number that ends
// it. Empty when too little is left to tell by: such a product is a family of its own.
//
// Speeds and model numbers within the title stay: they make another product.
func Family(brand, title string) string {
	words := titleWords(title)
	if named := titleWords(brand); len(named) <= len(words) && slices.Equal(named, words[:len(named)]) {
		words = words[len(named):]
	}
	var kept []string
	for i := 0; i < len(words); {
		n := variantWords(words[i:])
		if n == 0 && i > 0 && i == len(words)-1 && isPartNumber(words[i]) {
			n = 1
		}
		if n == 0 {
			kept = append(kept, words[i])
			n = 1
		}
		i += n
	}
	key := strings.ToLower(brand) + "|" + strings.Join(kept, " ")
	if !tells(kept) || len(key) > maxFamily {
		return ""
	}
	return key
}

// tells: two words with a model number, or three without, make it likely that they mean
// the same product.
func tells(words []string) bool {
	return len(words) > 2 || len(words) == 2 && strings.ContainsFunc(words[0]+words[1], unicode.IsDigit)
}

// titleWords are the words in small letters, without the punctuation around them.
func titleWords(title string) []string {
	title = strings.ReplaceAll(strings.ToLower(title), "(s)", "s")
	words := strings.FieldsFunc(title, func(r rune) bool {
		return unicode.IsSpace(r) || strings.ContainsRune(",;()[]", r)
	})
	kept := words[:0]
	for _, w := range words {
		if w = strings.Trim(w, ".:-–/®™"); w != "" {
			kept = append(kept, w)
		}
	}
	return kept
}

// variantWords is how many of the first words say which variant it is.
func variantWords(words []string) int {
	word := words[0]
	next := ""
	if len(words) > 1 {
		next = words[1]
	}
	switch {
	case colours[word], sizes[word]:
		return 1
	case shades[word] && colours[next]:
		return 2
	case allColours(word):
		return 1
	case plainNumber.MatchString(word) && measures[next]:
		return 2
	}
	if m := measured.FindStringSubmatch(word); m != nil && measures[m[2]] {
		return 1
	}
	return 0
}

// allColours: "black/red", "blue-white".
func allColours(word string) bool {
	parts := strings.FieldsFunc(word, func(r rune) bool { return r == '/' || r == '-' || r == '&' })
	for _, p := range parts {
		if !colours[p] {
			return false
		}
	}
	return len(parts) > 1
}

// isPartNumber: at least five letters and digits, three of them digits; such a word
// names one variant in itself.
func isPartNumber(word string) bool {
	if len(word) < 5 || !partNumber.MatchString(word) {
		return false
	}
	digits, letters := 0, 0
	for _, r := range word {
		switch {
		case unicode.IsDigit(r):
			digits++
		case unicode.IsLetter(r):
			letters++
		}
	}
	return digits >= 3 && (letters > 0 || digits >= 5)
}
