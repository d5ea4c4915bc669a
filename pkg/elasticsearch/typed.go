package elasticsearch

import (
	"html"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// mostTyped is how many words of what was typed count.
const mostTyped = 12

// typedWord is one word of what was typed, in small letters without accents.
type typedWord struct {
	text string
	// meant are other beginnings that it may be a misspelling of, the likeliest first.
	meant []string
}

// typedWords splits what was typed as the analyzer typed_query does.
func typedWords(typed string) []typedWord {
	var words []typedWord
	for _, s := range wordsIn(typed) {
		word := typedWord{text: fold(typed[s.from:s.to])}
		if len(words) < mostTyped && !slices.ContainsFunc(words, func(w typedWord) bool { return w.text == word.text }) {
			words = append(words, word)
		}
	}
	return words
}

// span is a part of a text, in bytes.
type span struct{ from, to int }

// wordsIn finds the runs of letters and digits.
func wordsIn(text string) []span {
	var list []span
	from := -1
	for i, r := range text + " " {
		switch inside := unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r); {
		case inside && from < 0:
			from = i
		case !inside && from >= 0:
			list, from = append(list, span{from, i}), -1
		}
	}
	return list
}

// fold gives small letters, Latin ones without accents: in other scripts a mark
// makes another letter.
func fold(text string) string {
	latin := false
	return norm.NFC.String(strings.Map(func(r rune) rune {
		switch {
		case !unicode.IsMark(r):
			latin = r < utf8.RuneSelf
		case latin:
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFD.String(text)))
}

// fits reports whether each word of what was typed begins a word of the text.
func fits(words []typedWord, text string) bool {
	spans := wordsIn(text)
	return !slices.ContainsFunc(words, func(w typedWord) bool {
		return !slices.ContainsFunc(spans, func(s span) bool {
			word := fold(text[s.from:s.to])
			return strings.HasPrefix(word, w.text) || slices.ContainsFunc(w.meant, func(meant string) bool { return strings.HasPrefix(word, meant) })
		})
	})
}

// completed is the text as HTML with <em> around all that was not typed: of a
// word that was begun the rest, other words whole. So is a word that was
// misspelt.
func completed(words []typedWord, text string) string {
	var b strings.Builder
	added := 0 // where what was not typed begins
	flush := func(to int) {
		part := text[added:to]
		body := strings.TrimSpace(part)
		if body == "" {
			b.WriteString(part)
			return
		}
		before, after, _ := strings.Cut(part, body)
		b.WriteString(before + "<em>" + html.EscapeString(body) + "</em>" + after)
	}
	for _, s := range wordsIn(text) {
		n := begun(words, text[s.from:s.to])
		if n == 0 {
			continue
		}
		flush(s.from)
		b.WriteString(html.EscapeString(text[s.from : s.from+n]))
		added = s.from + n
	}
	flush(len(text))
	return b.String()
}

// begun is how many bytes of the word were typed.
func begun(words []typedWord, word string) int {
	most, folded := 0, fold(word)
	for _, w := range words {
		if strings.HasPrefix(folded, w.text) {
			most = max(most, len(w.text))
		}
	}
	// The same letters in the word as it is written, with their accents.
	typed := 0
	for i, r := range word {
		if end := i + utf8.RuneLen(r); most > 0 && len(fold(word[:end])) <= most {
			typed = end
		}
	}
	return typed
}
