-- Deliveries are taken and listed endpoint by endpoint, so that the backlog of
-- one that is away is not read through for the others.
-- +goose Up
DROP INDEX confirmations_due_idx;
CREATE INDEX confirmations_due_idx ON confirmations (endpoint_id, next_at, id) WHERE delivered_at IS NULL AND parked_at IS NULL;
DROP INDEX confirmations_parked_idx;
CREATE INDEX confirmations_parked_idx ON confirmations (endpoint_id, id) WHERE parked_at IS NOT NULL;
DROP INDEX confirmations_endpoint_idx;
CREATE INDEX confirmations_endpoint_idx ON confirmations (endpoint_id, id) WHERE endpoint_id IS NOT NULL;

-- +goose Down
DROP INDEX confirmations_endpoint_idx;
CREATE INDEX confirmations_endpoint_idx ON confirmations (endpoint_id);
DROP INDEX confirmations_parked_idx;
CREATE INDEX confirmations_parked_idx ON confirmations (parked_at, id) WHERE parked_at IS NOT NULL;
DROP INDEX confirmations_due_idx;
CREATE INDEX confirmations_due_idx ON confirmations (next_at, id) WHERE delivered_at IS NULL AND parked_at IS NULL;
