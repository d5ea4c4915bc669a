-- Stock that is held for carts, stock that is corrected by hand, and a ledger
-- that can tell one statement's changes apart by who caused them.
-- +goose Up
-- What can be sold is quantity - held, and never less than nothing: a recount
-- may find less on the shelf than is held.
ALTER TABLE inventory ADD COLUMN held integer NOT NULL DEFAULT 0 CHECK (held >= 0);

CREATE TABLE reservations (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    store_id   bigint      NOT NULL REFERENCES stores (id),
    status     text        NOT NULL DEFAULT 'ACTIVE' CHECK (status IN ('ACTIVE', 'CONSUMED', 'RELEASED', 'EXPIRED')),
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    ended_at   timestamptz,
    CHECK ((status = 'ACTIVE') = (ended_at IS NULL))
);
-- What an ACTIVE reservation holds is part of inventory.held; each ends once.
CREATE INDEX reservations_active_idx ON reservations (expires_at, id) WHERE status = 'ACTIVE';

CREATE TABLE reservation_items (
    reservation_id bigint  NOT NULL REFERENCES reservations (id),
    product_id     bigint  NOT NULL REFERENCES products (id),
    quantity       integer NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (reservation_id, product_id)
);

-- A correction by hand; its movements carry its id as their reference.
CREATE TABLE stock_adjustments (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    store_id   bigint      NOT NULL,
    reason     text        NOT NULL CHECK (reason <> ''),
    note       text        NOT NULL DEFAULT '' CHECK (char_length(note) <= 1000),
    created_at timestamptz NOT NULL DEFAULT now()
);

-- One update may serve many orders. The transaction-local setting
-- aforro.movements then says which part of each line's change belongs to whom:
-- an array of (store, product, delta, reference). A line whose parts do not sum
-- to what was changed is recorded as one movement without a reference, so that
-- the ledger always sums to the stock, whatever the setting says.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION record_stock_update() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    parts bigint[] := nullif(current_setting('aforro.movements', true), '')::bigint[];
BEGIN
    IF parts IS NULL THEN
        INSERT INTO stock_movements (store_id, product_id, delta, reason, reference)
        SELECT store_id, product_id, sum(change), stock_reason(), stock_reference()
        FROM (SELECT store_id, product_id, quantity::bigint AS change FROM new_lines
              UNION ALL
              SELECT store_id, product_id, -quantity::bigint FROM old_lines) AS both_sides
        GROUP BY store_id, product_id
        HAVING sum(change) <> 0;
        RETURN NULL;
    END IF;
    WITH changed AS (
        SELECT store_id, product_id, sum(change) AS delta
        FROM (SELECT store_id, product_id, quantity::bigint AS change FROM new_lines
              UNION ALL
              SELECT store_id, product_id, -quantity::bigint FROM old_lines) AS both_sides
        GROUP BY store_id, product_id
        HAVING sum(change) <> 0
    ), part AS (
        SELECT parts[i][1] AS store_id, parts[i][2] AS product_id, parts[i][3] AS delta, parts[i][4] AS reference, i
        FROM generate_subscripts(parts, 1) AS i
    ), explained AS (
        SELECT c.store_id, c.product_id
        FROM changed c JOIN part p ON p.store_id = c.store_id AND p.product_id = c.product_id
        GROUP BY c.store_id, c.product_id, c.delta
        HAVING sum(p.delta) = c.delta
    )
    INSERT INTO stock_movements (store_id, product_id, delta, reason, reference)
    SELECT * FROM (
        SELECT p.store_id, p.product_id, p.delta, stock_reason(), p.reference::text
        FROM part p JOIN explained e ON e.store_id = p.store_id AND e.product_id = p.product_id
        ORDER BY p.i
    ) AS told
    UNION ALL
    SELECT c.store_id, c.product_id, c.delta, stock_reason(), ''
    FROM changed c
    WHERE NOT EXISTS (SELECT FROM explained e WHERE e.store_id = c.store_id AND e.product_id = c.product_id);
    RETURN NULL;
END $$;
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION record_stock_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO stock_movements (store_id, product_id, delta, reason, reference)
    SELECT store_id, product_id, sum(change), stock_reason(), stock_reference()
    FROM (SELECT store_id, product_id, quantity::bigint AS change FROM new_lines
          UNION ALL
          SELECT store_id, product_id, -quantity::bigint FROM old_lines) AS both_sides
    GROUP BY store_id, product_id
    HAVING sum(change) <> 0;
    RETURN NULL;
END $$;
-- +goose StatementEnd
DROP TABLE stock_adjustments;
DROP TABLE reservation_items;
DROP TABLE reservations;
ALTER TABLE inventory DROP COLUMN held;
