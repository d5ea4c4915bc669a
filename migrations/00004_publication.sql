-- What the indexer follows: exactly the tables that documents are made of.
-- Never orders, never the ledger.
-- +goose Up
CREATE PUBLICATION aforro FOR TABLE categories, products, stores, inventory;

-- +goose Down
DROP PUBLICATION aforro;
