-- Orders. The row is the outbox: a PENDING order is one that somebody must decide.
-- +goose Up
CREATE TABLE orders (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    store_id   bigint      NOT NULL REFERENCES stores (id),
    status     text        NOT NULL DEFAULT 'PENDING' CHECK (status IN ('PENDING', 'CONFIRMED', 'REJECTED')),
    created_at timestamptz NOT NULL DEFAULT now(),
    decided_at timestamptz,
    -- Why a REJECTED order was refused, as the API shows it.
    reasons    jsonb,
    CHECK ((status = 'PENDING') = (decided_at IS NULL))
);
CREATE INDEX orders_store_idx ON orders (store_id, id DESC);
CREATE INDEX orders_pending_idx ON orders (id) WHERE status = 'PENDING';

CREATE TABLE order_items (
    order_id           bigint         NOT NULL REFERENCES orders (id),
    line               integer        NOT NULL CHECK (line >= 0),
    product_id         bigint         NOT NULL REFERENCES products (id),
    quantity_requested integer        NOT NULL CHECK (quantity_requested > 0),
    -- The price of one piece: when saved, and from the decision on, at that time.
    unit_price         numeric(12, 2) NOT NULL CHECK (unit_price >= 0),
    PRIMARY KEY (order_id, line)
);
CREATE INDEX order_items_product_idx ON order_items (product_id);

-- Each state that an order reached. A row without announced_at is a
-- confirmation that still has to go out.
CREATE TABLE order_events (
    order_id     bigint      NOT NULL REFERENCES orders (id),
    sequence     integer     NOT NULL,
    status       text        NOT NULL,
    at           timestamptz NOT NULL DEFAULT clock_timestamp(),
    announced_at timestamptz,
    PRIMARY KEY (order_id, sequence)
);
CREATE INDEX order_events_unannounced_idx ON order_events (order_id) WHERE announced_at IS NULL AND status <> 'PENDING';

-- +goose Down
DROP TABLE order_events;
DROP TABLE order_items;
DROP TABLE orders;
