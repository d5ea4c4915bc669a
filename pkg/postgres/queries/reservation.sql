-- name: LockCartLines :many
-- Locks those lines of a store that it carries, in (store, product) order.
SELECT i.product_id, i.quantity, i.held
FROM inventory i
WHERE i.store_id = @store_id AND i.product_id = ANY (@product_ids::bigint[])
ORDER BY i.store_id, i.product_id
FOR UPDATE OF i;

-- name: OpenReservation :one
-- The time runs from here, not from when the transaction began to wait for locks.
WITH made AS (
    INSERT INTO reservations (store_id, created_at, expires_at)
    SELECT @store_id, t.at, t.at + make_interval(secs => @seconds::float8) FROM (SELECT clock_timestamp() AS at) t
    RETURNING reservations.id, reservations.expires_at
), wanted AS (
    SELECT unnest(@product_ids::bigint[]) AS product_id, unnest(@quantities::integer[]) AS quantity
), items AS (
    INSERT INTO reservation_items (reservation_id, product_id, quantity)
    SELECT made.id, wanted.product_id, wanted.quantity FROM made, wanted
), held AS (
    UPDATE inventory i SET held = i.held + wanted.quantity
    FROM wanted WHERE i.store_id = @store_id AND i.product_id = wanted.product_id
    RETURNING i.product_id
)
SELECT made.id, made.expires_at, (SELECT count(*) FROM held) AS held_lines FROM made;

-- name: LockReservation :one
-- Not FOR UPDATE, for which the check of an order's reference to it would wait.
SELECT r.status FROM reservations r WHERE r.id = $1 FOR NO KEY UPDATE;

-- name: LockExpired :many
-- The ACTIVE ones whose time is over, by the database's clock, by time and id,
-- after a place in that list. One that somebody else ends at this moment is
-- left to him.
SELECT r.id, r.expires_at
FROM reservations r
WHERE r.status = 'ACTIVE' AND r.expires_at <= now() AND (r.expires_at, r.id) > (@after_at::timestamptz, @after_id::bigint)
ORDER BY r.expires_at, r.id
LIMIT @most
FOR NO KEY UPDATE SKIP LOCKED;

-- name: SetLockTimeout :exec
-- For this transaction.
SELECT set_config('lock_timeout', @milliseconds::text, true);

-- name: LockHeldLines :exec
-- Locks what the reservations hold, in (store, product) order. A line that was
-- deleted meanwhile is no longer there to be locked.
SELECT i.product_id
FROM inventory i
WHERE (i.store_id, i.product_id) IN (
    SELECT r.store_id, t.product_id
    FROM (SELECT unnest(@ids::bigint[]) AS id) asked
    JOIN reservations r ON r.id = asked.id
    JOIN reservation_items t ON t.reservation_id = r.id)
ORDER BY i.store_id, i.product_id
FOR UPDATE OF i;

-- name: LockFreeLines :many
-- The same, without those that somebody else has locked.
SELECT i.store_id, i.product_id
FROM inventory i
WHERE (i.store_id, i.product_id) IN (
    SELECT r.store_id, t.product_id
    FROM (SELECT unnest(@ids::bigint[]) AS id) asked
    JOIN reservations r ON r.id = asked.id
    JOIN reservation_items t ON t.reservation_id = r.id)
ORDER BY i.store_id, i.product_id
FOR UPDATE OF i SKIP LOCKED;

-- name: ListFree :many
-- Of the reservations those that hold no line beside the given ones.
SELECT asked.id::bigint AS id
FROM (SELECT unnest(@ids::bigint[]) AS id) asked
WHERE NOT EXISTS (
    SELECT FROM reservations r
    JOIN reservation_items t ON t.reservation_id = r.id
    JOIN inventory i ON i.store_id = r.store_id AND i.product_id = t.product_id
    WHERE r.id = asked.id AND (i.store_id, i.product_id) NOT IN (
        SELECT unnest(@store_ids::bigint[]), unnest(@product_ids::bigint[])))
ORDER BY asked.id;

-- name: EndReservations :one
-- Ends those that are ACTIVE and gives back what they hold. Reservations and
-- lines are locked before. A line that was deleted and made anew holds less
-- than they say, and then holds nothing.
WITH ended AS (
    UPDATE reservations r SET status = @status, ended_at = clock_timestamp()
    FROM (SELECT unnest(@ids::bigint[]) AS id) asked
    WHERE r.id = asked.id AND r.status = 'ACTIVE'
    RETURNING r.id, r.store_id
), held AS (
    SELECT ended.store_id, t.product_id, sum(t.quantity) AS quantity
    FROM ended JOIN reservation_items t ON t.reservation_id = ended.id
    GROUP BY ended.store_id, t.product_id
), given AS (
    UPDATE inventory i SET held = greatest(i.held - held.quantity, 0)
    FROM held WHERE i.store_id = held.store_id AND i.product_id = held.product_id
)
SELECT count(*) FROM ended;
