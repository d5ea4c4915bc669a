package elasticsearch

import (
	"context"
	"encoding/json"
	"strings"
	"unicode"

	"aforro/pkg/catalog"
	"aforro/pkg/search"
)

// The weights of what is similar to a product. Its kind decides, then what else
// they share.
const (
	similarKind     = 6.0
	similarCategory = 2.0
	similarBrand    = 1.0
	similarWords    = 0.5 // times the score of shared words
	// accessoryModel and accessoryLine are for each word of the product's model and
	// line that an accessory names.
	accessoryModel = 3.0
	accessoryLine  = 1.0
	// mostNames bounds the words of a title by which accessories are found.
	mostNames = 12
)

// Similar gives products like the one, the most alike first: of the same kind, and
// neither variants of it nor, unless it is one, accessories. Of p the filters, the
// page size and the store count.
func (c *Client) Similar(ctx context.Context, to catalog.Product, p search.Params) ([]search.Hit, error) {
	kind := productType(to)
	must := m{"term": m{"category.key": to.Category}}
	should := []any{
		constant(similarCategory, must),
		constant(similarBrand, m{"term": m{"brand.key": to.Brand}}),
		m{"match": m{"title": m{"query": to.Title, "boost": similarWords}}},
	}
	if kind != "" {
		must = m{"match": m{"head": search.HeadNoun(kind)}}
		should = append(should, constant(similarKind, m{"match": m{"type": m{"query": kind, "operator": "and"}}}))
	}
	return c.related(ctx, to, p, m{
		"should": should,
		"filter": append(filters(p), must, m{"term": m{"accessory": search.IsAccessory(to.Title, kind)}}),
	})
}

// Accessories gives things for the one: accessories that name its brand and a word
// of its model or line, those that name the most first.
func (c *Client) Accessories(ctx context.Context, to catalog.Product, p search.Params) ([]search.Hit, error) {
	models, lines := productNames(to)
	var named []any
	for _, word := range models {
		named = append(named, constant(accessoryModel, m{"match": m{"everything": word}}))
	}
	for _, word := range lines {
		named = append(named, constant(accessoryLine, m{"match": m{"everything": word}}))
	}
	if to.Brand == "" || len(named) == 0 {
		return nil, nil
	}
	return c.related(ctx, to, p, m{
		"must": []any{
			constant(0, m{"match": m{"everything": m{"query": to.Brand, "operator": "and"}}}),
			m{"bool": m{"should": named, "minimum_should_match": 1}},
		},
		"filter": append(filters(p), m{"term": m{"accessory": true}}),
	})
}

// related runs a query for one product, without its own family.
func (c *Client) related(ctx context.Context, to catalog.Product, p search.Params, clauses m) ([]search.Hit, error) {
	ctx, cancel := context.WithTimeout(ctx, searchTimeout)
	defer cancel()
	clauses["must_not"] = []any{m{"term": m{"id": to.ID}}, m{"term": m{"family": family(to.Brand, to.Title, to.ID)}}}
	p.Sort, p.Query = search.ByRelevance, ""
	r := c.asTyped(p)
	request := body(p, r)
	request["query"], request["size"], request["track_total_hits"] = m{"bool": clauses}, p.PageSize, false
	answer, err := c.post(ctx, c.onLive(p), request)
	if err != nil {
		return nil, notBuilt(err)
	}
	return answer.page(p, r, 1).Hits, nil
}

func productType(p catalog.Product) string {
	var all map[string]json.RawMessage
	if json.Unmarshal(p.Attributes, &all) != nil {
		all = nil // attributes of another shape say nothing
	}
	return search.ProductType(p.Title, all)
}

// productNames are the words by which other titles name a product: model numbers,
// and the words in capitals between its brand and what it is.
func productNames(p catalog.Product) (models, lines []string) {
	brand := len(strings.Fields(p.Brand))
	for i, word := range strings.Fields(p.Title) {
		word = strings.Trim(word, ",.;:()[]\"'®™")
		switch {
		case i < brand || len(models)+len(lines) >= mostNames || len(word) < 3:
		case unicode.IsLower([]rune(word)[0]) && !strings.ContainsFunc(word, unicode.IsDigit):
			return models, lines // here begins what it is
		case strings.ContainsFunc(word, unicode.IsDigit) && strings.ContainsFunc(word, unicode.IsLetter), strings.Trim(word, "0123456789") == "":
			models = append(models, word)
		default:
			lines = append(lines, word)
		}
	}
	return models, lines
}
