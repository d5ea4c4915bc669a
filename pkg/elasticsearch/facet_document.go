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
		if from, ok := sources[strings.ToLower(inQuotes(a.key))]; ok {
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
	for _, a := range list {
		key, value := inQuotes(a.key), plain(a.value)
		if facetable(key, value) {
			b = appendText(appendComma(b), key+"="+value)
		}
	}
	return append(b, ']')
}

func appendChosen(b []byte, chosen map[int]chosenAttribute) []byte {
	terms, steps, numbers := append(b, `,"facets":[`...), []byte(`],"facet_steps":[`), []byte(`],"numbers":{`)
	for i, f := range elastic.Facets() {
		a, ok := chosen[i]
		if !ok {
			continue
		}
		if n, ok := number(a.text); ok && f.Number() {
			n = thousandths(n)
			numbers = appendNumber(append(appendText(appendComma(numbers), f.Key), ':'), n)
			steps = appendText(appendComma(steps), f.Key+"="+strconv.Itoa(f.Step(n)))
		}
		if !f.Number() && facetable(f.Key, a.text) {
			terms = appendText(appendComma(terms), f.Key+"="+a.text)
		}
	}
	return append(append(append(terms, steps...), numbers...), '}')
}

// appendComma parts an item from the one before, when there is one.
func appendComma(b []byte) []byte {
	if last := b[len(b)-1]; last == '[' || last == '{' {
		return b
	}
	return append(b, ',')
}

// facetable reports whether a value may be chosen: an API takes no longer ones.
func facetable(key, value string) bool {
	return key != "" && !strings.Contains(key, "=") && value != "" && utf8.RuneCountInString(key) <= search.MaxAttributeKey && utf8.RuneCountInString(value) <= search.MaxFilterValue
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
