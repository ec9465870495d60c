-- What somebody did that belongs to no refund: the same as in PostgreSQL.

-- +goose Up
CREATE INDEX audit_acts ON audit_entries (actor, seq) WHERE refund_id = '';

-- +goose Down
DROP INDEX audit_acts;
