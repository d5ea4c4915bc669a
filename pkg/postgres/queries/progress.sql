-- name: Notify :exec
-- The payloads reach every listener together and in their order, when the
-- transaction has committed.
SELECT count(pg_notify(@channel::text, t.payload))
FROM (SELECT unnest(@payloads::text[]) AS payload) t;
