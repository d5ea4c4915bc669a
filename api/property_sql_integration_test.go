//go:build integration

package api_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// combination is a search, and the same in SQL.
type combination struct {
	query url.Values
	where []condition
	near  bool
	// distance is how far a store s is from the place; order is the results' order.
	distance, order string
	stocked         bool
	words           map[string]string
}

// condition is what one facet has chosen; facet is empty where none has.
type condition struct{ facet, sql string }

func (c *combination) add(facet, sql string) { c.where = append(c.where, condition{facet, sql}) }

// asked reports whether a facet was asked for by its name.
func (c *combination) unasked(field string) bool {
	return !slices.Contains(strings.Split(c.query.Get("facets"), ","), field)
}

func literal(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

// textOf is an attribute as text; what is too long or empty is none.
func textOf(key string) string {
	value := "btrim(p.attributes->>" + literal(key) + ")"
	return "CASE WHEN char_length(" + value + ") BETWEEN 1 AND 200 THEN " + value + " END"
}

// numberOf is a facet's number.
func (c *combination) numberOf(field string) string {
	if field == "price" {
		return "p.price"
	}
	key := strings.TrimPrefix(field, "attr.")
	value := "p.attributes->>" + literal(key)
	if key == "screen_size" {
		value = "coalesce(" + value + ", p.attributes->>'display_diagonal')"
	}
	return "(CASE WHEN " + value + ` ~ '^[-+]?[0-9.]+$' THEN round((` + value + `)::numeric, 3) END)`
}

// holds is the condition that a product has a facet's value.
func (c *combination) holds(field, kind string, raw json.RawMessage) string {
	if kind == "range" {
		var bounds []json.Number
		if json.Unmarshal(raw, &bounds) != nil || len(bounds) != 2 {
			return "false"
		}
		sql := c.numberOf(field) + " IS NOT NULL"
		for i, compare := range []string{">=", "<="} {
			if bounds[i] != "" {
				sql += " AND " + c.numberOf(field) + compare + bounds[i].String()
			}
		}
		return sql
	}
	var value string
	if json.Unmarshal(raw, &value) != nil {
		return "false"
	}
	return c.is(field, value)
}

func (c *combination) is(field, value string) string {
	switch field {
	case "brand":
		return "lower(p.brand) = lower(" + literal(value) + ")"
	case "category":
		return "lower(c.name) = lower(" + literal(value) + ")"
	case "store":
		return "EXISTS (SELECT 1 FROM inventory i WHERE i.product_id = p.id AND i.store_id = " + value + c.stock() + ")"
	}
	return "lower(" + textOf(strings.TrimPrefix(field, "attr.")) + ") = lower(" + literal(value) + ")"
}

// stock is the condition that a line i has stock, where the search wants any.
func (c *combination) stock() string {
	if c.stocked || c.near {
		return " AND i.quantity > i.held"
	}
	return ""
}

// from is what is counted: the products with all that was chosen but by one facet.
func (c *combination) from(facet string) string {
	sql := " FROM products p JOIN categories c ON c.id = p.category_id WHERE p.active"
	for _, w := range c.where {
		if facet == "" || w.facet != facet {
			sql += " AND (" + w.sql + ")"
		}
	}
	return sql
}

func (p *property) count(t *testing.T, c *combination, facet, holds string) (n int64) {
	t.Helper()
	sql := "SELECT count(*)" + c.from(facet) + " AND (" + holds + ")"
	if err := p.conn.QueryRow(t.Context(), sql).Scan(&n); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return n
}

func column[T any](t *testing.T, p *property, sql string) []T {
	t.Helper()
	rows, err := p.conn.Query(t.Context(), sql)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	defer rows.Close()
	list := []T{}
	for rows.Next() {
		var v T
		if err := rows.Scan(&v); err != nil {
			t.Fatal(err)
		}
		list = append(list, v)
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return list
}

// top lists a facet's most frequent values.
func (p *property) top(t *testing.T, c *combination, field string) []string {
	t.Helper()
	if field == "store" {
		return column[string](t, p, `SELECT s.id::text FROM stores s, LATERAL (SELECT count(*) AS n`+c.from(field)+
			` AND EXISTS (SELECT 1 FROM inventory i WHERE i.product_id = p.id AND i.store_id = s.id`+c.stock()+`)) f WHERE f.n > 0 ORDER BY f.n DESC, s.id`)
	}
	value := map[string]string{"brand": "nullif(p.brand, '')", "category": "c.name"}[field]
	if value == "" {
		value = textOf(strings.TrimPrefix(field, "attr."))
	}
	begins := ""
	if word := c.words[field]; word != "" {
		begins = " AND v ~ ('(^|[ -/:-@[-`{-~])' || " + literal(word) + ")"
	}
	return column[string](t, p, `SELECT v FROM (SELECT lower(`+value+`) AS v, count(*) AS n`+c.from(field)+
		` GROUP BY 1) f WHERE v IS NOT NULL`+begins+` ORDER BY n DESC, v COLLATE "C" LIMIT 20`)
}

// page lists the products of the page.
func (p *property) page(t *testing.T, c *combination) []int64 {
	t.Helper()
	number, err := strconv.Atoi(c.query.Get("page"))
	size, err2 := strconv.Atoi(c.query.Get("page_size"))
	if err != nil || err2 != nil {
		t.Fatal(err, err2)
	}
	return column[int64](t, p, fmt.Sprintf("SELECT p.id%s ORDER BY %s LIMIT %d OFFSET %d", c.from(""), c.order, size, (number-1)*size))
}

// near is the condition that a line i has stock in a store s that is near.
func (c *combination) nearStock(product string) string {
	return "FROM inventory i JOIN stores s ON s.id = i.store_id WHERE i.product_id = " + product + " AND i.quantity > i.held AND " + c.distance + " <= " + c.query.Get("radius_km")
}

func (p *property) nearest(t *testing.T, c *combination, product int64) int64 {
	t.Helper()
	ids := column[int64](t, p, "SELECT s.id "+c.nearStock(strconv.FormatInt(product, 10))+" ORDER BY "+c.distance+", s.id LIMIT 1")
	if len(ids) == 0 {
		return 0
	}
	return ids[0]
}

// kilometres is the great-circle distance of a store s from a place.
func kilometres(latitude, longitude float64) string {
	return fmt.Sprintf(`(2 * 6371.0088 * asind(sqrt(power(sind((s.latitude - %[1]g) / 2), 2)
		+ cosd(s.latitude) * cosd(%[1]g) * power(sind((s.longitude - %[2]g) / 2), 2))) * pi() / 180)`, latitude, longitude)
}

// someValue draws a value that products have.
func (p *property) someValue(t *testing.T, rng *rand.Rand, value string) string {
	t.Helper()
	list := column[string](t, p, "SELECT DISTINCT ("+value+")::text FROM products p JOIN categories c ON c.id = p.category_id WHERE ("+value+") IS NOT NULL ORDER BY 1")
	return list[rng.IntN(len(list))]
}
