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

-- name: ReadLive :many
-- Of these products those that are sold: what they cost now and, when anywhere is
-- asked for, whether some store has any. Product by product through an index
-- (LATERAL ... OFFSET 0 keeps it so): the plan is made once, when tables may still
-- be small.
SELECT p.id, p.price, (s.id IS NOT NULL)::boolean AS in_stock
FROM (SELECT unnest(@ids::bigint[]) AS id) asked
CROSS JOIN LATERAL (SELECT t.id, t.price FROM products t WHERE t.id = asked.id AND t.active OFFSET 0) p
LEFT JOIN LATERAL (
    SELECT i.store_id AS id FROM inventory i WHERE @anywhere::boolean AND i.product_id = p.id AND i.quantity > i.held LIMIT 1
) s ON true;

-- name: ReadLiveInStore :many
-- The same in one store: whether it carries them, and how many it can sell.
SELECT p.id, p.price, (l.quantity IS NOT NULL)::boolean AS carried, coalesce(l.quantity, 0)::bigint AS quantity
FROM (SELECT unnest(@ids::bigint[]) AS id) asked
CROSS JOIN LATERAL (SELECT t.id, t.price FROM products t WHERE t.id = asked.id AND t.active OFFSET 0) p
LEFT JOIN LATERAL (
    SELECT greatest(i.quantity - i.held, 0)::bigint AS quantity
    FROM inventory i WHERE i.store_id = @store_id AND i.product_id = p.id OFFSET 0
) l ON true;

-- name: ReadLiveNear :many
-- The same near a place: the first of these stores that has any, 0 when none has.
SELECT p.id, p.price, coalesce(l.store_id, 0)::bigint AS store_id, coalesce(l.quantity, 0)::bigint AS quantity
FROM (SELECT unnest(@ids::bigint[]) AS id) asked
CROSS JOIN LATERAL (SELECT t.id, t.price FROM products t WHERE t.id = asked.id AND t.active OFFSET 0) p
LEFT JOIN LATERAL (
    SELECT i.store_id, (i.quantity - i.held)::bigint AS quantity
    FROM inventory i WHERE i.product_id = p.id AND i.quantity > i.held AND i.store_id = ANY (@stores::bigint[])
    ORDER BY array_position(@stores::bigint[], i.store_id) LIMIT 1
) l ON true;
