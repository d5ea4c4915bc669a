-- name: QueueConfirmations :execrows
-- What has to be told of order states, in the transaction that makes them: a
-- row for each endpoint, and one for the customer's address when there is one.
-- The endpoints are locked against removal, so that none goes between this
-- reading and the check of the reference; one that is being removed is left out,
-- so that no decision waits for that. Each order is looked up on its own
-- (OFFSET 0 keeps it so).
WITH changed AS (
    SELECT unnest(@order_ids::bigint[]) AS order_id, unnest(@sequences::integer[]) AS sequence
), receiver AS (
    SELECT w.id FROM webhook_endpoints w FOR KEY SHARE SKIP LOCKED
), told AS (
    SELECT c.order_id, c.sequence, r.id AS endpoint_id FROM changed c CROSS JOIN receiver r
    UNION ALL
    SELECT c.order_id, c.sequence, NULL FROM changed c
    CROSS JOIN LATERAL (SELECT o.id FROM orders o WHERE o.id = c.order_id AND o.email IS NOT NULL OFFSET 0) mailed
)
INSERT INTO confirmations (order_id, sequence, endpoint_id)
SELECT t.order_id, t.sequence, t.endpoint_id FROM told t
ON CONFLICT DO NOTHING;

-- name: RelaxCommit :exec
-- The rest of this transaction does not wait for the disk: what is lost with a
-- crash of the server is done again.
SELECT set_config('synchronous_commit', 'off', true);

-- name: TakeWebhooks :many
-- Takes what is due of each endpoint, as far as there is room, by moving its
-- next time to the end of a lease: whoever dies with it lets it come back. A row
-- behind an undelivered one of the same order and endpoint is not due.
WITH due AS (
    SELECT d.id, w.id AS endpoint_id, w.url, w.secret, w.previous_secret,
           coalesce(w.previous_until > now(), false) AS previous_signs
    FROM webhook_endpoints w
    LEFT JOIN (SELECT unnest(@endpoint_ids::bigint[]) AS id, unnest(@rooms::integer[]) AS room) known ON known.id = w.id
    CROSS JOIN LATERAL (
        SELECT c.id FROM confirmations c
        WHERE c.endpoint_id = w.id AND c.next_at <= now() AND c.delivered_at IS NULL AND c.parked_at IS NULL
          AND NOT EXISTS (SELECT 1 FROM confirmations e
                          WHERE e.order_id = c.order_id AND e.endpoint_id = c.endpoint_id AND e.sequence < c.sequence
                            AND e.delivered_at IS NULL AND e.parked_at IS NULL)
        ORDER BY c.next_at, c.id
        LIMIT coalesce(known.room, @each::integer)
        FOR UPDATE OF c SKIP LOCKED
    ) d
)
UPDATE confirmations c
SET next_at = now() + make_interval(secs => @lease_seconds::float8)
FROM due
WHERE c.id = due.id
RETURNING c.id, c.order_id, c.sequence, c.attempts, c.next_at AS lease,
          extract(epoch FROM now() - c.created_at)::float8 AS age_seconds,
          due.endpoint_id, due.url, due.secret, due.previous_secret, due.previous_signs::boolean AS previous_signs;

-- name: TakeMails :many
-- The same for e-mail.
WITH due AS (
    SELECT c.id FROM confirmations c
    WHERE c.endpoint_id IS NULL AND c.next_at <= now() AND c.delivered_at IS NULL AND c.parked_at IS NULL
      AND NOT EXISTS (SELECT 1 FROM confirmations e
                      WHERE e.order_id = c.order_id AND e.endpoint_id IS NULL AND e.sequence < c.sequence
                        AND e.delivered_at IS NULL AND e.parked_at IS NULL)
    ORDER BY c.next_at, c.id
    LIMIT @room
    FOR UPDATE OF c SKIP LOCKED
)
UPDATE confirmations c
SET next_at = now() + make_interval(secs => @lease_seconds::float8)
FROM due
WHERE c.id = due.id
RETURNING c.id, c.order_id, c.sequence, c.attempts, c.next_at AS lease,
          extract(epoch FROM now() - c.created_at)::float8 AS age_seconds;

-- name: ReadMessages :many
-- What the messages of order states say, one row a line of the order. Order by
-- order (OFFSET 0 keeps it so).
SELECT e.order_id, e.sequence, e.status, e.at, o.store_id, o.created_at, o.reasons, o.email,
       s.name AS store, s.city, i.product_id, i.quantity_requested, i.unit_price, p.title
FROM (SELECT unnest(@order_ids::bigint[]) AS order_id, unnest(@sequences::integer[]) AS sequence) asked
CROSS JOIN LATERAL (
    SELECT t.order_id, t.sequence, t.status, t.at FROM order_events t
    WHERE t.order_id = asked.order_id AND t.sequence = asked.sequence OFFSET 0
) e
CROSS JOIN LATERAL (
    SELECT t.store_id, t.created_at, t.reasons, t.email FROM orders t WHERE t.id = asked.order_id OFFSET 0
) o
CROSS JOIN LATERAL (
    SELECT t.line, t.product_id, t.quantity_requested, t.unit_price FROM order_items t WHERE t.order_id = asked.order_id OFFSET 0
) i
JOIN stores s ON s.id = o.store_id
JOIN products p ON p.id = i.product_id
ORDER BY e.order_id, e.sequence, i.line;

-- name: RecordDelivered :exec
-- Delivered is delivered, whoever has the row meanwhile.
UPDATE confirmations c
SET delivered_at = now(), parked_at = NULL, attempts = c.attempts + 1, last_error = ''
WHERE c.id = ANY (@ids::bigint[]) AND c.delivered_at IS NULL;

-- name: RecordFailed :exec
-- Only while the row is still the taker's: the lease says so.
UPDATE confirmations c
SET attempts = c.attempts + 1, last_error = f.error, parked_at = CASE WHEN f.parked THEN now() END,
    next_at = now() + make_interval(secs => f.retry_seconds)
FROM (SELECT unnest(@ids::bigint[]) AS id, unnest(@leases::timestamptz[]) AS lease, unnest(@parked::boolean[]) AS parked,
             unnest(@retry_seconds::float8[]) AS retry_seconds, unnest(@errors::text[]) AS error) f
WHERE c.id = f.id AND c.next_at = f.lease AND c.delivered_at IS NULL AND c.parked_at IS NULL;

-- name: ParkOverdue :execrows
-- Parks what is due of an endpoint that has failed for a day, some at a time.
UPDATE confirmations c
SET parked_at = now(), last_error = @error
WHERE c.id IN (
    SELECT d.id FROM confirmations d
    WHERE d.endpoint_id = @endpoint_id::bigint AND d.next_at <= now() AND d.delivered_at IS NULL AND d.parked_at IS NULL
      AND d.created_at <= now() - make_interval(secs => @older_seconds::float8)
    ORDER BY d.next_at, d.id
    LIMIT @most
    FOR UPDATE SKIP LOCKED
);

-- name: RetryParked :many
-- Makes some parked rows after an id due again; their day begins anew.
UPDATE confirmations c
SET parked_at = NULL, attempts = 0, created_at = now(), next_at = now()
WHERE c.id IN (
    SELECT d.id FROM confirmations d
    WHERE d.endpoint_id = @endpoint_id::bigint AND d.parked_at IS NOT NULL AND d.id > @after_id
    ORDER BY d.id
    LIMIT @most
)
RETURNING c.id;

-- name: ListDeliveries :many
SELECT sqlc.embed(c), e.status
FROM confirmations c JOIN order_events e ON e.order_id = c.order_id AND e.sequence = c.sequence
WHERE c.endpoint_id = @endpoint_id::bigint AND c.id < @before_id AND (NOT @only_delivered::boolean OR c.delivered_at IS NOT NULL)
ORDER BY c.id DESC
LIMIT @page_size;

-- name: ListDueDeliveries :many
SELECT sqlc.embed(c), e.status
FROM confirmations c JOIN order_events e ON e.order_id = c.order_id AND e.sequence = c.sequence
WHERE c.endpoint_id = @endpoint_id::bigint AND c.id < @before_id AND c.delivered_at IS NULL AND c.parked_at IS NULL
ORDER BY c.id DESC
LIMIT @page_size;

-- name: ListParkedDeliveries :many
SELECT sqlc.embed(c), e.status
FROM confirmations c JOIN order_events e ON e.order_id = c.order_id AND e.sequence = c.sequence
WHERE c.endpoint_id = @endpoint_id::bigint AND c.id < @before_id AND c.parked_at IS NOT NULL
ORDER BY c.id DESC
LIMIT @page_size;

-- name: GetBacklog :one
-- How many rows are parked, and for how long the one that is due longest has
-- been so. A row behind another of its order does not count.
SELECT (SELECT count(*) FROM confirmations c WHERE c.parked_at IS NOT NULL)::bigint AS parked,
       greatest(0, (
           SELECT max(extract(epoch FROM now() - first.next_at))
           FROM webhook_endpoints w
           CROSS JOIN LATERAL (
               SELECT c.next_at FROM confirmations c
               WHERE c.endpoint_id = w.id AND c.next_at <= now() AND c.delivered_at IS NULL AND c.parked_at IS NULL
                 AND NOT EXISTS (SELECT 1 FROM confirmations e
                                 WHERE e.order_id = c.order_id AND e.endpoint_id = c.endpoint_id AND e.sequence < c.sequence
                                   AND e.delivered_at IS NULL AND e.parked_at IS NULL)
               ORDER BY c.next_at, c.id
               LIMIT 1
           ) first
       ), (
           SELECT extract(epoch FROM now() - c.next_at) FROM confirmations c
           WHERE c.endpoint_id IS NULL AND c.next_at <= now() AND c.delivered_at IS NULL AND c.parked_at IS NULL
             AND NOT EXISTS (SELECT 1 FROM confirmations e
                             WHERE e.order_id = c.order_id AND e.endpoint_id IS NULL AND e.sequence < c.sequence
                               AND e.delivered_at IS NULL AND e.parked_at IS NULL)
           ORDER BY c.next_at, c.id
           LIMIT 1
       ))::float8 AS overdue_seconds;

-- name: PurgeConfirmations :one
-- One step of a walk by id: drops what was delivered or parked long ago among
-- the next rows, and says where the step ended and whether all of it was young.
WITH page AS (
    SELECT c.id, c.created_at, c.delivered_at, c.parked_at FROM confirmations c WHERE c.id > @after_id ORDER BY c.id LIMIT @page_size
), old AS (
    SELECT p.id FROM page p
    WHERE p.delivered_at < now() - make_interval(secs => @delivered_seconds::float8)
       OR p.parked_at < now() - make_interval(secs => @parked_seconds::float8)
), gone AS (
    DELETE FROM confirmations c
    WHERE c.id = ANY (ARRAY(
        SELECT x.id FROM confirmations x WHERE x.id = ANY (ARRAY(SELECT old.id FROM old)) FOR UPDATE SKIP LOCKED))
    RETURNING c.id
)
SELECT (SELECT count(*) FROM page)::bigint AS seen, (SELECT count(*) FROM gone)::bigint AS purged,
       (SELECT coalesce(max(page.id), 0) FROM page)::bigint AS last_id,
       (SELECT coalesce(bool_and(page.created_at > now() - make_interval(secs => @delivered_seconds::float8)), true) FROM page)::boolean AS young;
