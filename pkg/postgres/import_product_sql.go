package postgres

// The statements behind an import of products. They speak of temporary tables,
// which sqlc does not know, and look up row by row, as those for stock do.
const (
	productStaging = `
CREATE TEMP TABLE import_products (
    line bigint NOT NULL, row text, id bigint, sku text NOT NULL, title text NOT NULL, description text NOT NULL,
    brand text NOT NULL, category text NOT NULL, cents bigint NOT NULL, gtin text, image_url text,
    attributes jsonb NOT NULL, released_on date, active boolean
) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE import_held (LIKE import_products) ON COMMIT PRESERVE ROWS;
CREATE INDEX ON import_held (line)`

	addCategories = `
INSERT INTO categories (name)
SELECT DISTINCT ON (lower(s.category)) s.category
FROM import_products s
WHERE NOT EXISTS (SELECT 1 FROM categories c WHERE lower(c.name) = lower(s.category))
ORDER BY lower(s.category), s.line
ON CONFLICT DO NOTHING`

	// Rows that are the same are left out before the insert: ON CONFLICT would
	// lock each, which writes it. xmax is 0 in a row that was inserted.
	upsertProducts = `
WITH incoming AS (
    SELECT s.*, s.cents * 0.01 AS price, c.id AS category_id, coalesce(s.active, p.active, true) AS now_active,
           p.id IS NOT NULL AND (p.sku, p.title, p.description, p.brand, p.category_id, p.price, p.gtin, p.image_url,
               p.attributes, p.released_on, p.active)
           IS NOT DISTINCT FROM (s.sku, s.title, s.description, s.brand, c.id, s.cents * 0.01, s.gtin, s.image_url,
               s.attributes, s.released_on, coalesce(s.active, p.active)) AS same
    FROM import_products s
    JOIN categories c ON lower(c.name) = lower(s.category)
    LEFT JOIN LATERAL (SELECT q.* FROM products q WHERE q.id = s.id OFFSET 0) p ON true
), written AS (
    INSERT INTO products AS p (id, sku, title, description, brand, category_id, price, gtin, image_url, attributes,
        released_on, active)
    SELECT id, sku, title, description, brand, category_id, price, gtin, image_url, attributes, released_on, now_active
    FROM incoming WHERE NOT same ORDER BY id
    ON CONFLICT (id) DO UPDATE SET
        sku = excluded.sku, title = excluded.title, description = excluded.description, brand = excluded.brand,
        category_id = excluded.category_id, price = excluded.price, gtin = excluded.gtin,
        image_url = excluded.image_url, attributes = excluded.attributes, released_on = excluded.released_on,
        active = excluded.active, updated_at = now()
    RETURNING xmax = 0 AS fresh
)
SELECT count(*) FILTER (WHERE fresh), count(*) FILTER (WHERE NOT fresh), (SELECT count(*) FROM incoming WHERE same)
FROM written`

	takeHeld = `
WITH taken AS (
    DELETE FROM import_held WHERE line IN (SELECT line FROM import_held ORDER BY line LIMIT $1) RETURNING *
)
INSERT INTO import_products SELECT * FROM taken`

	dropHeld = `
DELETE FROM import_held WHERE line = (SELECT min(line) FROM import_held) RETURNING line, row`

	// A row without an id is known by SKU and title; the last one of a chunk wins.
	dropReplaced = `
DELETE FROM import_products WHERE line IN (
    SELECT line FROM (SELECT line, row_number() OVER (PARTITION BY sku, title ORDER BY line DESC) AS nth
                      FROM import_products) AS ranked
    WHERE nth > 1)`

	dropAmbiguous = `
DELETE FROM import_products s
WHERE (SELECT count(*) FROM products p WHERE p.sku = s.sku AND p.title = s.title) > 1
RETURNING line, row`

	findIDs = `
UPDATE import_products s SET id = (SELECT min(p.id) FROM products p WHERE p.sku = s.sku AND p.title = s.title)`

	giveIDs = `
UPDATE import_products s SET id = given.id
FROM (SELECT line, nextval('products_id_seq') AS id
      FROM (SELECT line FROM import_products WHERE id IS NULL ORDER BY line) AS without) AS given
WHERE given.line = s.line`
)
