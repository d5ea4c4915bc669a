-- name: GetProduct :one
SELECT p.id, p.sku, p.title, p.description, p.brand, c.name AS category, p.price, p.gtin, p.image_url,
       p.attributes, p.released_on
FROM products p JOIN categories c ON c.id = p.category_id
WHERE p.id = $1 AND p.active;

-- name: ListAvailability :many
SELECT s.id AS store_id, s.city, greatest(i.quantity - i.held, 0)::integer AS quantity
FROM inventory i JOIN stores s ON s.id = i.store_id
WHERE i.product_id = $1
ORDER BY s.id;
