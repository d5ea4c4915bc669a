package search

import (
	"slices"
	"strings"
	"unicode"
)

const (
	// longestPhrase bounds a phrase, in bytes: nobody searches for a sentence.
	longestPhrase = 60
	// lineWithin is among how many words after the brand a title names the line.
	lineWithin = 3
	// shortestLine is in bytes: what is shorter is the beginning of a model number.
	shortestLine = 3
)

// Phrases are what somebody who wants this product may search for, made of its
// own words, in small letters: each kind of thing that it is (the type and other
// words for it), alone and behind the brand, the line, or both: "notebook", "hp
// notebook", "hp elitebook", "elitebook notebook", "hp elitebook notebook". All words of a
// phrase are in the product's document as they stand, or in other words that
// searches take for the same: a search for the phrase finds the product.
func Phrases(title, brand string, kinds []string) []string {
	brand = strings.ToLower(strings.Join(strings.Fields(brand), " "))
	line := Line(title, brand, kinds)
	var list []string
	add := func(words ...string) {
		phrase := strings.Join(slices.DeleteFunc(words, func(w string) bool { return w == "" }), " ")
		if len(phrase) <= longestPhrase && phrase != "" && phrase != brand && !slices.Contains(list, phrase) {
			list = append(list, phrase)
		}
	}
	if line != "" {
		add(line)
		add(brand, line)
	}
	for _, kind := range kinds {
		kind = strings.ToLower(strings.Join(strings.Fields(kind), " "))
		if kind == "" || kind == brand {
			continue
		}
		add(kind)
		add(brand, kind)
		if line != "" {
			add(line, kind)
			add(brand, line, kind)
		}
	}
	return list
}

// Line is the name under which a maker sells products of a sort ("elitebook"),
// in small letters: the first name in the title after the brand, before any
// number; empty when there is none. Names are written with a capital letter and
// are no part of the type.
func Line(title, brand string, kinds []string) string {
	words := strings.Fields(title)
	for i, word := range words {
		words[i] = strings.Trim(word, ",;:()[]\"'®™")
	}
	if behind := len(strings.Fields(brand)); strings.EqualFold(strings.Join(words[:min(behind, len(words))], " "), brand) {
		words = words[behind:]
	}
	for _, word := range words[:min(lineWithin, len(words))] {
		lower := strings.ToLower(word)
		switch {
		case titleEnds[lower], strings.ContainsFunc(word, unicode.IsNumber):
			return ""
		case looks[lower], len(word) < shortestLine, !onlyLetters(word), !unicode.IsUpper([]rune(word)[0]):
		case slices.ContainsFunc(kinds, func(k string) bool { return hasWord(k, lower) }):
		default:
			return lower
		}
	}
	return ""
}

// hasWord reports whether the text has the word, in the singular or the plural.
func hasWord(text, word string) bool {
	return slices.ContainsFunc(strings.Fields(strings.ToLower(text)), func(w string) bool { return singular(w) == singular(word) })
}
