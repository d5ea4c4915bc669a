package elasticsearch

import (
	"slices"
	"strconv"
	"strings"

	"aforro/elastic"
	"aforro/pkg/search"
)

const (
	// mostValues is how many values of a facet are shown, mostStores how many stores.
	mostValues, mostStores = 20, 1000
	// mostTerms is how many texts of all attributes are looked at to choose those
	// that matter. All steps of numbers are, as ranges are made of them.
	mostTerms = 120
)

// counting is the plan of one search's facets: what of the choice keeps back
// facets and hits alike, and what only hits and the facets of other choices.
type counting struct {
	p     search.Params
	fixed []any
	own   []condition
	// wide is the shard_size that counts need to be exact; 0: that of Elasticsearch.
	wide int64
}

func newCounting(p search.Params, wide int64) counting {
	c := counting{p: p, wide: wide}
	for _, condition := range conditions(p) {
		if c.counts(condition.facet) {
			c.own = append(c.own, condition)
		} else {
			c.fixed = append(c.fixed, condition.query)
		}
	}
	return c
}

// counts reports whether a facet is counted.
func (c counting) counts(facet string) bool {
	for _, asked := range c.p.Facets {
		if asked == facet || asked == search.FacetAttributes && facetOf(facet) != nil {
			return true
		}
	}
	return false
}

// facetOf is the table's entry of an attribute's facet; nil for others.
func facetOf(field string) *elastic.Facet {
	key, ok := strings.CutPrefix(field, search.AttributePrefix)
	if !ok {
		return nil
	}
	return elastic.FacetOf(key)
}

// add makes a search count its facets as well: what they have chosen themselves
// is left to a filter that hits alone pass.
func (c counting) add(request m, r reading) {
	request["query"] = queryWithin(c.fixed, c.p, r)
	if len(c.own) > 0 {
		request["post_filter"] = m{"bool": m{"filter": c.others("")}}
	}
	aggs := m{}
	for i, field := range c.fields() {
		name := strconv.Itoa(i)
		aggs[name] = c.apart(field, c.values(field))
		if field == search.FacetAttributes {
			aggs[name+stepsOfAll] = c.apart(field, c.terms("facet_steps", steps(), "", ""))
		}
		if chosen := c.chosen(field); len(chosen) > 0 {
			queries := make([]any, len(chosen))
			for i, v := range chosen {
				queries[i] = v.query
			}
			aggs[name+chosenOnes] = c.apart(field, m{"filters": m{"filters": queries}})
		}
	}
	request["aggs"] = aggs
}

// chosenOnes ends the name of what counts a facet's chosen values, stepsOfAll that
// of what counts the steps of all numbers. Else a facet goes by its place, as a key
// may have what no name may.
const (
	chosenOnes = "+"
	stepsOfAll = "#"
)

// steps is how many there are in the table.
func steps() (n int) {
	for _, f := range elastic.Facets() {
		n += len(f.Steps) + 1
	}
	return n
}

// byField gives what was counted by facet.
func (c counting) byField(all map[string]counted) map[string]counted {
	by := map[string]counted{}
	for i, field := range c.fields() {
		name := strconv.Itoa(i)
		for _, kind := range []string{"", chosenOnes, stepsOfAll} {
			by[field+kind] = all[name+kind]
		}
	}
	return by
}

// fields are the facets to count: those asked for and, with the attributes that
// matter, those that have a choice.
func (c counting) fields() []string {
	fields := slices.Clone(c.p.Facets)
	if c.counts(search.FacetAttributes) {
		for _, o := range c.own {
			if facetOf(o.facet) != nil && !slices.Contains(fields, o.facet) {
				fields = append(fields, o.facet)
			}
		}
	}
	return fields
}

// others are the queries of all choices but one facet's.
func (c counting) others(facet string) []any {
	var list []any
	for _, o := range c.own {
		if o.facet != facet {
			list = append(list, o.query)
		}
	}
	return list
}

// apart counts within what the other facets have chosen.
func (c counting) apart(facet string, agg m) m {
	others := c.others(facet)
	if len(others) == 0 {
		return agg
	}
	return m{"filter": m{"bool": m{"filter": others}}, "aggs": m{"in": agg}}
}

// values counts the values of one facet.
func (c counting) values(field string) m {
	word := c.p.FacetWords[field]
	switch field {
	case search.FacetBrand, search.FacetCategory:
		return c.terms(field+".key", mostValues, "", word)
	case search.FacetPrice:
		return m{"range": m{"field": "price", "ranges": priceRanges()}}
	case search.FacetStore:
		if c.p.InStock || c.p.Near != nil {
			return c.terms("stores_in_stock", mostStores, "", "")
		}
		return c.terms("stores", mostStores, "", "")
	case search.FacetAttributes:
		return c.terms("facets", mostTerms, "", "")
	}
	key := strings.TrimPrefix(field, search.AttributePrefix)
	switch f := elastic.FacetOf(key); {
	case f == nil:
		return c.terms("attribute_terms", mostValues, key+"=", word)
	case f.Number():
		return c.terms("facet_steps", len(f.Steps)+1, f.Key+"=", "")
	default:
		return c.terms("facets", mostValues, f.Key+"=", word)
	}
}

// terms counts the terms of a field that begin with a text and, after it, have a
// word that begins with another: the most frequent first, then in their own order.
func (c counting) terms(field string, size int, begin, word string) m {
	terms := m{"field": field, "size": size}
	if c.wide > 0 {
		terms["shard_size"] = max(c.wide, int64(size))
	}
	if begin != "" || word != "" {
		pattern := literal(begin)
		if word != "" {
			pattern += wordStart + literal(word)
		}
		terms["include"] = pattern + ".*"
	}
	return m{"terms": terms}
}

// wordStart matches what may stand before a word: nothing, or something that ends
// with no letter or digit.
const wordStart = "(.*[ -/:-@\\[-`{-~])?"

// literal writes a text as a pattern that matches just it, in small letters.
func literal(text string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(text) {
		if r < 0x80 && !(r >= 'a' && r <= 'z') && !(r >= '0' && r <= '9') {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}
