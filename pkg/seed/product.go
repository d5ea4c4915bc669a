package seed

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"aforro/pkg/catalog"
)

// The days on which products were released: ten years from firstDay on.
var firstDay = time.Date(2016, 1, 1, 0, 0, 0, 0, time.UTC)

const releaseDays = 3650

// product makes product index, counted from 0; its id is base + index + 1.
func (v *Vocabulary) product(o Options, base, index int64) catalog.Product {
	rng := o.random(streamProduct, index)
	c := v.draw(rng)
	brand, kind := pick(rng, c.brands, "Aforro"), pick(rng, c.types, c.name)
	model := renumber(rng, pick(rng, c.models, "A100"))
	day := firstDay.AddDate(0, 0, rng.IntN(releaseDays))
	p := catalog.Product{
		ID: base + index + 1, SKU: fmt.Sprintf("%s-%d", strings.ToUpper(model), index+1),
		Title: strings.Join([]string{brand, model, kind}, " "), Brand: brand, Category: c.name,
		Description: fmt.Sprintf("%s by %s, model %s. %s", kind, brand, model, pick(rng, c.types, c.name)),
		Price:       c.prices[rng.IntN(len(c.prices))], GTIN: gtin(index + 1),
		Attributes: c.attributes[rng.IntN(len(c.attributes))], ReleasedOn: &day, Active: true,
	}
	p.SKU, p.Title = cut(p.SKU, catalog.MaxSKU), cut(p.Title, catalog.MaxTitle)
	return p
}

// draw takes a category as often as it occurs.
func (v *Vocabulary) draw(rng *rand.Rand) *category {
	n := rng.IntN(v.products)
	for i := range v.categories {
		if n -= len(v.categories[i].prices); n < 0 {
			return &v.categories[i]
		}
	}
	return &v.categories[0]
}

func pick(rng *rand.Rand, from []string, otherwise string) string {
	if len(from) == 0 {
		return otherwise
	}
	return from[rng.IntN(len(from))]
}

// renumber keeps the shape of a model number and changes its digits.
func renumber(rng *rand.Rand, model string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return '0' + rng.Int32N(10)
		}
		return r
	}, model)
}

// gtin makes a GTIN-13 of a number, with its check digit, in the range that GS1
// keeps for use inside a shop (prefix 2), so that it is nobody's.
func gtin(n int64) string {
	digits := "2" + fmt.Sprintf("%011d", n)
	sum := 0
	for i, d := range digits {
		sum += int(d-'0') * (1 + 2*(i%2))
	}
	return digits + strconv.Itoa((10-sum%10)%10)
}

// cut shortens s to most characters.
func cut(s string, most int) string {
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most])
	}
	return s
}
