package elasticsearch

import (
	"strings"

	"aforro/pkg/search"
)

// The clauses of the ranking. What they count is in the profile
// (elastic/rankings); BM25 scores of the base lie between 0 and about 25.
const (
	clauseBase = "base"
	// clauseCoverage is always named, so that a hit tells whether it matched.
	clauseCoverage = "coverage"
	clauseCross    = "cross"
	clauseModel    = "model"
	clauseCompound = "compound"
	clauseHead     = "head"
	clauseSubject  = "subject"
	clauseKind     = "kind"
	clauseCategory = "category"
	clauseBrand    = "brand"
	clauseExact    = "exact"
)

type m = map[string]any

// relevance is the scored query for words. named has every clause tell what it
// gave.
func relevance(r reading, named bool) m {
	should := []any{named1(base(r), clauseBase, named)}
	for _, c := range clauses(r) {
		should = append(should, named1(c.query, c.name, named || c.name == clauseCoverage))
	}
	if named {
		should = append(should, whereFound(r.words)...)
	}
	scored := m{"bool": m{"should": should, "minimum_should_match": 1}}
	if search.AsksForAccessory(r.words) || r.ranking.Accessory == 1 {
		return scored
	}
	accessory := m{"term": m{"accessory": true}}
	if named {
		accessory = m{"bool": m{"filter": accessory, "_name": clauseAccessory}}
	}
	return m{"boosting": m{"positive": scored, "negative": accessory, "negative_boost": r.ranking.Accessory}}
}

// named1 names a clause, where it is to be named.
func named1(clause m, name string, named bool) m {
	if named {
		for _, inner := range clause {
			inner.(m)["_name"] = name
		}
	}
	return clause
}

// clause is a part of the scored query.
type clause struct {
	name  string
	query m
}

// clauses are those that the profile gives a weight, but for the base.
func clauses(r reading) []clause {
	q, w := r.words, r.ranking.Weights
	var list []clause
	add := func(name string, weight float64, query func(q string, weight float64) m) {
		if weight > 0 {
			list = append(list, clause{name, query(q, weight)})
		}
	}
	add(clauseCoverage, w.Coverage, coverage)
	add(clauseCross, w.Cross, cross)
	add(clauseModel, w.Model, model)
	add(clauseCompound, w.Compound, compound)
	add(clauseHead, w.Head, head)
	add(clauseSubject, w.Subject, subject)
	add(clauseKind, w.Kind, kind)
	add(clauseCategory, w.Category, category)
	add(clauseBrand, w.Brand, brand)
	add(clauseExact, w.Exact, exact)
	return list
}

// base is BM25 over the four texts as if they were one.
func base(r reading) m {
	return m{"combined_fields": m{"query": r.words, "fields": r.ranking.Fields.Boosted()}}
}

// coverage is a bonus when all words, or synonyms of them, occur anywhere,
// attributes included. Attributes and synonyms help here and hurt elsewhere.
func coverage(q string, weight float64) m { return constant(weight, everywhere(q)) }

func everywhere(q string) m {
	return m{"match": m{"everything": m{"query": q, "operator": "and", "analyzer": "words_synonyms"}}}
}

func cross(q string, weight float64) m {
	return m{"multi_match": m{"query": q, "type": "cross_fields", "operator": "and",
		"fields": []any{"title", "brand", "category", "description"}, "boost": weight}}
}

func model(q string, weight float64) m {
	return m{"multi_match": m{"query": q, "fields": []any{"title.model", "sku"}, "boost": weight}}
}

// compound is a bonus for words that stand together in the title, written as one
// or apart: "mouse pad" for "mousepad" and the other way round.
func compound(q string, weight float64) m {
	return constant(weight, m{"match": m{"title.compound": m{"query": q, "operator": "and"}}})
}

// head is a bonus when one of the words, or a synonym of it, is what the thing
// is: "gaming laptop" for a notebook rather than a pad to cool it.
func head(q string, weight float64) m {
	return constant(weight, m{"match": m{"head": m{"query": q, "analyzer": "words_synonyms"}}})
}

// subject is a bonus when the word that the query is about is what the thing
// is: a "laptop stand" is a stand, and no laptop.
func subject(q string, weight float64) m { return head(search.Subject(q), weight) }

// kind is a bonus when the whole query, or a synonym of it, names what the thing
// is: who asks for a laptop wants notebooks before what goes with them.
func kind(q string, weight float64) m { return constant(weight, m{"match": m{"type.kind": q}}) }

// category is a bonus when the whole query names the category.
func category(q string, weight float64) m { return constant(weight, m{"match": m{"category.kind": q}}) }

// brand is a bonus when the whole query names the brand: its own things come
// before those that others make for them.
func brand(q string, weight float64) m { return constant(weight, m{"term": m{"brand.key": q}}) }

func exact(q string, weight float64) m {
	should := []any{m{"term": m{"sku.key": q}}}
	if codes := search.GTINs(q); len(codes) > 0 {
		should = append(should, m{"terms": m{"gtin": codes}})
	}
	return constant(weight, m{"bool": m{"should": should}})
}

func constant(boost float64, filter m) m {
	return m{"constant_score": m{"filter": filter, "boost": boost}}
}

// splitWords gives the first different words as they were written, at white
// space, without the punctuation around them.
func splitWords(q string, most int) []string {
	var words []string
	seen := map[string]bool{}
	for word := range strings.FieldsSeq(q) {
		word = strings.TrimFunc(word, notInWords)
		if len(words) < most && word != "" && !seen[strings.ToLower(word)] {
			seen[strings.ToLower(word)] = true
			words = append(words, word)
		}
	}
	return words
}
