-- Stock, and the append-only ledger of its changes.
-- +goose Up
CREATE TABLE inventory (
    store_id   bigint  NOT NULL REFERENCES stores (id) ON DELETE CASCADE,
    product_id bigint  NOT NULL REFERENCES products (id) ON DELETE CASCADE,
    quantity   integer NOT NULL CHECK (quantity >= 0),
    PRIMARY KEY (store_id, product_id)
);
CREATE INDEX inventory_product_idx ON inventory (product_id, store_id);

-- No foreign keys: a movement outlives the line, the store and the product.
CREATE TABLE stock_movements (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    store_id   bigint      NOT NULL,
    product_id bigint      NOT NULL,
    delta      bigint      NOT NULL CHECK (delta <> 0),
    reason     text        NOT NULL,
    reference  text        NOT NULL DEFAULT '',
    at         timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX stock_movements_line_idx ON stock_movements (store_id, product_id, id);

-- Reason and reference come from transaction-local settings, so that a change
-- by whomever is recorded: with no settings the reason is 'sql'.
-- +goose StatementBegin
CREATE FUNCTION stock_reason() RETURNS text LANGUAGE sql STABLE AS
$$ SELECT coalesce(nullif(current_setting('aforro.reason', true), ''), 'sql') $$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION stock_reference() RETURNS text LANGUAGE sql STABLE AS
$$ SELECT coalesce(current_setting('aforro.reference', true), '') $$;
-- +goose StatementEnd

-- Opening stock is a movement, so that the sum of a line's movements is always
-- its quantity.
-- +goose StatementBegin
CREATE FUNCTION record_stock_insert() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO stock_movements (store_id, product_id, delta, reason, reference)
    SELECT store_id, product_id, quantity, stock_reason(), stock_reference()
    FROM new_lines WHERE quantity <> 0;
    RETURN NULL;
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION record_stock_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO stock_movements (store_id, product_id, delta, reason, reference)
    SELECT store_id, product_id, -quantity, stock_reason(), stock_reference()
    FROM old_lines WHERE quantity <> 0;
    RETURN NULL;
END $$;
-- +goose StatementEnd
-- An update may move a line to another key, so both sides are summed by key.
-- +goose StatementBegin
CREATE FUNCTION record_stock_update() RETURNS trigger LANGUAGE plpgsql AS $$
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
-- +goose StatementBegin
CREATE FUNCTION record_stock_truncate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO stock_movements (store_id, product_id, delta, reason, reference)
    SELECT store_id, product_id, -quantity, stock_reason(), stock_reference()
    FROM inventory WHERE quantity <> 0;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER inventory_inserted AFTER INSERT ON inventory
    REFERENCING NEW TABLE AS new_lines
    FOR EACH STATEMENT EXECUTE FUNCTION record_stock_insert();
CREATE TRIGGER inventory_updated AFTER UPDATE ON inventory
    REFERENCING OLD TABLE AS old_lines NEW TABLE AS new_lines
    FOR EACH STATEMENT EXECUTE FUNCTION record_stock_update();
CREATE TRIGGER inventory_deleted AFTER DELETE ON inventory
    REFERENCING OLD TABLE AS old_lines
    FOR EACH STATEMENT EXECUTE FUNCTION record_stock_delete();
CREATE TRIGGER inventory_truncated BEFORE TRUNCATE ON inventory
    FOR EACH STATEMENT EXECUTE FUNCTION record_stock_truncate();

-- +goose StatementBegin
CREATE FUNCTION refuse_ledger_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'stock_movements is append-only' USING ERRCODE = 'restrict_violation';
END $$;
-- +goose StatementEnd
CREATE TRIGGER stock_movements_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON stock_movements
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_ledger_change();

-- +goose Down
DROP TABLE stock_movements;
DROP TABLE inventory;
DROP FUNCTION refuse_ledger_change, record_stock_truncate, record_stock_update,
    record_stock_delete, record_stock_insert, stock_reference, stock_reason;
