-- name: StoreExists :one
SELECT EXISTS (SELECT 1 FROM stores WHERE id = $1);

-- name: ListStores :many
SELECT id, name, city, latitude, longitude FROM stores ORDER BY id;
