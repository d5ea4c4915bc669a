-- Repairs of what an audit found. Rows are locked in the order that everybody
-- keeps: orders, then reservations, then stock lines.

-- name: SetRepairPatience :exec
-- For this transaction: a row that somebody holds for long ends it.
SELECT set_config('lock_timeout', '10s', true);

-- name: WaitForRepairLock :exec
SELECT pg_advisory_xact_lock(@key);

-- name: LockRepairOrders :exec
SELECT o.id FROM orders o WHERE o.id = ANY (@ids::bigint[]) ORDER BY o.id FOR NO KEY UPDATE OF o;

-- name: LockRepairReservations :exec
SELECT r.id FROM reservations r WHERE r.id = ANY (@ids::bigint[]) ORDER BY r.id FOR NO KEY UPDATE OF r;

-- name: LockRepairLines :exec
SELECT i.store_id FROM inventory i
WHERE (i.store_id, i.product_id) IN (SELECT unnest(@store_ids::bigint[]), unnest(@product_ids::bigint[]))
ORDER BY i.store_id, i.product_id
FOR NO KEY UPDATE OF i;

-- name: RepairTotals :many
UPDATE orders o SET total = least(s.amount, 92233720368547758.07)
FROM (SELECT i.order_id, sum(i.quantity_requested * i.unit_price) AS amount
      FROM order_items i WHERE i.order_id = ANY (@ids::bigint[]) GROUP BY i.order_id) s
WHERE o.id = s.order_id AND o.total NOT IN (s.amount, least(s.amount, 92233720368547758.07))
RETURNING o.id, o.total::text AS total;

-- name: RepairEvents :many
-- Tells the decision of orders again whose event is missing.
INSERT INTO order_events (order_id, sequence, status, at)
SELECT o.id, 2, CASE o.status WHEN 'CANCELLED' THEN 'CONFIRMED' ELSE o.status END, o.decided_at
FROM orders o WHERE o.id = ANY (@ids::bigint[]) AND o.status <> 'PENDING'
ORDER BY o.id
ON CONFLICT DO NOTHING
RETURNING order_id, status;

-- name: RepairReservations :many
UPDATE reservations r SET status = 'EXPIRED', ended_at = clock_timestamp()
WHERE r.id = ANY (@ids::bigint[]) AND r.status = 'ACTIVE' AND r.expires_at < now() - interval '1 minute'
RETURNING r.id;

-- name: RepairHeld :many
UPDATE inventory i SET held = w.pieces
FROM (
    SELECT l.store_id, l.product_id, coalesce(v.pieces, 0)::integer AS pieces
    FROM (SELECT unnest(@store_ids::bigint[]) AS store_id, unnest(@product_ids::bigint[]) AS product_id) l
    LEFT JOIN (
        SELECT r.store_id, t.product_id, sum(t.quantity) AS pieces
        FROM reservations r JOIN reservation_items t ON t.reservation_id = r.id
        WHERE r.status = 'ACTIVE' GROUP BY r.store_id, t.product_id
    ) v ON v.store_id = l.store_id AND v.product_id = l.product_id
) w
WHERE i.store_id = w.store_id AND i.product_id = w.product_id AND i.held <> w.pieces
RETURNING i.store_id, i.product_id, i.held;

-- name: RepairMovements :many
-- Writes movements of orders again that the ledger has lost.
INSERT INTO stock_movements (store_id, product_id, delta, reason, reference)
SELECT l.store_id, l.product_id, l.delta, l.reason, l.reference
FROM (SELECT unnest(@store_ids::bigint[]) AS store_id, unnest(@product_ids::bigint[]) AS product_id,
             unnest(@deltas::bigint[]) AS delta, unnest(@reasons::text[]) AS reason, unnest(@refs::text[]) AS reference) l
WHERE NOT EXISTS (SELECT FROM stock_movements m WHERE m.store_id = l.store_id AND m.product_id = l.product_id
                  AND m.reason = l.reason AND m.reference = l.reference)
RETURNING store_id, product_id, delta, reason, reference;

-- name: RepairStock :many
-- Balances the ledger of stock lines: the quantity stays.
INSERT INTO stock_movements (store_id, product_id, delta, reason)
SELECT l.store_id, l.product_id, coalesce(i.quantity, 0) - coalesce(m.moved, 0), 'repair'
FROM (SELECT unnest(@store_ids::bigint[]) AS store_id, unnest(@product_ids::bigint[]) AS product_id) l
LEFT JOIN inventory i ON i.store_id = l.store_id AND i.product_id = l.product_id
LEFT JOIN LATERAL (SELECT sum(m.delta) AS moved FROM stock_movements m
                   WHERE m.store_id = l.store_id AND m.product_id = l.product_id) m ON true
WHERE coalesce(i.quantity, 0) <> coalesce(m.moved, 0)
RETURNING store_id, product_id, delta;
