-- name: SaveOrder :many
-- One statement is one transaction and one round trip. Nothing is written when
-- the store or a product is unknown or a product is inactive: the rows, one a
-- line in the order asked, say which.
WITH asked AS (
    SELECT unnest(@product_ids::bigint[]) AS product_id,
           unnest(@quantities::integer[]) AS quantity,
           generate_subscripts(@product_ids::bigint[], 1) - 1 AS line
), priced AS (
    SELECT a.line, a.product_id, a.quantity, p.price, p.id IS NOT NULL AS known, coalesce(p.active, false) AS active
    FROM asked a LEFT JOIN products p ON p.id = a.product_id
), store AS (
    SELECT s.id FROM stores s WHERE s.id = @store_id
), saved AS (
    INSERT INTO orders (store_id)
    SELECT store.id FROM store WHERE NOT EXISTS (SELECT 1 FROM priced WHERE NOT priced.active)
    RETURNING orders.id, orders.created_at
), items AS (
    INSERT INTO order_items (order_id, line, product_id, quantity_requested, unit_price)
    SELECT saved.id, priced.line, priced.product_id, priced.quantity, priced.price FROM saved, priced
), event AS (
    INSERT INTO order_events (order_id, sequence, status, at)
    SELECT saved.id, 1, 'PENDING', saved.created_at FROM saved
)
SELECT coalesce((SELECT saved.id FROM saved), 0)::bigint AS order_id,
       coalesce((SELECT saved.created_at FROM saved), now())::timestamptz AS created_at,
       EXISTS (SELECT 1 FROM store) AS store_known,
       priced.known::boolean AS known, priced.active::boolean AS active,
       coalesce(priced.price, 0)::numeric AS price
FROM priced ORDER BY priced.line;

-- name: LockPending :many
-- The PENDING ones among the orders, locked in the order of their ids. An order
-- that another transaction decides meanwhile is left out.
SELECT o.id, o.created_at, s.id AS store_id, s.latitude, s.longitude
FROM orders o JOIN stores s ON s.id = o.store_id
WHERE o.id = ANY (@ids::bigint[]) AND o.status = 'PENDING'
ORDER BY o.id
FOR UPDATE OF o;

-- name: ListOrderItems :many
-- What the orders ask for, with the price and the state of each product now.
-- Order by order (OFFSET 0 keeps it so): for a large batch the planner would
-- else read all items there are.
SELECT i.order_id, i.line, i.product_id, i.quantity_requested, i.unit_price, p.price, p.active
FROM (SELECT unnest(@order_ids::bigint[]) AS id) asked
CROSS JOIN LATERAL (
    SELECT t.order_id, t.line, t.product_id, t.quantity_requested, t.unit_price
    FROM order_items t WHERE t.order_id = asked.id OFFSET 0
) i
JOIN products p ON p.id = i.product_id
ORDER BY i.order_id, i.line;

-- name: LockStock :many
-- Locks the stock lines that orders want, in (store, product) order, so that
-- two decisions wait for each other and never in a circle.
SELECT i.store_id, i.product_id, i.quantity
FROM inventory i
WHERE (i.store_id, i.product_id) IN (
    SELECT unnest(@store_ids::bigint[]), unnest(@product_ids::bigint[]))
ORDER BY i.store_id, i.product_id
FOR UPDATE OF i;

-- name: ListElsewhere :many
-- For each product the other stores that have it, the nearest first. The sort
-- key is the squared chord through the Earth, which grows with the distance.
SELECT w.product_id::bigint AS product_id, n.store_id, n.city, n.latitude, n.longitude, n.quantity
FROM (SELECT unnest(@product_ids::bigint[]) AS product_id) w
CROSS JOIN LATERAL (
    SELECT s.id AS store_id, s.city, s.latitude, s.longitude, i.quantity
    FROM inventory i JOIN stores s ON s.id = i.store_id
    WHERE i.product_id = w.product_id AND i.quantity > 0 AND s.id <> @store_id
    ORDER BY power(sind((s.latitude - @latitude::float8) / 2), 2)
           + cosd(s.latitude) * cosd(@latitude::float8) * power(sind((s.longitude - @longitude::float8) / 2), 2), s.id
    LIMIT @most
) n;

-- name: SetOrderReason :exec
-- What the ledger's trigger records for the stock changes of this transaction
-- from here on.
SELECT set_config('aforro.reason', 'order', true), set_config('aforro.reference', @reference::text, true);

-- name: DeductStock :execrows
UPDATE inventory i SET quantity = i.quantity - w.quantity
FROM (SELECT unnest(@product_ids::bigint[]) AS product_id, unnest(@quantities::integer[]) AS quantity) w
WHERE i.store_id = @store_id AND i.product_id = w.product_id;

-- name: SetUnitPrices :exec
UPDATE order_items i SET unit_price = w.price::numeric
FROM (SELECT unnest(@lines::integer[]) AS line, unnest(@prices::text[]) AS price) w
WHERE i.order_id = @order_id AND i.line = w.line;

-- name: CloseOrder :one
-- Status and event are one statement and carry one time.
WITH closed AS (
    UPDATE orders SET status = @status, reasons = @reasons, decided_at = clock_timestamp()
    WHERE orders.id = @id AND orders.status = 'PENDING'
    RETURNING orders.id, orders.status, orders.decided_at
)
INSERT INTO order_events (order_id, sequence, status, at)
SELECT c.id, (SELECT max(e.sequence) + 1 FROM order_events e WHERE e.order_id = c.id), c.status, c.decided_at
FROM closed c
RETURNING at;

-- name: GetOrder :many
-- One row a line, so that one statement (one snapshot) gives the whole order.
SELECT sqlc.embed(o), sqlc.embed(i),
       (SELECT array_agg(e.status ORDER BY e.sequence) FROM order_events e WHERE e.order_id = o.id)::text[] AS statuses,
       (SELECT array_agg(e.at ORDER BY e.sequence) FROM order_events e WHERE e.order_id = o.id)::timestamptz[] AS times
FROM orders o JOIN order_items i ON i.order_id = o.id
WHERE o.id = $1
ORDER BY i.line;

-- name: ListStoreOrders :many
SELECT o.id, o.status, o.created_at,
       (SELECT count(*) FROM order_items i WHERE i.order_id = o.id) AS lines
FROM orders o
WHERE o.store_id = @store_id AND o.id < @before_id
ORDER BY o.id DESC
LIMIT @page_size;

-- name: ListPending :many
-- PENDING orders by id, after an id, that were saved at least so long ago, by
-- the database's clock.
SELECT o.id, extract(epoch FROM now() - o.created_at)::float8 AS age_seconds
FROM orders o
WHERE o.status = 'PENDING' AND o.id > @after_id
  AND o.created_at <= now() - make_interval(secs => @older_seconds::float8)
ORDER BY o.id
LIMIT @most;

-- name: ListUnannounced :many
SELECT e.order_id AS id, extract(epoch FROM now() - e.at)::float8 AS age_seconds
FROM order_events e
WHERE e.announced_at IS NULL AND e.status <> 'PENDING' AND e.order_id > @after_id
  AND e.at <= now() - make_interval(secs => @older_seconds::float8)
ORDER BY e.order_id
LIMIT @most;

-- name: MarkAnnounced :execrows
UPDATE order_events SET announced_at = clock_timestamp()
WHERE order_id = @order_id AND status <> 'PENDING' AND announced_at IS NULL;
