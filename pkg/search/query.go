package search

import (
	"slices"
	"strings"
	"unicode"
)

// turns are the words after which a query says what the thing is for, or what
// comes with it.
var turns = []string{"for", "with", "without", "in", "from", "by", "to"}

// Subject is the word that a query is about, what is looked for: the last one,
// as English puts it, before the query turns to something else ("case for
// iphone"). The query's own last word when nothing stands before the turn.
func Subject(query string) string {
	words := strings.FieldsFunc(query, func(r rune) bool {
		return unicode.IsSpace(r) || r == ',' || r == '/'
	})
	for i, w := range words {
		if i > 0 && slices.Contains(turns, strings.ToLower(w)) {
			return words[i-1]
		}
	}
	if len(words) == 0 {
		return ""
	}
	return words[len(words)-1]
}

// GTINs are the article numbers that digits may mean, in the forms that they are
// printed and kept in: GS1 counts a code of 8 or 12 digits as one of 13 or 14
// with zeros before it. Spaces and hyphens between digits do not count. None when
// it cannot be an article number.
func GTINs(query string) []string {
	digits := strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' {
			return -1
		}
		return r
	}, query)
	if strings.Trim(digits, "0123456789") != "" || !slices.Contains(gtinLengths, len(digits)) {
		return nil
	}
	forms := []string{digits}
	core := strings.TrimLeft(digits, "0")
	for _, n := range gtinLengths {
		if n >= len(core) && n != len(digits) {
			forms = append(forms, strings.Repeat("0", n-len(core))+core)
		}
	}
	return forms
}

var gtinLengths = []int{8, 12, 13, 14}
