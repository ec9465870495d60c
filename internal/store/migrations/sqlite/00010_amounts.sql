-- A refund is searched by what it is about: the same as in PostgreSQL.

-- +goose Up
DROP INDEX refunds_by_amount;
CREATE INDEX refunds_by_amount ON refunds (currency, coalesce(amount, approved, quote_amount));

-- +goose Down
DROP INDEX refunds_by_amount;
CREATE INDEX refunds_by_amount ON refunds (currency, coalesce(amount, quote_amount));
