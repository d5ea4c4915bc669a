-- name: BeginLoad :exec
-- Marks a load as begun, unless there is a catalogue already.
INSERT INTO loads (name)
SELECT @name::text
WHERE NOT EXISTS (SELECT 1 FROM products) AND NOT EXISTS (SELECT 1 FROM stores)
ON CONFLICT DO NOTHING;

-- name: LoadFinished :one
SELECT (finished_at IS NOT NULL)::boolean AS finished FROM loads WHERE name = $1;

-- name: FinishLoad :exec
UPDATE loads SET finished_at = now() WHERE name = $1 AND finished_at IS NULL;

-- name: HighestIDs :one
SELECT coalesce((SELECT max(p.id) FROM products p), 0)::bigint AS product,
       coalesce((SELECT max(s.id) FROM stores s), 0)::bigint AS store;

-- name: AddStores :execrows
-- Stores that exist stay as they are.
INSERT INTO stores (id, name, city, latitude, longitude)
SELECT unnest(@ids::bigint[]), unnest(@names::text[]), unnest(@cities::text[]),
       unnest(@latitudes::double precision[]), unnest(@longitudes::double precision[])
ON CONFLICT (id) DO NOTHING;
