package main

import (
	"fmt"
	"math/rand/v2"
)

// kind is one way to change the catalogue, and how often it comes in a hundred.
type kind struct {
	share int
	draw  func(d draw) string
}

// draw is what a statement is about.
type draw struct {
	product, store, category int64
	number                   int
}

var kinds = []kind{
	{38, func(d draw) string {
		return fmt.Sprintf("UPDATE inventory SET quantity = %d WHERE store_id = %d AND product_id = %d", d.number%4, d.store, d.product)
	}},
	{3, func(d draw) string { // set-wise: the stock of many products of a store
		return fmt.Sprintf("UPDATE inventory SET quantity = greatest(0, quantity + %d) WHERE store_id = %d AND product_id BETWEEN %d AND %d",
			d.number%9-4, d.store, d.product, d.product+20)
	}},
	{6, func(d draw) string {
		return fmt.Sprintf("DELETE FROM inventory WHERE store_id = %d AND product_id = %d", d.store, d.product)
	}},
	{8, func(d draw) string {
		return fmt.Sprintf("INSERT INTO inventory (store_id, product_id, quantity) SELECT %d, id, %d FROM products WHERE id = %d ON CONFLICT DO NOTHING", d.store, d.number%50, d.product)
	}},
	{12, func(d draw) string {
		return fmt.Sprintf("UPDATE products SET price = %d.%02d WHERE id = %d", d.number%900, d.number%100, d.product)
	}},
	{1, func(d draw) string { // set-wise: a sale
		return fmt.Sprintf("UPDATE products SET price = round(price * 0.%02d, 2) + 1 WHERE id BETWEEN %d AND %d", 50+d.number%50, d.product, d.product+20)
	}},
	{10, func(d draw) string {
		return fmt.Sprintf("UPDATE products SET title = left(split_part(title, ' #', 1), 400) || ' #%d' WHERE id = %d", d.number, d.product)
	}},
	{4, func(d draw) string {
		return fmt.Sprintf("UPDATE products SET category_id = %d WHERE id = %d", d.category, d.product)
	}},
	{3, func(d draw) string {
		return fmt.Sprintf("UPDATE products SET active = NOT active WHERE id = %d", d.product)
	}},
	{5, func(d draw) string { return fmt.Sprintf("DELETE FROM products WHERE id = %d", d.product) }},
	{7, func(d draw) string { return bringBack(fmt.Sprintf("id >= %d", d.product), 2) }},
	{3, func(d draw) string { // nothing happened
		return fmt.Sprintf("BEGIN; UPDATE products SET title = 'Never' WHERE id = %d; DELETE FROM inventory WHERE product_id = %d; ROLLBACK", d.product, d.product)
	}},
}

// statement draws the next change.
func statement(rng *rand.Rand, categories []int64) string {
	d := draw{product: 1 + rng.Int64N(productCount), store: 1 + rng.Int64N(storeCount), category: categories[rng.IntN(len(categories))], number: rng.IntN(100_000)}
	at := rng.IntN(100)
	for _, k := range kinds {
		if at -= k.share; at < 0 {
			return k.draw(d)
		}
	}
	panic("the shares are less than a hundred")
}

// bringBack inserts up to most of the deleted products for which where holds,
// as they once were, with their stock.
func bringBack(where string, most int) string {
	return fmt.Sprintf(`WITH back AS (INSERT INTO products OVERRIDING SYSTEM VALUE SELECT c.* FROM chaos.products c
		WHERE %s AND NOT EXISTS (SELECT FROM products p WHERE p.id = c.id) ORDER BY id LIMIT %d ON CONFLICT DO NOTHING RETURNING id)
		INSERT INTO inventory (store_id, product_id, quantity) SELECT i.store_id, i.product_id, i.quantity FROM chaos.inventory i JOIN back ON back.id = i.product_id`, where, most)
}

// restock inserts the lines that are missing of the products for which where holds.
func restock(where string) string {
	return `INSERT INTO inventory (store_id, product_id, quantity) SELECT i.store_id, i.product_id, i.quantity
		FROM chaos.inventory i JOIN products p ON p.id = i.product_id WHERE ` + where + ` FOR KEY SHARE OF p ON CONFLICT DO NOTHING`
}
