-- name: TryLock :one
-- Held by the connection, until it ends.
SELECT pg_try_advisory_lock(@key);

-- name: Unlock :exec
SELECT pg_advisory_unlock(@key);

-- name: SetLockSession :exec
-- A holder whose machine is gone is noticed within half a minute; one that is
-- only idle is left alone.
SELECT set_config('tcp_keepalives_idle', '10', false), set_config('tcp_keepalives_interval', '5', false),
       set_config('tcp_keepalives_count', '4', false), set_config('idle_session_timeout', '0', false);
