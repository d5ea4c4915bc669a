-- name: AskProducts :many
-- One row a product, in the order asked: whether it and the store exist.
SELECT (s.id IS NOT NULL)::boolean AS store_known,
       (p.id IS NOT NULL)::boolean AS known, coalesce(p.active, false)::boolean AS active
FROM (SELECT unnest(@product_ids::bigint[]) AS product_id, generate_subscripts(@product_ids::bigint[], 1) AS line) a
LEFT JOIN products p ON p.id = a.product_id
LEFT JOIN stores s ON s.id = @store_id
ORDER BY a.line;

-- name: LockOrMakeLines :exec
-- Locks a store's lines, and makes those that it does not carry yet (of 0
-- pieces), all in one pass in (store, product) order, as everybody locks them.
-- A condition that is never true locks a line and does not write it.
INSERT INTO inventory AS i (store_id, product_id, quantity)
SELECT @store_id, w.product_id, 0
FROM (SELECT unnest(@product_ids::bigint[]) AS product_id) w
ORDER BY w.product_id
ON CONFLICT (store_id, product_id) DO UPDATE SET quantity = i.quantity WHERE false;

-- name: ListLines :many
SELECT i.product_id, i.quantity, i.held
FROM inventory i
WHERE i.store_id = @store_id AND i.product_id = ANY (@product_ids::bigint[]);

-- name: OpenAdjustment :one
-- Records an adjustment, and has the ledger's trigger record its id and reason
-- for the stock changes of this transaction from here on.
WITH made AS (
    INSERT INTO stock_adjustments (store_id, reason, note) VALUES (@store_id, @reason, @note)
    RETURNING stock_adjustments.id, stock_adjustments.reason
)
SELECT made.id, set_config('aforro.reason', made.reason, true) AS reason,
       set_config('aforro.reference', made.id::text, true) AS reference
FROM made;

-- name: SetLines :execrows
UPDATE inventory i SET quantity = w.quantity
FROM (SELECT unnest(@product_ids::bigint[]) AS product_id, unnest(@quantities::integer[]) AS quantity) w
WHERE i.store_id = @store_id AND i.product_id = w.product_id;

-- name: ListMovements :many
SELECT m.id, m.at, m.delta, m.reason, m.reference
FROM stock_movements m
WHERE m.store_id = @store_id AND m.product_id = @product_id AND m.id < @before_id
ORDER BY m.id DESC
LIMIT @page_size;
