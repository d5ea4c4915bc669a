-- Who is told of decisions, and what still has to be told.
-- +goose Up
CREATE TABLE webhook_endpoints (
    id              bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    url             text        NOT NULL CHECK (char_length(url) BETWEEN 1 AND 2000),
    description     text        NOT NULL DEFAULT '' CHECK (char_length(description) <= 500),
    -- Signs what is sent. After a rotation the one before signs too, for a while.
    secret          text        NOT NULL,
    previous_secret text,
    previous_until  timestamptz,
    created_at      timestamptz NOT NULL DEFAULT now(),
    CHECK ((previous_secret IS NULL) = (previous_until IS NULL))
);

-- The outbox: written in the transaction that changes the order, one row for
-- each state and each endpoint (NULL: the order's e-mail address). A row is due
-- until it is delivered or parked.
CREATE TABLE confirmations (
    id           bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id     bigint      NOT NULL REFERENCES orders (id),
    -- Of order_events.
    sequence     integer     NOT NULL,
    endpoint_id  bigint      REFERENCES webhook_endpoints (id) ON DELETE CASCADE,
    created_at   timestamptz NOT NULL DEFAULT now(),
    attempts     integer     NOT NULL DEFAULT 0,
    next_at      timestamptz NOT NULL DEFAULT now(),
    last_error   text        NOT NULL DEFAULT '',
    delivered_at timestamptz,
    parked_at    timestamptz,
    UNIQUE NULLS NOT DISTINCT (order_id, sequence, endpoint_id)
);
-- Deliveries are taken and listed endpoint by endpoint, so that the backlog of
-- one that is away is not read through for the others.
CREATE INDEX confirmations_due_idx ON confirmations (endpoint_id, next_at, id) WHERE delivered_at IS NULL AND parked_at IS NULL;
CREATE INDEX confirmations_parked_idx ON confirmations (endpoint_id, id) WHERE parked_at IS NOT NULL;
CREATE INDEX confirmations_endpoint_idx ON confirmations (endpoint_id, id) WHERE endpoint_id IS NOT NULL;

-- +goose Down
DROP TABLE confirmations;
DROP TABLE webhook_endpoints;
