package elasticsearch

import (
	"slices"
	"strings"
	"unicode"

	"aforro/pkg/search"
)

// The weights of the ranking. They are those of the lexical design that was
// measured on the judged queries; BM25 scores of the base lie between 0 and
// about 10.
const (
	boostCoverage   = 3.0  // every word occurs somewhere
	boostCross      = 0.6  // every word occurs in one of the scored fields
	boostModel      = 0.4  // a model number, with or without its separators
	boostCompound   = 2.0  // "mouse pad" for "mousepad" and the other way round
	boostHead       = 1.0  // what is asked for is what the thing is
	boostKind       = 20.0 // the whole query names what the thing is
	boostExact      = 1000 // the very SKU or GTIN: first outright
	accessoryFactor = 0.9  // a thing for a thing, unless one was asked for
	boostFuzzyBase  = 0.7  // a misspelt word counts less than a right one
)

// titleField counts twice as much as brand, category and description.
const titleField = "title^2"

// clauseCoverage names the coverage clause, so that a hit tells whether it
// matched.
const clauseCoverage = "coverage"

type m = map[string]any

// relevance is the scored query for the words of q. fuzzy adds what misspelt
// words may mean: only for queries that coverage finds nothing for, since it
// costs precision everywhere else.
func relevance(q string, fuzzy bool) m {
	should := []any{base(q), coverage(q), cross(q), model(q), compound(q), head(q), kind(q), exact(q)}
	if fuzzy {
		few := fewWords(q)
		should = append(should, fuzzyBase(few), fuzzyCoverage(few))
	}
	scored := m{"bool": m{"should": should, "minimum_should_match": 1}}
	if search.AsksForAccessory(q) {
		return scored
	}
	return m{"boosting": m{"positive": scored, "negative": m{"term": m{"accessory": true}}, "negative_boost": accessoryFactor}}
}

// base is BM25 over the four texts as if they were one.
func base(q string) m {
	return m{"combined_fields": m{"query": q, "fields": []any{titleField, "brand", "category", "description"}}}
}

// coverage is a bonus when all words, or synonyms of them, occur anywhere,
// attributes included. Attributes and synonyms help here and hurt elsewhere.
func coverage(q string) m {
	return constant(boostCoverage, m{"match": m{"everything": m{
		"query": q, "operator": "and", "analyzer": "words_synonyms", "_name": clauseCoverage}}})
}

func cross(q string) m {
	return m{"multi_match": m{"query": q, "type": "cross_fields", "operator": "and",
		"fields": []any{"title", "brand", "category", "description"}, "boost": boostCross}}
}

func model(q string) m {
	return m{"multi_match": m{"query": q, "fields": []any{"title.model", "sku"}, "boost": boostModel}}
}

func compound(q string) m {
	return constant(boostCompound, m{"match": m{"title.compound": m{"query": q, "operator": "and"}}})
}

// head is a bonus when one of the words, or a synonym of it, is what the thing
// is: "gaming laptop" for a notebook rather than a pad to cool it.
func head(q string) m {
	return constant(boostHead, m{"match": m{"head": m{"query": q, "analyzer": "words_synonyms"}}})
}

// kind is a bonus when the whole query, or a synonym of it, names what the thing
// is: who asks for a laptop wants notebooks before what goes with them.
func kind(q string) m {
	return constant(boostKind, m{"match": m{"type.kind": q}})
}

func exact(q string) m {
	return constant(boostExact, m{"bool": m{"should": []any{m{"term": m{"sku.key": q}}, m{"term": m{"gtin": q}}}}})
}

func fuzzyBase(q string) m {
	return m{"multi_match": m{"query": q, "fields": []any{titleField, "brand", "category"},
		"fuzziness": "AUTO", "prefix_length": 1, "boost": boostFuzzyBase}}
}

func fuzzyCoverage(q string) m {
	return constant(boostCoverage, m{"match": m{"everything": m{
		"query": q, "operator": "and", "fuzziness": "AUTO", "prefix_length": 1}}})
}

// mostFuzzy is how many words may be misspelt: each is compared with every word
// of the index, and nobody misspells twenty.
const mostFuzzy = 20

// fewWords keeps the first different words.
func fewWords(q string) string {
	var words []string
	for word := range strings.FieldsFuncSeq(q, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) && r != '\''
	}) {
		if len(words) < mostFuzzy && !slices.Contains(words, word) {
			words = append(words, word)
		}
	}
	return strings.Join(words, " ")
}

func constant(boost float64, filter m) m {
	return m{"constant_score": m{"filter": filter, "boost": boost}}
}
