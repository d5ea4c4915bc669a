-- name: ListInventory :many
-- A page of a store's active lines by title, after (title, id) of the page before.
SELECT p.id, p.sku, p.title, p.price, c.name AS category, greatest(i.quantity - i.held, 0)::integer AS quantity
FROM inventory i
JOIN products p ON p.id = i.product_id
JOIN categories c ON c.id = p.category_id
WHERE i.store_id = @store_id AND p.active
  AND (p.title, p.id) > (@after_title::text, @after_id::bigint)
ORDER BY p.title, p.id
LIMIT @page_size;
