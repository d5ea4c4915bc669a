package elasticsearch

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"aforro/elastic"
	"aforro/pkg/search"
)

// source says which entry of the table an attribute may give the value of.
type source struct {
	facet int
	// rank is its place in the entry's From.
	rank int
}

// sources finds the entry for an attribute by its key.
var sources = func() map[string]source {
	by := map[string]source{}
	for i, f := range elastic.Facets() {
		for rank, key := range f.From {
			by[key] = source{i, rank}
		}
	}
	return by
}()

// appendFacets writes what products are filtered and counted by: every attribute
// as "key=value", and the entries of the table: texts likewise, numbers as the
// range that they lie in, and as they are.
func appendFacets(b []byte, list []attribute) []byte {
	b = appendTerms(b, list)
	chosen := make(map[int]chosenAttribute, 8)
	for _, a := range list {
		if from, ok := sources[inQuotes(a.key)]; ok {
			if held, ok := chosen[from.facet]; !ok || from.rank < held.rank {
				chosen[from.facet] = chosenAttribute{from.rank, plain(a.value)}
			}
		}
	}
	return appendChosen(b, chosen)
}

// chosenAttribute is the attribute that gives a facet its value.
type chosenAttribute struct {
	rank int
	text string
}

func appendTerms(b []byte, list []attribute) []byte {
	b = append(b, `,"attribute_terms":[`...)
	before := len(b)
	for _, a := range list {
		key, value := inQuotes(a.key), plain(a.value)
		if !facetable(key, value) {
			continue
		}
		if len(b) > before {
			b = append(b, ',')
		}
		b = appendText(b, key+"="+value)
	}
	return append(b, ']')
}

func appendChosen(b []byte, chosen map[int]chosenAttribute) []byte {
	terms, numbers := append(b, `,"facets":[`...), []byte(`],"numbers":{`)
	before, beforeNumbers := len(terms), len(numbers)
	for i, f := range elastic.Facets() {
		a, ok := chosen[i]
		if !ok {
			continue
		}
		value := a.text
		if f.Number() {
			n, ok := number(a.text)
			if !ok {
				continue
			}
			n = thousandths(n)
			if len(numbers) > beforeNumbers {
				numbers = append(numbers, ',')
			}
			numbers = appendNumber(append(appendText(numbers, f.Key), ':'), n)
			value = strconv.Itoa(f.Step(n))
		}
		if !facetable(f.Key, value) {
			continue
		}
		if len(terms) > before {
			terms = append(terms, ',')
		}
		terms = appendText(terms, f.Key+"="+value)
	}
	return append(append(terms, numbers...), '}')
}

// facetable reports whether a value may be chosen: an API takes no longer ones.
func facetable(key, value string) bool {
	return key != "" && value != "" && utf8.RuneCountInString(key) <= search.MaxAttributeKey && utf8.RuneCountInString(value) <= search.MaxFilterValue
}

// thousandths rounds a number so that a range that ends a thousandth before the
// next one begins leaves no gap.
func thousandths(n float64) float64 {
	if math.Abs(n) > 1e12 {
		return n
	}
	return math.Round(n*1000) / 1000
}

// plain is a JSON value as text, without spaces around it.
func plain(value string) string {
	if value[0] == '"' {
		return strings.TrimSpace(inQuotes(value))
	}
	return value
}
