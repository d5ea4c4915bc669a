package elasticsearch

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"aforro/pkg/search"
)

// Names of what is asked only for an explanation: where the words are, and
// whether the thing is an accessory.
const (
	clauseAccessory = "accessory"
	clauseField     = "in "
)

// baseFields are the texts of the base score, in the order in which they are named.
var baseFields = []string{"title", "brand", "category", "description"}

// whereFound are clauses that add nothing and tell in which fields words are.
func whereFound(q string) []any {
	list := make([]any, 0, len(baseFields))
	for _, field := range baseFields {
		list = append(list, named1(constant(0, m{"match": m{field: q}}), clauseField+field, true))
	}
	return list
}

// because says what a clause means, and in which field it looks.
var because = []struct{ clause, words, field string }{
	{clauseBase, "words of the query found: rare ones and short texts count more, the title most", ""},
	{clauseCoverage, "all words found, or others that mean the same", ""},
	{clauseCross, "all words found in what it is called and described as", "title, brand, category, description"},
	{clauseModel, "words or a model number found as they were written, with or without hyphens", "title, sku"},
	{clauseCompound, "the words stand together in the title, as one or apart", "title"},
	{clauseHead, "a word of the query is what this thing is", "type"},
	{clauseSubject, "what the query is about is what this thing is", "type"},
	{clauseKind, "the whole query names this kind of thing", "type"},
	{clauseCategory, "the whole query names this category", "category"},
	{clauseBrand, "the whole query names this brand", "brand"},
	{clauseExact, "this very SKU or article number", "sku, gtin"},
}

// reasons say what gave a hit its score, the most first. They add up to it, but
// for the rounding.
func (h hit) reasons(r reading) (list []search.Reason) {
	for _, b := range because {
		adds, ok := h.Matched[b.clause]
		if !ok {
			continue
		}
		reason := search.Reason{Because: b.words, Field: b.field, Adds: rounded(adds)}
		if b.clause == clauseBase {
			reason.Field = h.foundIn()
		}
		list = append(list, reason)
	}
	slices.SortStableFunc(list, func(a, b search.Reason) int { return cmp.Compare(b.Adds, a.Adds) })
	if _, ok := h.Matched[clauseAccessory]; ok && h.Score != nil {
		factor := r.ranking.Accessory
		list = append(list, search.Reason{
			Because: fmt.Sprintf("a thing that goes with another one, and none was asked for: %.0f %% of the sum count", factor*100),
			Field:   "type", Adds: rounded(*h.Score - *h.Score/factor),
		})
	}
	return list
}

// foundIn lists the fields that have words of the query.
func (h hit) foundIn() string {
	var in []string
	for _, field := range baseFields {
		if h.matched(clauseField + field) {
			in = append(in, field)
		}
	}
	return strings.Join(in, ", ")
}

// rounded keeps three decimals: what is behind them differs with how a sum is
// made.
func rounded(v float64) float64 { return math.Round(v*1000) / 1000 }
