-- The rejections of an account: few, and looked for at every account that shares something with another.

-- +goose Up
SELECT set_config('search_path', quote_ident(current_schema()) || ', pg_temp', true);

CREATE INDEX refunds_rejected ON refunds (account_id) WHERE state = 'rejected';

-- +goose Down
SELECT set_config('search_path', quote_ident(current_schema()) || ', pg_temp', true);

DROP INDEX refunds_rejected;
