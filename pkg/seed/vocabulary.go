package seed

import (
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"

	"aforro/pkg/catalog"
	"aforro/pkg/fault"
	"aforro/pkg/importer"
)

const (
	// attributesKept is how many attributes a synthetic product has at most.
	attributesKept = 6
	// typeWords is how many words of a title's type part are kept at most.
	typeWords = 5
)

// Vocabulary is what titles are made of, learnt from real products.
type Vocabulary struct {
	categories []category
	// products is how many products it was learnt from.
	products int
}

// category holds the parts of one category's products, each as often as it
// occurs, so that drawing one keeps its frequency.
type category struct {
	name       string
	brands     []string
	models     []string
	types      []string
	attributes []json.RawMessage
	prices     []catalog.Price
}

// Learn reads products from NDJSON (not compressed).
func Learn(r io.Reader) (*Vocabulary, error) {
	v, at := &Vocabulary{}, map[string]int{}
	for reader := importer.NewProductReader(r); ; {
		row, refused, err := reader.Next()
		switch {
		case errors.Is(err, io.EOF) && v.products == 0:
			return nil, fault.New(fault.Invalid, "there are no products to learn words from")
		case errors.Is(err, io.EOF):
			return v, nil
		case err != nil:
			return nil, err
		case refused != nil:
			continue
		}
		i, known := at[row.Product.Category]
		if !known {
			i = len(v.categories)
			at[row.Product.Category] = i
			v.categories = append(v.categories, category{name: row.Product.Category})
		}
		v.products++
		v.categories[i].learn(row.Product)
	}
}

func (c *category) learn(p catalog.Product) {
	model, kind := parts(p)
	if p.Brand != "" {
		c.brands = append(c.brands, p.Brand)
	}
	if model != "" {
		c.models = append(c.models, model)
	}
	if kind != "" {
		c.types = append(c.types, kind)
	}
	c.prices = append(c.prices, p.Price)
	c.attributes = append(c.attributes, few(p.Attributes))
}

// parts takes a title apart: the word that looks most like a model number, and
// the first words that do not look like one.
func parts(p catalog.Product) (model, kind string) {
	title := p.Title
	if len(title) >= len(p.Brand) && strings.EqualFold(title[:len(p.Brand)], p.Brand) {
		title = title[len(p.Brand):]
	}
	var words []string
	for _, word := range strings.Fields(title) {
		switch {
		case !strings.ContainsAny(word, "0123456789"):
			words = append(words, word)
		case len(word) > len(model):
			model = word
		}
	}
	return model, strings.Join(words[:min(len(words), typeWords)], " ")
}

// few keeps a handful of attributes, the first by name.
func few(raw json.RawMessage) json.RawMessage {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(raw, &all); err != nil {
		return json.RawMessage("{}")
	}
	keys := make([]string, 0, len(all))
	for k := range all {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	kept := map[string]json.RawMessage{}
	for _, k := range keys[:min(len(keys), attributesKept)] {
		kept[k] = all[k]
	}
	small, err := json.Marshal(kept)
	if err != nil {
		return json.RawMessage("{}")
	}
	return small
}
