-- The rejections of an account: the same as in PostgreSQL.

-- +goose Up
CREATE INDEX refunds_rejected ON refunds (account_id) WHERE state = 'rejected';

-- +goose Down
DROP INDEX refunds_rejected;
