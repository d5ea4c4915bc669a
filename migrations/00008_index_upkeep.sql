-- What the indexer needs to know of each change, and where it puts what the
-- index will not take.
-- +goose Up
-- The old row is streamed beside the new one: a change of availability is told
-- from one of quantity alone, a change of price from one of text.
ALTER TABLE inventory REPLICA IDENTITY FULL;
ALTER TABLE products REPLICA IDENTITY FULL;

-- Documents that an index refused. A row goes when its document was taken, or
-- is no longer wanted.
CREATE TABLE quarantine (
    index_name text        NOT NULL,
    product_id bigint      NOT NULL,
    reason     text        NOT NULL,
    refusals   bigint      NOT NULL DEFAULT 1 CHECK (refusals > 0),
    first_at   timestamptz NOT NULL DEFAULT now(),
    last_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (index_name, product_id)
);

-- +goose Down
DROP TABLE quarantine;
ALTER TABLE products REPLICA IDENTITY DEFAULT;
ALTER TABLE inventory REPLICA IDENTITY DEFAULT;
