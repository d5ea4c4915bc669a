-- name: CountSampleToday :one
SELECT count(*) FROM query_sample WHERE day = current_date;

-- name: SaveSample :exec
-- Adds to today's counts, with as many queries that today has not seen as there
-- is room for, those searched for most first, and forgets old days. The rows are
-- taken in the order of their queries, so that two never wait for each other.
WITH forgotten AS (
    DELETE FROM query_sample o WHERE o.day <= current_date - @days::integer
), given AS (
    SELECT unnest(@queries::text[]) AS query, unnest(@searches::bigint[]) AS searches
), known AS (
    SELECT u.query, u.searches FROM given u
    WHERE EXISTS (SELECT FROM query_sample k WHERE k.day = current_date AND k.query = u.query)
), fresh AS (
    SELECT u.query, u.searches FROM given u
    WHERE NOT EXISTS (SELECT FROM known k WHERE k.query = u.query)
    ORDER BY u.searches DESC, u.query
    LIMIT @room
), taken AS (
    SELECT known.query, known.searches FROM known UNION ALL SELECT fresh.query, fresh.searches FROM fresh
)
INSERT INTO query_sample (day, query, searches)
SELECT current_date, taken.query, taken.searches FROM taken ORDER BY taken.query
ON CONFLICT (day, query) DO UPDATE SET searches = query_sample.searches + excluded.searches;

-- name: ListSample :many
-- The queries searched for most; among equals a fixed draw, not the alphabet.
SELECT query FROM query_sample
WHERE day > current_date - @days::integer
GROUP BY query
ORDER BY sum(searches) DESC, md5(query)
LIMIT @most;
