-- name: ProjectProducts :many
-- The documents of these products: only those that are active. Quantities are
-- what can be sold.
SELECT p.id, p.sku, p.title, p.description, p.brand, c.name AS category, p.price,
       coalesce(p.gtin, '')::text AS gtin, coalesce(p.image_url, '')::text AS image_url,
       p.attributes, p.released_on, s.stores, s.quantities,
       product_hash(p.id, p.sku, p.title, p.description, p.brand, c.name, p.price, coalesce(p.gtin, ''), coalesce(p.image_url, ''),
                    p.attributes, p.released_on, s.stores, s.quantities)::bigint AS hash,
       titles_hash(p.id, p.title, p.brand, c.name, p.attributes, s.stores)::bigint AS titles_hash
FROM products p
JOIN categories c ON c.id = p.category_id
CROSS JOIN LATERAL (
    SELECT coalesce(array_agg(i.store_id ORDER BY i.store_id), '{}')::bigint[] AS stores,
           coalesce(array_agg(greatest(i.quantity - i.held, 0)::bigint ORDER BY i.store_id), '{}')::bigint[] AS quantities
    FROM inventory i WHERE i.product_id = p.id
) s
WHERE p.id = ANY (@ids::bigint[]) AND p.active
ORDER BY p.id;

-- name: ProjectProductsAfter :many
-- The next documents in the order of their ids: how an index is built.
SELECT p.id, p.sku, p.title, p.description, p.brand, c.name AS category, p.price,
       coalesce(p.gtin, '')::text AS gtin, coalesce(p.image_url, '')::text AS image_url,
       p.attributes, p.released_on, s.stores, s.quantities,
       product_hash(p.id, p.sku, p.title, p.description, p.brand, c.name, p.price, coalesce(p.gtin, ''), coalesce(p.image_url, ''),
                    p.attributes, p.released_on, s.stores, s.quantities)::bigint AS hash,
       titles_hash(p.id, p.title, p.brand, c.name, p.attributes, s.stores)::bigint AS titles_hash
FROM (SELECT * FROM products q WHERE q.id > @after AND q.active ORDER BY q.id LIMIT @page_size) p
JOIN categories c ON c.id = p.category_id
CROSS JOIN LATERAL (
    SELECT coalesce(array_agg(i.store_id ORDER BY i.store_id), '{}')::bigint[] AS stores,
           coalesce(array_agg(greatest(i.quantity - i.held, 0)::bigint ORDER BY i.store_id), '{}')::bigint[] AS quantities
    FROM inventory i WHERE i.product_id = p.id
) s
ORDER BY p.id;

-- name: SumProductHashes :one
-- The next products by id, as sums of what their documents hold as hashes:
-- nothing of a product leaves the server.
SELECT count(*) AS products, coalesce(max(x.id), 0)::bigint AS last,
       coalesce(sum(x.hash), 0)::bigint AS hash, coalesce(sum(x.titles_hash), 0)::bigint AS titles_hash
FROM (
SELECT p.id, product_hash(p.id, p.sku, p.title, p.description, p.brand, c.name, p.price, coalesce(p.gtin, ''), coalesce(p.image_url, ''),
                    p.attributes, p.released_on, s.stores, s.quantities)::bigint AS hash,
       titles_hash(p.id, p.title, p.brand, c.name, p.attributes, s.stores)::bigint AS titles_hash
FROM (SELECT * FROM products q WHERE q.id > @after AND q.active ORDER BY q.id LIMIT @page_size) p
JOIN categories c ON c.id = p.category_id
CROSS JOIN LATERAL (
    SELECT coalesce(array_agg(i.store_id ORDER BY i.store_id), '{}')::bigint[] AS stores,
           coalesce(array_agg(greatest(i.quantity - i.held, 0)::bigint ORDER BY i.store_id), '{}')::bigint[] AS quantities
    FROM inventory i WHERE i.product_id = p.id
) s
) x;

-- name: ListProductHashes :many
-- The same, one by one, up to an id.
SELECT p.id, product_hash(p.id, p.sku, p.title, p.description, p.brand, c.name, p.price, coalesce(p.gtin, ''), coalesce(p.image_url, ''),
                    p.attributes, p.released_on, s.stores, s.quantities)::bigint AS hash,
       titles_hash(p.id, p.title, p.brand, c.name, p.attributes, s.stores)::bigint AS titles_hash
FROM (SELECT * FROM products q WHERE q.id > @after AND q.id <= @up_to AND q.active ORDER BY q.id LIMIT @page_size) p
JOIN categories c ON c.id = p.category_id
CROSS JOIN LATERAL (
    SELECT coalesce(array_agg(i.store_id ORDER BY i.store_id), '{}')::bigint[] AS stores,
           coalesce(array_agg(greatest(i.quantity - i.held, 0)::bigint ORDER BY i.store_id), '{}')::bigint[] AS quantities
    FROM inventory i WHERE i.product_id = p.id
) s
ORDER BY p.id;

-- name: ListCategoryProducts :many
SELECT id FROM products WHERE category_id = @category_id AND id > @after ORDER BY id LIMIT @page_size;

-- name: StampProducts :many
-- What a row's version is known by: it changes with each change of the row.
SELECT id, xmin::text::bigint AS stamp FROM products WHERE id = ANY (@ids::bigint[]) AND active ORDER BY id;

-- name: CountActiveProducts :one
SELECT count(*) FROM products WHERE active;

-- name: AskVisibility :one
-- Whether every transaction is visible in this statement's snapshot, hence in
-- each later one. The stream carries the low 32 bits of an id: of the ids with
-- these bits the one nearest to the snapshot's end is meant.
SELECT coalesce(bool_and(pg_visible_in_snapshot(
           (now.xmax + ((x.low - now.xmax + 2147483648) & 4294967295) - 2147483648)::text::xid8, now.snapshot)), true)::boolean AS visible
FROM (SELECT pg_current_snapshot() AS snapshot, pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS xmax) now
LEFT JOIN unnest(@transactions::bigint[]) AS x (low) ON true;

-- name: FlushPosition :one
SELECT (pg_current_wal_flush_lsn() - '0/0'::pg_lsn)::bigint;

-- name: FlushPositionNow :one
-- The position with a time before it was: of commits up to that time, none lies
-- beyond it.
SELECT (pg_current_wal_flush_lsn() - '0/0'::pg_lsn)::bigint AS position, statement_timestamp()::timestamptz AS at;

-- name: IdentifyHistory :one
-- The timeline is that of the log being written: the control file learns of a
-- promotion only with the next checkpoint. A database that was dropped and made
-- again has another oid.
SELECT (SELECT system_identifier FROM pg_control_system())::text AS system_id,
       ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::integer AS timeline,
       (d.datname || '/' || d.oid)::text AS database
FROM pg_catalog.pg_database d WHERE d.datname = current_database();

-- name: GetSlot :one
SELECT coalesce(active, false)::boolean AS active, (coalesce(confirmed_flush_lsn, '0/0') - '0/0'::pg_lsn)::bigint AS confirmed,
       coalesce(wal_status, '')::text AS wal_status, coalesce(plugin = 'pgoutput' AND database = current_database(), false)::boolean AS ours,
       (pg_current_wal_flush_lsn() - coalesce(restart_lsn, '0/0'))::bigint AS retained,
       greatest(pg_current_wal_flush_lsn() - coalesce(confirmed_flush_lsn, '0/0'), 0)::bigint AS lag
FROM pg_catalog.pg_replication_slots WHERE slot_name = $1;

-- name: AskForProducts :exec
-- A message in the stream itself, about as much as its content says.
SELECT pg_logical_emit_message(true, 'aforro', @content::text);

-- name: AnnounceTargets :exec
-- A message in the stream itself: it reaches the indexer in commit order.
SELECT pg_logical_emit_message(true, 'aforro', 'targets');

-- name: SendHeartbeat :exec
-- Nothing but a message in the stream: what comes of it shows how far behind the
-- index is, and moves the slot of a database in which nothing else happens.
SELECT pg_logical_emit_message(true, 'aforro', 'heartbeat');

-- name: PutInQuarantine :exec
INSERT INTO quarantine (index_name, product_id, reason)
SELECT @index_name::text, t.product_id, t.reason
FROM (SELECT unnest(@product_ids::bigint[]) AS product_id, unnest(@reasons::text[]) AS reason) t
ORDER BY t.product_id
ON CONFLICT (index_name, product_id) DO UPDATE SET reason = excluded.reason, refusals = quarantine.refusals + 1, last_at = now();

-- name: ReleaseFromQuarantine :exec
DELETE FROM quarantine WHERE index_name = @index_name AND product_id = ANY (@product_ids::bigint[]);

-- name: ForgetQuarantine :exec
-- What was refused by indices that are no more; one that was just made may be
-- younger than the list.
DELETE FROM quarantine WHERE index_name <> ALL (@index_names::text[]) AND last_at < now() - interval '1 minute';

-- name: ListQuarantine :many
SELECT index_name, product_id, reason, refusals, first_at, last_at FROM quarantine
ORDER BY index_name, product_id LIMIT @most;

-- name: CountQuarantine :one
SELECT count(*) FROM quarantine;

-- name: OldestWriter :one
-- The transaction that a new slot waits for longest, in whichever database.
SELECT pid, coalesce(datname, '')::text AS database, coalesce(application_name, '')::text AS application,
       extract(epoch FROM now() - xact_start)::float8 AS seconds
FROM pg_catalog.pg_stat_activity
WHERE backend_xid IS NOT NULL AND pid <> pg_backend_pid()
ORDER BY xact_start LIMIT 1;
