-- A refund is searched by what it is about: what was credited, else approved, else quoted.

-- +goose Up
SELECT set_config('search_path', quote_ident(current_schema()) || ', pg_temp', true);

DROP INDEX refunds_by_amount;
CREATE INDEX refunds_by_amount ON refunds (currency, (coalesce(amount, approved, quote_amount)));

-- +goose Down
SELECT set_config('search_path', quote_ident(current_schema()) || ', pg_temp', true);

DROP INDEX refunds_by_amount;
CREATE INDEX refunds_by_amount ON refunds (currency, (coalesce(amount, quote_amount)));
