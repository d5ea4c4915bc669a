-- name: ListEndpoints :many
SELECT w.id, w.url, w.description, w.created_at, w.previous_until
FROM webhook_endpoints w ORDER BY w.id;

-- name: GetEndpoint :one
SELECT w.id, w.url, w.description, w.created_at, w.previous_until
FROM webhook_endpoints w WHERE w.id = $1;

-- name: AddEndpoint :one
-- No row when there are as many as there may be.
INSERT INTO webhook_endpoints (url, description, secret)
SELECT @url, @description, @secret
WHERE (SELECT count(*) FROM webhook_endpoints) < @most::bigint
RETURNING id, url, description, created_at, previous_until;

-- name: ChangeEndpoint :one
UPDATE webhook_endpoints
SET url = coalesce(sqlc.narg('url'), url), description = coalesce(sqlc.narg('description'), description)
WHERE id = @id
RETURNING id, url, description, created_at, previous_until;

-- name: RotateSecret :one
UPDATE webhook_endpoints
SET previous_secret = secret, previous_until = now() + make_interval(secs => @overlap_seconds::float8), secret = @secret
WHERE id = @id
RETURNING previous_until::timestamptz AS until;

-- name: GetTarget :one
SELECT w.id, w.url, w.secret, w.previous_secret, coalesce(w.previous_until > now(), false)::boolean AS previous_signs
FROM webhook_endpoints w WHERE w.id = $1;

-- name: DropDeliveries :execrows
-- Some of an endpoint's deliveries: what is removed with it may be much. (Through
-- an array, or the planner would read the whole table for as many.)
DELETE FROM confirmations c
WHERE c.id = ANY (ARRAY(SELECT d.id FROM confirmations d WHERE d.endpoint_id = @endpoint_id::bigint ORDER BY d.id LIMIT @most));

-- name: RemoveEndpoint :execrows
DELETE FROM webhook_endpoints WHERE id = $1;
