-- A form is sent once, however often its button is pressed: the key that it was shown with.

-- +goose Up
SELECT set_config('search_path', quote_ident(current_schema()) || ', pg_temp', true);

ALTER TABLE messages ADD COLUMN form_key text;
CREATE UNIQUE INDEX messages_sent_once ON messages (author, form_key) WHERE form_key IS NOT NULL;

-- +goose Down
SELECT set_config('search_path', quote_ident(current_schema()) || ', pg_temp', true);

DROP INDEX messages_sent_once;
ALTER TABLE messages DROP COLUMN form_key;
