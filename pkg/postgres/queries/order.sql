-- name: SaveOrders :many
-- Saves many orders in one statement, each on its own: one whose store or
-- product is unknown, or whose product is inactive, is left out and its rows say
-- why. Rows are one a line, order by order as asked. A key that was used before
-- leaves its order out too: its rows carry the earlier use. A key that another
-- transaction uses at this moment is waited for, and shows as neither.
--
-- The plan is made once, when tables may still be small: what is looked up is
-- looked up row by row through an index (LATERAL ... OFFSET 0). The subscripts
-- and the CASE tell the planner of many rows, so that it joins what was asked by
-- hashing and not each with each.
WITH asked AS MATERIALIZED (
    SELECT a.n, a.store_id, a.reservation_id, a.email, a.key, a.fingerprint, s.id IS NOT NULL AS store_known,
           k.order_id AS earlier_id, k.fingerprint AS earlier_fingerprint, k.created_at AS earlier_at
    FROM (SELECT generate_subscripts(@store_ids::bigint[], 1) AS n, unnest(@store_ids::bigint[]) AS store_id,
                 nullif(unnest(@reservation_ids::bigint[]), 0) AS reservation_id, nullif(unnest(@emails::text[]), '') AS email,
                 nullif(unnest(@keys::text[]), '') AS key, unnest(@fingerprints::bytea[]) AS fingerprint) a
    LEFT JOIN LATERAL (SELECT t.id FROM stores t WHERE t.id = a.store_id OFFSET 0) s ON true
    LEFT JOIN LATERAL (
        SELECT t.order_id, t.fingerprint, o.created_at
        FROM idempotency_keys t LEFT JOIN LATERAL (SELECT e.created_at FROM orders e WHERE e.id = t.order_id OFFSET 0) o ON true
        WHERE t.route = 'orders' AND t.key = a.key OFFSET 0
    ) k ON true
), priced AS MATERIALIZED (
    SELECT l.n, l.line, l.product_id, l.quantity, p.price, p.id IS NOT NULL AS known, coalesce(p.active, false) AS active
    FROM (SELECT generate_subscripts(@line_orders::integer[], 1), unnest(@line_orders::integer[]) AS n, unnest(@lines::integer[]) AS line,
                 unnest(@product_ids::bigint[]) AS product_id, unnest(@quantities::integer[]) AS quantity) l
    LEFT JOIN LATERAL (SELECT t.id, t.price, t.active FROM products t WHERE t.id = l.product_id OFFSET 0) p ON true
), valid AS MATERIALIZED (
    SELECT a.n, a.store_id, a.reservation_id, a.email, a.key, a.fingerprint, t.total,
           nextval('orders_id_seq') AS id
    FROM asked a JOIN (
        SELECT p.n, bool_and(p.active) AS sold, sum(p.price * p.quantity) AS total FROM priced p GROUP BY p.n
    ) t ON t.n = a.n
    WHERE CASE WHEN a.store_known AND t.sold AND a.earlier_fingerprint IS NULL THEN true ELSE false END
), claimed AS (
    INSERT INTO idempotency_keys (route, key, fingerprint, order_id)
    SELECT 'orders', v.key, v.fingerprint, v.id FROM valid v WHERE CASE WHEN v.key IS NULL THEN false ELSE true END ORDER BY v.key
    ON CONFLICT DO NOTHING
    RETURNING order_id
), placed AS MATERIALIZED (
    SELECT v.n, v.id, v.store_id, v.reservation_id, v.email, v.total
    FROM valid v LEFT JOIN claimed c ON c.order_id = v.id
    WHERE CASE WHEN v.key IS NULL OR c.order_id IS NOT NULL THEN true ELSE false END
), saved AS (
    INSERT INTO orders (id, store_id, reservation_id, email, total, created_at) OVERRIDING SYSTEM VALUE
    SELECT v.id, v.store_id, v.reservation_id, v.email, v.total, now() FROM placed v ORDER BY v.id
), items AS (
    INSERT INTO order_items (order_id, line, product_id, quantity_requested, unit_price)
    SELECT v.id, p.line, p.product_id, p.quantity, p.price FROM placed v JOIN priced p ON p.n = v.n ORDER BY v.id, p.line
)
SELECT a.n::integer AS n, p.known::boolean AS known, p.active::boolean AS active, coalesce(p.price, 0)::numeric AS price,
       a.store_known::boolean AS store_known, coalesce(a.earlier_id, 0)::bigint AS earlier_id,
       a.earlier_fingerprint, coalesce(a.earlier_at, now())::timestamptz AS earlier_at, coalesce(v.id, 0)::bigint AS order_id,
       now()::timestamptz AS created_at, coalesce(v.total, 0)::numeric AS total
FROM priced p JOIN asked a ON a.n = p.n LEFT JOIN placed v ON v.n = a.n
ORDER BY p.n, p.line;

-- name: ListOrderKeys :many
-- The earlier uses of keys of orders.
SELECT k.key, k.fingerprint, o.id AS order_id, o.created_at
FROM idempotency_keys k JOIN orders o ON o.id = k.order_id
WHERE k.route = 'orders' AND k.key = ANY (@keys::text[]);

-- name: ConfirmSaved :many
-- Of these orders those that are there. Run in a transaction that waits for the
-- disk, so that what it answers stays true.
SELECT o.id, o.created_at, pg_logical_emit_message(true, 'aforro', 'saved') IS NOT NULL AS logged
FROM orders o WHERE o.id = ANY (@ids::bigint[]);

-- name: LockPending :many
-- The PENDING ones among the orders with what they ask for, line by line, and
-- with the price and the state of each product now. Those that another
-- transaction decides meanwhile are left out: it need not be waited for.
-- Item by item through an index (OFFSET 0 keeps it so): for a large batch the
-- planner would else read all items there are.
WITH head AS MATERIALIZED (
    SELECT o.id, o.store_id, o.created_at, o.reservation_id
    FROM orders o
    WHERE o.id = ANY (@ids::bigint[]) AND o.status = 'PENDING'
    ORDER BY o.id
    FOR NO KEY UPDATE SKIP LOCKED
)
SELECT h.id, h.store_id, h.created_at, coalesce(h.reservation_id, 0)::bigint AS reservation_id,
       i.line, i.product_id, i.quantity_requested, i.unit_price,
       coalesce(p.price, i.unit_price)::numeric AS price, coalesce(p.active, false) AS active
FROM head h
CROSS JOIN LATERAL (
    SELECT t.line, t.product_id, t.quantity_requested, t.unit_price
    FROM order_items t WHERE t.order_id = h.id OFFSET 0
) i
LEFT JOIN products p ON p.id = i.product_id
ORDER BY h.id, i.line;

-- name: LockReservations :many
-- What the ACTIVE ones among the reservations of orders hold.
SELECT r.id, r.store_id, i.product_id, i.quantity
FROM reservations r JOIN reservation_items i ON i.reservation_id = r.id
WHERE r.id IN (SELECT o.reservation_id FROM orders o WHERE o.id = ANY (@order_ids::bigint[])) AND r.status = 'ACTIVE'
ORDER BY r.id, i.product_id
FOR NO KEY UPDATE OF r;

-- name: LockFreeReservations :many
-- LockReservations of those that nobody holds.
SELECT r.id, r.store_id, i.product_id, i.quantity
FROM reservations r JOIN reservation_items i ON i.reservation_id = r.id
WHERE r.id = ANY (@ids::bigint[]) AND r.status = 'ACTIVE'
ORDER BY r.id, i.product_id
FOR NO KEY UPDATE OF r SKIP LOCKED;

-- name: ListActiveReservations :many
-- Which of these are ACTIVE, held by somebody or not.
SELECT r.id FROM reservations r WHERE r.id = ANY (@ids::bigint[]) AND r.status = 'ACTIVE';

-- name: LockStock :many
-- Locks the stock lines that orders, and what they may consume, are about, in
-- (store, product) order, so that two decisions wait for each other and never in
-- a circle. Orders are looked up one by one (OFFSET 0 keeps it so).
WITH wanted AS MATERIALIZED (
    SELECT o.store_id, o.reservation_id, a.id
    FROM (SELECT unnest(@order_ids::bigint[]) AS id) a
    CROSS JOIN LATERAL (SELECT t.store_id, t.reservation_id FROM orders t WHERE t.id = a.id OFFSET 0) o
), line AS MATERIALIZED (
    SELECT DISTINCT l.store_id, l.product_id
    FROM (
        SELECT w.store_id, i.product_id FROM wanted w
        CROSS JOIN LATERAL (SELECT t.product_id FROM order_items t WHERE t.order_id = w.id OFFSET 0) i
        UNION ALL
        SELECT r.store_id, i.product_id FROM wanted w
        CROSS JOIN LATERAL (SELECT t.id, t.store_id FROM reservations t WHERE t.id = w.reservation_id OFFSET 0) r
        CROSS JOIN LATERAL (SELECT t.product_id FROM reservation_items t WHERE t.reservation_id = r.id OFFSET 0) i
        WHERE w.reservation_id IS NOT NULL
    ) l
)
SELECT i.store_id, i.product_id, i.quantity, i.held
FROM inventory i
WHERE (i.store_id, i.product_id) IN (SELECT line.store_id, line.product_id FROM line)
ORDER BY i.store_id, i.product_id
FOR NO KEY UPDATE OF i;

-- name: LockFreeStock :many
-- LockStock of those lines that nobody holds.
SELECT i.store_id, i.product_id, i.quantity, i.held
FROM inventory i
WHERE (i.store_id, i.product_id) IN (
    SELECT unnest(@store_ids::bigint[]), unnest(@product_ids::bigint[]))
ORDER BY i.store_id, i.product_id
FOR NO KEY UPDATE OF i SKIP LOCKED;

-- name: ListStockLines :many
-- Which of these lines there are, held by somebody or not.
SELECT i.store_id, i.product_id
FROM inventory i
WHERE (i.store_id, i.product_id) IN (
    SELECT unnest(@store_ids::bigint[]), unnest(@product_ids::bigint[]));

-- name: ListElsewhere :many
-- For each (store, product) the other stores that have the product, the nearest
-- first. The sort key is the squared chord through the Earth, which grows with
-- the distance.
SELECT w.store_id::bigint AS from_id, h.latitude AS from_latitude, h.longitude AS from_longitude, w.product_id::bigint AS product_id,
       n.store_id, n.city, n.latitude, n.longitude, n.available
FROM (SELECT unnest(@store_ids::bigint[]) AS store_id, unnest(@product_ids::bigint[]) AS product_id) w
JOIN stores h ON h.id = w.store_id
CROSS JOIN LATERAL (
    SELECT s.id AS store_id, s.city, s.latitude, s.longitude, (i.quantity - i.held)::bigint AS available
    FROM inventory i JOIN stores s ON s.id = i.store_id
    WHERE i.product_id = w.product_id AND i.quantity > i.held AND s.id <> w.store_id
    ORDER BY power(sind((s.latitude - h.latitude) / 2), 2)
           + cosd(s.latitude) * cosd(h.latitude) * power(sind((s.longitude - h.longitude) / 2), 2), s.id
    LIMIT @most
) n;

-- name: SettleOrders :one
-- Writes what was decided: stock, what was held, statuses and events, all at one
-- time. The orders are locked and PENDING; that is not asked again here, as the
-- planner would look for few PENDING ones among many dead entries of their
-- index. The settings tell the ledger's trigger, which runs when this statement
-- ends, which order each movement belongs to.
WITH told AS MATERIALIZED (
    SELECT clock_timestamp() AS at, set_config('aforro.reason', 'order', true), set_config('aforro.movements', @movements::text, true)
), stock AS (
    UPDATE inventory i SET quantity = i.quantity - w.taken, held = greatest(i.held - w.freed, 0)
    FROM (SELECT unnest(@stock_stores::bigint[]) AS store_id, unnest(@stock_products::bigint[]) AS product_id,
                 unnest(@taken::integer[]) AS taken, unnest(@freed::integer[]) AS freed) w
    WHERE i.store_id = w.store_id AND i.product_id = w.product_id
    RETURNING 1
), consumed AS (
    UPDATE reservations r SET status = 'CONSUMED', ended_at = (SELECT at FROM told)
    WHERE r.id = ANY (@reservation_ids::bigint[])
), closed AS (
    UPDATE orders o SET status = w.status, reasons = w.reasons, total = w.total::numeric, decided_at = (SELECT at FROM told)
    FROM (SELECT unnest(@ids::bigint[]) AS id, unnest(@statuses::text[]) AS status,
                 nullif(unnest(@reasons::text[]), '')::jsonb AS reasons, unnest(@totals::text[]) AS total) w
    WHERE o.id = w.id
    RETURNING o.id, o.status, o.decided_at
), event AS (
    INSERT INTO order_events (order_id, sequence, status, at)
    SELECT c.id, 2, c.status, c.decided_at FROM closed c ORDER BY c.id
)
SELECT told.at::timestamptz AS at, (SELECT count(*) FROM stock) AS stock_lines, (SELECT count(*) FROM closed) AS orders
FROM told;

-- name: SetUnitPrices :exec
UPDATE order_items i SET unit_price = w.price::numeric
FROM (SELECT unnest(@order_ids::bigint[]) AS order_id, unnest(@lines::integer[]) AS line, unnest(@prices::text[]) AS price) w
WHERE i.order_id = w.order_id AND i.line = w.line;

-- name: LockOrder :one
SELECT o.store_id, o.status FROM orders o WHERE o.id = $1 FOR NO KEY UPDATE;

-- name: LockOrderStock :many
-- Locks the stock lines of an order, in the order of all locks.
SELECT i.product_id FROM inventory i
WHERE i.store_id = @store_id AND i.product_id IN (SELECT t.product_id FROM order_items t WHERE t.order_id = @order_id)
ORDER BY i.store_id, i.product_id
FOR NO KEY UPDATE;

-- name: CancelOrder :exec
-- Gives the stock of an order back and writes its last state. A line that was
-- removed since comes back. The settings are what the ledger's trigger records.
WITH told AS MATERIALIZED (
    SELECT clock_timestamp() AS at, set_config('aforro.reason', 'cancel', true), set_config('aforro.reference', @reference::text, true)
), given AS (
    INSERT INTO inventory AS i (store_id, product_id, quantity)
    SELECT o.store_id, t.product_id, sum(t.quantity_requested)::integer
    FROM told, orders o JOIN order_items t ON t.order_id = o.id
    WHERE o.id = @id
    GROUP BY o.store_id, t.product_id ORDER BY t.product_id
    ON CONFLICT (store_id, product_id) DO UPDATE SET quantity = i.quantity + excluded.quantity
), closed AS (
    UPDATE orders SET status = 'CANCELLED' FROM told WHERE orders.id = @id RETURNING told.at
)
INSERT INTO order_events (order_id, sequence, status, at) SELECT @id, 3, 'CANCELLED', c.at FROM closed c;

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
