-- name: ClaimKey :execrows
-- Waits while another transaction uses the key for the first time.
INSERT INTO idempotency_keys (route, key, fingerprint)
VALUES (@route, @key, @fingerprint)
ON CONFLICT (route, key) DO NOTHING;

-- name: GetKey :one
SELECT fingerprint, answer FROM idempotency_keys WHERE route = @route AND key = @key;

-- name: KeepAnswer :exec
UPDATE idempotency_keys SET answer = @answer WHERE route = @route AND key = @key;

-- name: ForgetKeys :execrows
-- The oldest that are at least so old, by the database's clock. Keys that
-- another worker forgets at this moment are left to it.
DELETE FROM idempotency_keys
WHERE ctid = ANY (ARRAY(
    SELECT k.ctid FROM idempotency_keys k
    WHERE k.created_at <= now() - make_interval(secs => @older_seconds::float8)
    ORDER BY k.created_at
    LIMIT @most
    FOR UPDATE SKIP LOCKED));
