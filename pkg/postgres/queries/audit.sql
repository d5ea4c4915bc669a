-- What must hold between orders, stock, ledger and reservations.
--
-- Each of these reads whole tables, each table once or so, and runs inside the
-- one snapshot of DB.Audit. A row is one finding, the first @most of them by id;
-- found counts all.

-- name: SetAuditMode :exec
-- For the transaction: however long it takes; only by hashing and sorting, so
-- that what the planner does not know of the data cannot cost hours; and by one
-- process, since others want to be served meanwhile.
SELECT set_config('statement_timeout', '0', true), set_config('work_mem', '64MB', true),
       set_config('enable_nestloop', 'off', true), set_config('max_parallel_workers_per_gather', '0', true);

-- name: TryAuditLock :one
SELECT pg_try_advisory_xact_lock(@key);

-- name: CountAudited :one
SELECT now()::timestamptz AS at,
       (SELECT count(*) FROM inventory) AS stock_lines,
       (SELECT count(*) FROM stock_movements) AS movements,
       (SELECT count(*) FROM orders) AS orders,
       (SELECT count(*) FROM orders WHERE status = 'PENDING') AS pending,
       (SELECT count(*) FROM reservations WHERE status = 'ACTIVE') AS reservations,
       (SELECT count(*) FROM idempotency_keys WHERE order_id IS NOT NULL) AS keys;

-- name: AuditStock :many
-- Stock lines whose movements do not sum to their quantity. The movements of a
-- line that is gone sum to nothing.
SELECT count(*) OVER () AS found,
       coalesce(i.store_id, m.store_id)::bigint AS store_id, coalesce(i.product_id, m.product_id)::bigint AS product_id,
       i.quantity, coalesce(m.moved, 0)::bigint AS moved
FROM inventory i
FULL JOIN (SELECT store_id, product_id, sum(delta) AS moved FROM stock_movements GROUP BY store_id, product_id) m
    ON m.store_id = i.store_id AND m.product_id = i.product_id
WHERE coalesce(i.quantity, 0) <> coalesce(m.moved, 0)
ORDER BY 2, 3
LIMIT @most;

-- name: AuditNegative :many
SELECT count(*) OVER () AS found, i.store_id, i.product_id, i.quantity, i.held
FROM inventory i
WHERE i.quantity < 0 OR i.held < 0
ORDER BY i.store_id, i.product_id
LIMIT @most;

-- name: AuditMovements :many
-- Orders whose movements are not what their lines say: for a product of a
-- CONFIRMED order one movement that takes what all its lines ask for, for one
-- of a CANCELLED order another that gives it back, else none. Lines and
-- movements are put into one heap and summed once, in integers: a bigint's sum
-- is a numeric, which is slow. No right movement is beyond 32 bits.
WITH part AS (
    SELECT i.order_id, o.store_id, i.product_id, (o.status = 'CANCELLED')::integer AS cancelled,
           i.quantity_requested AS pieces, 0 AS sold, 0 AS sales, 0 AS returned, 0 AS returns
    FROM orders o JOIN order_items i ON i.order_id = o.id
    WHERE o.status IN ('CONFIRMED', 'CANCELLED')
    UNION ALL
    SELECT m.reference::bigint, m.store_id, m.product_id, 0, 0,
           CASE m.reason WHEN 'order' THEN -least(greatest(m.delta, -2147483647), 2147483647)::integer ELSE 0 END,
           (m.reason = 'order')::integer,
           CASE m.reason WHEN 'cancel' THEN least(greatest(m.delta, -2147483647), 2147483647)::integer ELSE 0 END,
           (m.reason = 'cancel')::integer
    FROM stock_movements m
    WHERE m.reason IN ('order', 'cancel') AND m.reference ~ '^[1-9][0-9]{0,17}$'
), off AS (
    SELECT p.order_id, p.store_id, p.product_id, sum(p.pieces) AS pieces,
           sum(p.sold) AS sold, sum(p.sales) AS sales, sum(p.returned) AS returned, sum(p.returns) AS returns
    FROM part p
    GROUP BY p.order_id, p.store_id, p.product_id
    HAVING sum(p.pieces) = 0 OR sum(p.sales) <> 1 OR sum(p.sold) <> sum(p.pieces)
        OR sum(p.returns) <> max(p.cancelled) OR sum(p.returned) <> sum(p.pieces) * max(p.cancelled)
)
SELECT count(*) OVER () AS found, off.order_id, off.store_id, off.product_id, o.status,
       off.pieces::bigint AS pieces, off.sold::bigint AS sold, off.sales::bigint AS sales,
       off.returned::bigint AS returned, off.returns::bigint AS returns
FROM off JOIN orders o ON o.id = off.order_id
ORDER BY off.order_id, off.store_id, off.product_id
LIMIT @most;

-- name: AuditOrphans :many
-- Movements of orders that name no order.
SELECT count(*) OVER () AS found, m.id, m.store_id, m.product_id, m.delta, m.reason, m.reference
FROM stock_movements m
LEFT JOIN orders o ON o.id = CASE WHEN m.reference ~ '^[1-9][0-9]{0,17}$' THEN m.reference::bigint END
WHERE m.reason IN ('order', 'cancel') AND o.id IS NULL
ORDER BY m.id
LIMIT @most;

-- name: AuditPending :many
SELECT count(*) OVER () AS found, o.id, o.store_id, extract(epoch FROM now() - o.created_at)::bigint AS age_seconds
FROM orders o
WHERE o.status = 'PENDING' AND o.created_at < now() - interval '1 minute'
ORDER BY o.id
LIMIT @most;

-- name: AuditHeld :many
-- Stock lines that hold other than what live reservations hold. A line that is
-- gone holds nothing.
WITH reserved AS (
    SELECT r.store_id, i.product_id, sum(i.quantity) AS pieces
    FROM reservations r JOIN reservation_items i ON i.reservation_id = r.id
    WHERE r.status = 'ACTIVE'
    GROUP BY r.store_id, i.product_id
)
SELECT count(*) OVER () AS found,
       coalesce(i.store_id, r.store_id)::bigint AS store_id, coalesce(i.product_id, r.product_id)::bigint AS product_id,
       i.held, coalesce(r.pieces, 0)::bigint AS reserved
FROM inventory i FULL JOIN reserved r ON r.store_id = i.store_id AND r.product_id = i.product_id
WHERE coalesce(i.held, 0) <> coalesce(r.pieces, 0)
ORDER BY 2, 3
LIMIT @most;

-- name: AuditHeldBeyond :many
-- Not wrong: a recount may find less on the shelf than is held.
SELECT count(*) OVER () AS found, i.store_id, i.product_id, i.quantity, i.held
FROM inventory i
WHERE i.held > i.quantity
ORDER BY i.store_id, i.product_id
LIMIT @most;

-- name: AuditReservations :many
SELECT count(*) OVER () AS found, r.id, r.store_id, extract(epoch FROM now() - r.expires_at)::bigint AS late_seconds
FROM reservations r
WHERE r.status = 'ACTIVE' AND r.expires_at < now() - interval '1 minute'
ORDER BY r.id
LIMIT @most;

-- name: AuditTotals :many
-- An amount beyond 64 bits of minor units may be stored as the largest there is.
WITH summed AS (
    SELECT order_id, sum(quantity_requested * unit_price) AS amount FROM order_items GROUP BY order_id
)
SELECT count(*) OVER () AS found, o.id, o.total::text AS total, s.amount::text AS amount
FROM orders o JOIN summed s ON s.order_id = o.id
WHERE o.total NOT IN (s.amount, least(s.amount, 92233720368547758.07))
ORDER BY o.id
LIMIT @most;

-- name: AuditLines :many
-- Orders without lines, and lines without an order.
SELECT count(*) OVER () AS found, e.order_id::bigint AS order_id, e.known::boolean AS known
FROM (
    SELECT o.id AS order_id, true AS known
    FROM orders o LEFT JOIN order_items i ON i.order_id = o.id WHERE i.order_id IS NULL
    UNION
    SELECT i.order_id, false
    FROM order_items i LEFT JOIN orders o ON o.id = i.order_id WHERE o.id IS NULL
) e
ORDER BY e.order_id
LIMIT @most;

-- name: AuditEvents :many
-- Orders whose events are not their states: the second is the decision at its
-- time, the third the cancellation. The first, the saving, may be left out.
WITH told AS (
    SELECT order_id,
           coalesce(bool_and(status = 'PENDING') FILTER (WHERE sequence = 1), true) AS begun,
           max(status) FILTER (WHERE sequence = 2) AS decision,
           max(at) FILTER (WHERE sequence = 2) AS decided_at,
           max(status) FILTER (WHERE sequence = 3) AS cancellation,
           count(*) FILTER (WHERE sequence NOT BETWEEN 1 AND 3) AS others
    FROM order_events GROUP BY order_id
)
SELECT count(*) OVER () AS found, coalesce(o.id, t.order_id)::bigint AS order_id, o.status,
       coalesce(t.decision, '')::text AS decision, (t.decided_at IS NOT DISTINCT FROM o.decided_at)::boolean AS on_time,
       coalesce(t.cancellation, '')::text AS cancellation, coalesce(t.others, 0)::bigint AS others, coalesce(t.begun, true)::boolean AS begun
FROM orders o FULL JOIN told t ON t.order_id = o.id
WHERE o.id IS NULL
   OR NOT coalesce(t.begun, true)
   OR coalesce(t.others, 0) <> 0
   OR t.decision IS DISTINCT FROM CASE o.status WHEN 'PENDING' THEN NULL WHEN 'CANCELLED' THEN 'CONFIRMED' ELSE o.status END
   OR t.decided_at IS DISTINCT FROM o.decided_at
   OR t.cancellation IS DISTINCT FROM CASE o.status WHEN 'CANCELLED' THEN 'CANCELLED' END
ORDER BY 2
LIMIT @most;

-- name: AuditKeys :many
SELECT count(*) OVER () AS found, k.route, k.key, k.order_id
FROM idempotency_keys k LEFT JOIN orders o ON o.id = k.order_id
WHERE k.order_id IS NOT NULL AND o.id IS NULL
ORDER BY k.route, k.key
LIMIT @most;
