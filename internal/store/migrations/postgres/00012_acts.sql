-- What somebody did that belongs to no refund, the newest first: policies, standings, pauses, copies, refused attempts.

-- +goose Up
SELECT set_config('search_path', quote_ident(current_schema()) || ', pg_temp', true);

CREATE INDEX audit_acts ON audit_entries (actor, seq) WHERE refund_id = '';

-- +goose Down
SELECT set_config('search_path', quote_ident(current_schema()) || ', pg_temp', true);

DROP INDEX audit_acts;
