-- Orders that can be repeated safely, cancelled, and told of.
-- +goose Up
ALTER TABLE orders
    DROP CONSTRAINT orders_status_check,
    ADD CONSTRAINT orders_status_check CHECK (status IN ('PENDING', 'CONFIRMED', 'REJECTED', 'CANCELLED')),
    -- The sum of all lines at their unit prices.
    -- As much as 64 bits of minor units hold.
    ADD COLUMN total numeric(19, 2) NOT NULL DEFAULT 0 CONSTRAINT orders_total_check CHECK (total BETWEEN 0 AND 92233720368547758.07),
    -- What the order may consume.
    ADD COLUMN reservation_id bigint REFERENCES reservations (id),
    -- Where the confirmation goes, when the customer said so.
    ADD COLUMN email text CHECK (char_length(email) <= 254);
UPDATE orders o
SET total = (SELECT coalesce(sum(i.quantity_requested * i.unit_price), 0) FROM order_items i WHERE i.order_id = o.id);

-- The first state of an order is its own row: PENDING since created_at. What
-- still has to be told of is in confirmations.
DELETE FROM order_events WHERE status = 'PENDING';
DROP INDEX order_events_unannounced_idx;
ALTER TABLE order_events DROP COLUMN announced_at;

-- The first answer to a key, so that a repeat gets the same. Either the order
-- that was made, or the answer itself.
CREATE TABLE idempotency_keys (
    route       text        NOT NULL,
    key         text        NOT NULL CHECK (char_length(key) BETWEEN 1 AND 255),
    -- SHA-256 of the request's body.
    fingerprint bytea       NOT NULL,
    order_id    bigint,
    answer      jsonb,
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (route, key)
);
-- Keys are made in the order of time and forgotten in that order.
CREATE INDEX idempotency_keys_created_idx ON idempotency_keys USING brin (created_at);

-- +goose Down
DROP TABLE idempotency_keys;
ALTER TABLE order_events ADD COLUMN announced_at timestamptz;
CREATE INDEX order_events_unannounced_idx ON order_events (order_id) WHERE announced_at IS NULL AND status <> 'PENDING';
INSERT INTO order_events (order_id, sequence, status, at) SELECT id, 1, 'PENDING', created_at FROM orders;
-- What an older version does not know.
UPDATE orders SET status = 'REJECTED' WHERE status = 'CANCELLED';
ALTER TABLE orders
    DROP COLUMN email, DROP COLUMN reservation_id, DROP COLUMN total,
    DROP CONSTRAINT orders_status_check,
    ADD CONSTRAINT orders_status_check CHECK (status IN ('PENDING', 'CONFIRMED', 'REJECTED'));
