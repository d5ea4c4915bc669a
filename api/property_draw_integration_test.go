//go:build integration

package api_test

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// The attributes that are drawn: numbers, texts of the table, and others.
var (
	drawnNumbers = []string{"weight", "width", "cable_length", "quantity_per_pack", "screen_size"}
	drawnTexts   = []string{"product_colour", "type", "print_technology", "connector_1", "status", "package_type", "country_of_origin"}
)

// draw makes a random search and the same in SQL.
func (p *property) draw(t *testing.T, rng *rand.Rand) *combination {
	c := &combination{query: url.Values{}, order: "p.price, p.id", words: map[string]string{}}
	c.query.Set("sort", "price")
	maybe := func(n int) bool { return rng.IntN(n) == 0 }
	if maybe(3) {
		word := []string{"hp", "tv", "pc", "zq"}[rng.IntN(4)] // one word, too short to be misspelt: none is corrected or left out
		c.query.Set("q", word)
		c.add("", "p.id = ANY ('{"+strings.Trim(strings.ReplaceAll(fmt.Sprint(p.word(t, word)), " ", ","), "[]")+"}')")
	}
	p.drawPlace(t, rng, c)
	if maybe(3) {
		p.drawNames(t, rng, c, "brand", "nullif(p.brand, '')")
	}
	if maybe(4) {
		p.drawNames(t, rng, c, "category", "c.name")
	}
	if maybe(3) {
		p.drawBounds(t, rng, c, "price", "min_price", "max_price")
	}
	for range rng.IntN(3) {
		if maybe(2) {
			key := "attr." + drawnNumbers[rng.IntN(len(drawnNumbers))]
			p.drawBounds(t, rng, c, key, key+"_min", key+"_max")
		} else if key := drawnTexts[rng.IntN(len(drawnTexts))]; !c.query.Has("attr." + key) {
			p.drawNames(t, rng, c, "attr."+key, textOf(key))
		}
	}
	c.drawFacets(rng)
	size := 1 + rng.IntN(100)
	pages := max(1, (int(p.count(t, c, "", "true"))+size-1)/size)
	c.query.Set("page_size", fmt.Sprint(size))
	c.query.Set("page", fmt.Sprint(1+rng.IntN(pages)))
	return c
}

// drawNames chooses one to three values, in any case.
func (p *property) drawNames(t *testing.T, rng *rand.Rand, c *combination, field, value string) {
	var any []string
	for range 1 + rng.IntN(3) {
		name := p.someValue(t, rng, value)
		any = append(any, c.is(field, name))
		c.query.Add(field, []func(string) string{strings.ToUpper, strings.ToLower, strings.TrimSpace}[rng.IntN(3)](name))
	}
	if rng.IntN(5) == 0 {
		c.query.Add(field, "no such value")
	}
	c.add(field, strings.Join(any, " OR "))
}

// drawBounds chooses a least number, a greatest, or both.
func (p *property) drawBounds(t *testing.T, rng *rand.Rand, c *combination, field, least, most string) {
	number := c.numberOf(field)
	if c.query.Has(least) || c.query.Has(most) {
		return
	}
	low, high := p.someValue(t, rng, number), p.someValue(t, rng, number)
	if p.count(t, &combination{}, "", low+" > "+high) > 0 {
		low, high = high, low
	}
	which := rng.IntN(3)
	var all []string
	if which != 1 {
		c.query.Set(least, low)
		all = append(all, number+" >= "+low)
	}
	if which != 2 {
		c.query.Set(most, high)
		all = append(all, number+" <= "+high)
	}
	c.add(field, strings.Join(all, " AND "))
}

// drawPlace chooses a store, what is in stock, or what is near.
func (p *property) drawPlace(t *testing.T, rng *rand.Rand, c *combination) {
	t.Helper()
	c.stocked = rng.IntN(3) == 0
	if c.stocked {
		c.query.Set("in_stock", "true")
	}
	switch rng.IntN(4) {
	case 0:
		store := fmt.Sprint(1 + rng.IntN(8))
		c.query.Set("store_id", store)
		c.add("store", c.is("store", store))
	case 1:
		latitude, longitude := 17+float64(rng.IntN(4000))/1000, 72+float64(rng.IntN(6000))/1000
		c.near, c.distance = true, kilometres(latitude, longitude)
		c.query.Set("near", fmt.Sprintf("%.3f,%.3f", latitude, longitude))
		c.query.Set("radius_km", fmt.Sprint(50+rng.IntN(600)))
		c.add("", "EXISTS (SELECT 1 "+c.nearStock("p.id")+")")
		if !c.query.Has("q") && rng.IntN(2) == 0 {
			c.query.Set("sort", "distance")
			c.order = "(SELECT min(" + c.distance + ") " + c.nearStock("p.id") + "), p.id"
		}
	default:
		if c.stocked {
			c.add("", "EXISTS (SELECT 1 FROM inventory i WHERE i.product_id = p.id AND i.quantity > i.held)")
		}
	}
}

// drawFacets chooses what is counted, and sometimes the beginning of its values.
func (c *combination) drawFacets(rng *rand.Rand) {
	all := []string{"brand", "category", "price", "store", "attributes"}
	for _, key := range append(slices.Clone(drawnTexts), drawnNumbers...) {
		all = append(all, "attr."+key)
	}
	var chosen []string
	for _, f := range all {
		if rng.IntN(4) == 0 {
			chosen = append(chosen, f)
		}
	}
	if len(chosen) == 0 {
		return
	}
	c.query.Set("facets", strings.Join(chosen, ","))
	for _, f := range []string{"brand", "category", "attr.product_colour", "attr.status"} {
		if slices.Contains(chosen, f) && rng.IntN(3) == 0 {
			c.words[f] = []string{"b", "s", "co", "h", "ca"}[rng.IntN(5)]
			c.query.Set("facet_q."+f, c.words[f])
		}
	}
}
